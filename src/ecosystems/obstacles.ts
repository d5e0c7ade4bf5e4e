// Why requirements leave no solution, in words.

import type { Obstacle } from './solve.ts'

/** More would not be read. */
const mostLines = 6

/** Requirements of several versions of one package are told as one. */
export function tellObstacles<C>(obstacles: readonly Obstacle<C>[], versionOf: (candidate: C) => string): string {
  if (obstacles.length === 0) return 'the search for versions that go together was given up; ask for exact versions'
  const lines = [...Map.groupBy(obstacles, keyOf).values()].map((alike) => lineOf(alike, versionOf))
  const told =
    lines.length > mostLines ? [...lines.slice(0, mostLines - 1), `and ${lines.length - mostLines + 1} more`] : lines
  return `no versions go together: ${told.join('; ')}`
}

const keyOf = <C>({ by, need, reason }: Obstacle<C>): string =>
  JSON.stringify([by?.name, need?.name, need?.words, reason])

function lineOf<C>([first, ...more]: readonly Obstacle<C>[], versionOf: (candidate: C) => string): string {
  const { by, need, reason = '' } = first as Obstacle<C>
  const what = need === undefined ? '' : `${need.name} ${need.words}`.trim()
  if (by === undefined) return `${what} is wanted`
  const last = more.at(-1)?.by
  const versions =
    last === undefined ? versionOf(by.candidate) : `${versionOf(last.candidate)} to ${versionOf(by.candidate)}`
  const verb = last === undefined ? 'requires' : 'require'
  return `${by.name} ${versions} ${need === undefined ? reason : `${verb} ${what}`}`
}
