// Contests: several systems measured in turns, round by round, so that whatever else the machine does meets all of them
// alike; then ratios of medians to the first one.

import type { Watched } from './process.ts'

/** What one turn measured. */
export interface Turn {
  readonly value: number
  /** Requests or documents in it, for the processor time of one; 1 when left out. */
  readonly count?: number
  readonly errors?: number
  /** Where it was a process of its own: its processor time, milliseconds, and the most memory it had, bytes. */
  readonly cpu?: number | undefined
  readonly peak?: number | undefined
}

export interface Contender {
  readonly name: string
  /** The processes that do the work. */
  readonly watched?: Watched
  turn(round: number): Promise<Turn>
}

export interface Contest {
  readonly title: string
  readonly unit: string
  /** At least three. */
  readonly rounds: number
  /** The first is what the others are compared with. */
  readonly contenders: readonly Contender[]
}

export interface Standing {
  readonly name: string
  /** Of the medians, to the first contender's. */
  readonly ratio: number
  readonly median: number
  readonly least: number
  readonly most: number
  /** Processor time of one request or document, milliseconds; undefined where nothing tells. */
  readonly cpu: number | undefined
  /** Peak of the largest process, bytes; undefined where nothing tells. */
  readonly peak: number | undefined
  readonly errors: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

interface Measured {
  readonly turn: Turn
  /** Processor time of the turn, milliseconds. */
  readonly cpu: number | undefined
}

/** Every contender takes a turn in every round; who begins moves on by one each time. */
export async function hold({ rounds, contenders }: Contest): Promise<readonly Standing[]> {
  const turns = contenders.map((): Measured[] => [])
  for (let round = 0; round < rounds; round++) {
    for (let offset = 0; offset < contenders.length; offset++) {
      const at = (round + offset) % contenders.length
      const contender = contenders[at]
      if (contender !== undefined) turns[at]?.push(await measure(contender, round))
    }
  }
  const reference = median(turns[0]?.map(({ turn }) => turn.value) ?? [])
  return contenders.map(({ name, watched }, at) => standing(name, turns[at] ?? [], reference, watched?.peak()))
}

async function measure({ watched, turn }: Contender, round: number): Promise<Measured> {
  const before = watched?.cpu()
  const taken = await turn(round)
  const after = watched?.cpu()
  return { turn: taken, cpu: taken.cpu ?? (before === undefined || after === undefined ? undefined : after - before) }
}

function standing(name: string, all: readonly Measured[], reference: number, peak: number | undefined): Standing {
  const values = all.map(({ turn }) => turn.value)
  const count = all.reduce((sum, { turn }) => sum + (turn.count ?? 1), 0)
  // over all turns: the system counts in ticks that are longer than a short turn
  const cpu = all.reduce<number | undefined>((sum, one) => add(sum, one.cpu), 0)
  const peaks = all.flatMap(({ turn }) => turn.peak ?? [])
  return {
    name,
    ratio: median(values) / reference,
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    cpu: cpu === undefined ? undefined : cpu / count,
    peak: peaks.length === 0 ? peak : Math.max(...peaks),
    errors: all.reduce((sum, { turn }) => sum + (turn.errors ?? 0), 0),
  }
}

const add = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b

/** A Markdown table, ratios first. */
export function table({ title, unit }: Contest, standings: readonly Standing[]): string {
  const rows = standings.map((one) => [
    one.name,
    figure(one.ratio, 2),
    figure(one.median),
    `${figure(one.least)}–${figure(one.most)}`,
    one.cpu === undefined ? '–' : figure(one.cpu, 3),
    one.peak === undefined ? '–' : figure(one.peak / 2 ** 20, 0),
    String(one.errors),
  ])
  const heads = [title, 'ratio', unit, 'from–to', 'CPU ms each', 'peak MiB', 'errors']
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** Three digits that count, unless told how many behind the point. */
function figure(value: number, digits?: number): string {
  const behind = digits ?? Math.max(0, 2 - Math.floor(Math.log10(Math.max(1, Math.abs(value)))))
  return value.toLocaleString('en', { minimumFractionDigits: behind, maximumFractionDigits: behind })
}

/** Prints the table. A request that failed makes the whole benchmark fail. */
export async function report(contest: Contest): Promise<readonly Standing[]> {
  const standings = await hold(contest)
  console.log(`\n${table(contest, standings)}`)
  if (standings.some(({ errors }) => errors > 0)) process.exitCode = 1
  return standings
}

export const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '–' : `${(bytes / 2 ** 20).toFixed(0)} MiB`
