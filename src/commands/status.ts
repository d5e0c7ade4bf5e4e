// `pkgmirror status`: what is held, sizes, hits, generations, holders and the last runs.

import { blankSecrets } from '../telemetry/safe-text.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { type Context, printJson } from './context.ts'
import { type GenerationState, type Inventory, inventory, type RepoInventory } from './inventory.ts'
import { columns, jsonTime, pastText, print, timeText } from './print.ts'
import { outcomeText } from './runs.ts'
import { openWorkspace } from './workspace.ts'

/** Returns the exit code. Throws CONFIG where there is no data directory yet. */
export async function status(context: Context): Promise<number> {
  const { settings } = context
  const workspace = await openWorkspace(settings, { mustExist: true, offline: true })
  try {
    const found = inventory(workspace.mirror, settings.data, settings.offline)
    if (context.json) printJson('status', statusJson(found))
    else print(context, statusLines(found, workspace.mirror.now()))
    return 0
  } finally {
    await workspace.close()
  }
}

function statusJson({ data, offline, stored, repositories, empty, holders, runs, snapshots }: Inventory) {
  return {
    data,
    offline,
    stored,
    repositories: repositories.map(({ upstreams, totals, generations, ...rest }) => ({
      ...rest,
      upstreams: upstreams.map(blankSecrets),
      ...totals,
      fetched: totals.fetched === 0 ? undefined : jsonTime(totals.fetched),
      used: totals.used === 0 ? undefined : jsonTime(totals.used),
      generations: generations.map(({ key, state, made, flipped, until }) => ({
        key,
        state,
        made: jsonTime(made),
        flipped: jsonTime(flipped),
        until: jsonTime(until),
      })),
    })),
    empty,
    holders,
    snapshots: { count: snapshots.count, shown: snapshots.shown?.name, since: jsonTime(snapshots.since) },
    runs: runs.map(({ id, command, started, ended, code }) => ({
      id,
      command,
      started: jsonTime(started),
      ended: jsonTime(ended),
      milliseconds: ended === undefined ? undefined : ended - started,
      code,
    })),
  }
}

function statusLines(found: Inventory, now: number): readonly string[] {
  const { data, stored, repositories, empty, holders, runs, snapshots } = found
  const lines = [`Data directory: ${data}`, `Store: ${countText(stored.blobs, 'blob')}, ${bytesText(stored.bytes)}`]
  if (snapshots.count > 0) lines.push(`Snapshots: ${snapshots.count}`)
  if (snapshots.shown !== undefined)
    lines.push(`serve and export show snapshot ${snapshots.shown.name} since ${pastText(snapshots.since ?? 0, now)}`)
  lines.push('')
  for (const repo of repositories) lines.push(...repoLines(repo, now))
  if (repositories.length === 0) lines.push('Nothing is held yet: `pkgmirror sync MANIFEST` brings things in.', '')
  if (empty.length > 0) lines.push(`Mounted, and nothing is held of: ${empty.join(', ')}`, '')
  if (holders.length > 0) {
    lines.push('Held by:')
    lines.push(
      ...columns(
        holders.map(({ holder, paths }) => [holder, countText(paths, 'path')]),
        2,
      ),
      '',
    )
  }
  if (runs.length > 0) {
    lines.push('Last runs:')
    lines.push(
      ...columns(
        runs.map((run) => runRow(run, now)),
        2,
      ),
    )
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

const MOST_GENERATIONS = 20

function repoLines({ name, mount, upstreams, totals, generations }: RepoInventory, now: number): readonly string[] {
  const used = totals.used === 0 ? '' : `, last ${pastText(totals.used, now)}`
  const rows = [
    ['upstream', upstreams.join(', ')],
    ['files', `${countText(totals.files, 'file')}, ${bytesText(totals.bytes)}, ${totals.artifacts} of them artifacts`],
    ['hits', `${totals.hits}${used}`],
    ...(totals.fetched === 0 ? [] : [['fetched', pastText(totals.fetched, now)]]),
    ...generationRows(generations, now),
  ]
  return [`${name} at ${mount ?? 'no mount: it is not configured'}`, ...columns(rows, 2), '']
}

/** A registry of images has one for each tag: those that wait are told first, and not all of the others. */
function generationRows(generations: readonly GenerationState[], now: number): readonly (readonly string[])[] {
  const order = [...generations].sort((a, b) => Number(b.until !== undefined) - Number(a.until !== undefined))
  const rows = order.slice(0, MOST_GENERATIONS).map((one) => ['generation', generationText(one, now)])
  const more = generations.length - rows.length
  return more === 0 ? rows : [...rows, ['generation', `and ${more} more`]]
}

function generationText({ key, state, made, flipped, until }: GenerationState, now: number): string {
  if (state === 'current') return `${key}: current since ${pastText(flipped ?? made, now)}`
  if (until !== undefined) return `${key}: waiting until ${timeText(until)}, made ${pastText(made, now)}`
  return `${key}: ${state}, made ${pastText(made, now)}`
}

const runRow = (run: Inventory['runs'][number], now: number): readonly string[] => [
  pastText(run.started, now),
  outcomeText(run),
  run.command,
]
