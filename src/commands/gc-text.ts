// A collection in words: per repository what goes and why, and who keeps the rest.

import type { Collected } from '../engine/collect.ts'
import { type Count, keepers, type RepoCounts } from '../engine/gc-state.ts'
import { bytesText, countText, durationText } from '../telemetry/words.ts'

const reasons: Readonly<Record<string, string>> = {
  absent: 'no longer remembered as absent',
  unfinished: 'of a run that died',
  superseded: 'of an older generation',
  stale: 'views of what changed or is unused',
  expired: 'past expire_after',
  unused: 'past keep.unused_for',
  old: 'past keep.max_age',
  size: 'over keep.max_size',
}

const keeperWords = new Set<string>(Object.values(keepers))

export function collectedLines(collected: Collected, grace: number): readonly string[] {
  const { repositories, snapshots, unreferenced, unknown, waiting } = collected
  const lines = Object.entries(repositories).map(([repo, counts]) => `${repo}: ${repoText(counts)}`)
  if (snapshots > 0) lines.push(`${countText(snapshots, 'snapshot')} of syncs too many, too old or too large.`)
  if (unreferenced.items > 0) lines.push(`Nothing has named ${blobText(unreferenced)} for long.`)
  if (unknown.items > 0) lines.push(`The catalog does not know ${blobText(unknown)} of the store.`)
  if (waiting.items > 0)
    lines.push(`Nothing names ${blobText(waiting)}; they go once they are older than ${durationText(grace)}.`)
  lines.push(closing(collected))
  return lines
}

const blobText = ({ items, bytes }: Count): string => `${countText(items, 'blob')} (${bytesText(bytes)})`

function repoText({ going, kept }: RepoCounts): string {
  const goes = Object.entries(going).map(
    ([reason, { items, bytes }]) => `${items} ${reasons[reason] ?? reason} (frees ${bytesText(bytes)})`,
  )
  const stays = Object.entries(kept).map(
    ([keeper, { items, bytes }]) =>
      `${items} (${bytesText(bytes)}) by ${keeperWords.has(keeper) ? keeper : `the manifest ${keeper}`}`,
  )
  return `${goes.length === 0 ? 'nothing goes' : `goes: ${goes.join(', ')}`}; kept: ${stays.length === 0 ? 'nothing' : stays.join(', ')}`
}

function closing({ swept, freed, guarded, loss, leap }: Collected): string {
  if (swept !== undefined) return `Freed ${bytesText(swept.files.bytes)} in ${countText(swept.files.items, 'blob')}.`
  const would = `Would free ${bytesText(freed.bytes)} in ${countText(freed.items, 'blob')}; nothing was touched: this was a dry run.`
  if (leap !== undefined)
    return `${would} By the clock nothing has happened here for ${durationText(leap)}: that needs --force, or a right clock.`
  return guarded ? `${would} It is ${Math.round(loss * 100)} % of what is kept: that needs --force.` : would
}
