// Runs the tests with Node's own runner and one set of closing lines: `npm test [PART ...] [FILE ...]`.
// The parts in order: unit (with the suites), clients (against loopback replicas), faults, fresh; those four when none is
// named. `live` meets the real registries and is only run when named.

import { globSync } from 'node:fs'
import path from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

/** One more than the two cores there are at least: many tests wait for a clock, a disk or another program. */
const CONCURRENCY = 3
/** Milliseconds for one file: none takes nearly as long unless something hangs. The long form kills at every single point. */
const LIMIT = { unit: 120_000, other: 600_000, long: 10_800_000 }

const folders: Readonly<Record<string, string>> = {
  clients: 'test/clients/',
  faults: 'test/faults/',
  fresh: 'test/fresh/',
}
const parts = ['unit', ...Object.keys(folders), 'live'] as const
type Part = (typeof parts)[number]

function partOf(file: string): Part {
  if (file.endsWith('.live.test.ts')) return 'live'
  return Object.keys(folders).find((part) => file.startsWith(folders[part] ?? '')) ?? 'unit'
}

const root = path.resolve(import.meta.dirname, '..')
// each file is a process of its own, and all of them compile the same sources
process.env.NODE_COMPILE_CACHE ??= path.join(root, 'node_modules/.cache/compiled')
const all = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll(path.sep, '/'))
  .sort()

/** The files that were asked for, in the order of the parts. */
function chosen(words: readonly string[]): readonly string[] {
  const wanted = words.length === 0 ? parts.filter((part) => part !== 'live') : words
  return wanted.flatMap((word) => {
    const files = all.filter((file) => partOf(file) === word || file === word)
    if (files.length > 0 || parts.includes(word)) return files
    throw new Error(`there is no part and no test file ${word}; the parts are ${parts.join(', ')}`)
  })
}

const words = process.argv.slice(2).filter((word) => word !== '--long')
// everything that faults can do, and not a sample
const isLong = process.argv.includes('--long')
if (isLong) process.env.FAULTS = 'long'
const files = chosen(words)
const isUnit = words.length === 1 && words[0] === 'unit'
const timeout = isLong ? LIMIT.long : isUnit ? LIMIT.unit : LIMIT.other
const results = run({ cwd: root, files: files.map((file) => path.join(root, file)), concurrency: CONCURRENCY, timeout })
results.on('test:fail', ({ todo }) => {
  if (todo === undefined) process.exitCode = 1
})
results.compose(spec).pipe(process.stdout)
