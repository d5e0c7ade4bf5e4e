// Progress bars on a terminal: one line a repository with items, bytes, rate and time left; failures scroll by above.

import { MultiBar, Presets } from 'cli-progress'
import type { EngineEvent, Events } from '../engine/events.ts'
import { itemLine, warningLine } from './lines.ts'
import { shownText } from './safe-text.ts'
import { createTally, type Tally, type Tallying } from './tally.ts'
import { bytesText, durationText } from './words.ts'

/** Characters of the bar itself, and of the longest repository name before it. */
const barWidth = 20
const nameWidth = 16
/** Milliseconds between two drawings. */
const pace = 200

interface Row {
  readonly repo: string
  readonly tally: Tallying
}

/**
 * Draws on `out`, a terminal, until the returned function is called, which leaves the final state there.
 * `clock` in milliseconds, one that never goes back.
 */
export function showProgress(events: Events, out: NodeJS.WriteStream, clock: () => number): () => void {
  const rows = new Map<string, Row>()
  const bars = new MultiBar(
    {
      stream: out,
      fps: 1000 / pace,
      hideCursor: true,
      clearOnComplete: false,
      gracefulExit: false,
      // One line a bar, cut by us: wrapped lines would be drawn over wrongly.
      linewrap: true,
      format: (_, { maxWidth }, row: Row) => barLine(row.repo, row.tally.read(clock()), maxWidth),
    },
    Presets.shades_classic,
  )

  function rowOf(repo: string): Row {
    const known = rows.get(repo)
    if (known !== undefined) return known
    const row: Row = { repo, tally: createTally(clock()) }
    rows.set(repo, row)
    bars.create(1, 0, row)
    return row
  }

  function show(event: EngineEvent): void {
    if (event.type === 'planned' || event.type === 'progress' || event.type === 'finished')
      rowOf(event.repo).tally.count(event)
    if (event.type === 'finished' && event.error !== undefined) above(itemLine(event))
    if (event.type === 'warning') above(warningLine(event))
  }

  function above(line: string): void {
    if (rows.size === 0) out.write(`${line}\n`)
    else bars.log(`${line}\n`)
  }

  const end = events.subscribe(show)
  return () => {
    end()
    if (rows.size === 0) return
    // Lines that wait to be shown above the bars would be lost otherwise.
    bars.update()
    bars.stop()
  }
}

/** `npm ████████░░░░ 120/300  45 MB  3.2 MB/s  50 s left  2 failed`, cut to `width` characters. */
export function barLine(repo: string, tally: Tally, width: number): string {
  const { items, finished, failed, expected, bytes, rate, left } = tally
  const share = items === 0 ? 0 : finished / items
  const filled = Math.floor(share * barWidth)
  const parts = [
    `${shownText(repo).slice(0, nameWidth).padEnd(nameWidth)} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${finished}/${items}`,
    expected > bytes ? `${bytesText(bytes)} of ${bytesText(expected)}` : bytesText(bytes),
  ]
  if (finished < items && rate > 0) parts.push(`${bytesText(rate)}/s`)
  if (finished < items && left !== undefined) parts.push(`${durationText(Math.round(left / 1000) * 1000)} left`)
  if (failed > 0) parts.push(`${failed} failed`)
  return parts.join('  ').slice(0, Math.max(0, width - 1))
}
