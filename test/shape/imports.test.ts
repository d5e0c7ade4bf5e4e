// Who may import whom, and who may touch the world: `formats, versions ← contract ← ecosystems, lockfiles, store, catalog,
// sinks ← engine ← commands, server ← cli`. The tables are the rule; a line more in them is a decision.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { type Import, importsOf, root, sources, textOf } from './sources.ts'

/** What each part of `src` may import of the others. `contract` in `formats` and `versions`: its types alone. */
const parts: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  contract: ['errors'],
  formats: ['errors', 'contract'],
  versions: ['errors', 'contract', 'formats'],
  trust: ['errors', 'contract', 'formats'],
  ecosystems: ['errors', 'contract', 'formats', 'versions', 'trust'],
  lockfiles: ['errors', 'contract', 'formats'],
  config: ['errors', 'contract', 'formats'],
  upstream: ['errors', 'contract', 'formats', 'config'],
  store: ['errors', 'contract', 'formats'],
  catalog: ['errors', 'contract', 'formats'],
  sinks: ['errors', 'contract', 'formats', 'store'],
  bundle: ['errors', 'formats', 'store', 'sinks'],
  engine: ['errors', 'contract', 'formats', 'config', 'upstream', 'store', 'catalog', 'sinks'],
  telemetry: ['errors', 'formats', 'engine'],
  server: ['errors', 'contract', 'formats', 'store', 'catalog', 'engine'],
  commands: [
    ...['errors', 'contract', 'formats', 'ecosystems', 'lockfiles', 'config', 'trust', 'upstream', 'store', 'catalog'],
    ...['sinks', 'bundle', 'engine', 'telemetry', 'server'],
  ],
  cli: ['errors', 'config', 'ecosystems', 'commands'],
}

/** Imported for their types, though they stand above. */
const typesOnly = new Set(['formats contract', 'versions contract'])

/** Who may touch the world, and by which module. Folders end in a slash. */
const modules: Readonly<Record<string, readonly string[]>> = {
  'node:fs': [
    ...['src/store/', 'src/sinks/', 'src/bundle/', 'src/commands/'],
    // keyrings, certificates and what a worker thread is handed are files by their nature
    ...['src/trust/keyring.ts', 'src/upstream/agents.ts', 'src/engine/thread.ts', 'src/engine/hash-thread.ts'],
  ],
  'node:fs/promises': [
    'src/store/',
    'src/sinks/',
    'src/bundle/',
    'src/commands/',
    'src/config/files.ts',
    'src/trust/keyring.ts',
  ],
  'node:http': ['src/server/', 'src/commands/static.ts', 'src/commands/layout-registry.ts'],
  'node:net': ['src/server/', 'src/upstream/'],
  'node:dns': ['src/upstream/'],
  'node:tls': ['src/upstream/'],
  undici: ['src/upstream/'],
  'node:worker_threads': [
    ...['src/engine/thread.ts', 'src/engine/threads.ts', 'src/engine/hash-thread.ts', 'src/engine/hashing.ts'],
    ...['src/catalog/copy.ts', 'src/catalog/copy-thread.ts'],
    ...['src/store/write-small.ts', 'src/store/write-thread.ts'],
  ],
  'better-sqlite3': ['src/catalog/', 'src/sinks/', 'src/commands/lock.ts'],
  // the processes of `serve --workers`, which are this program again
  'node:cluster': ['src/commands/worker.ts', 'src/commands/workers.ts'],
  // clients are tried, when somebody asks for that
  'node:child_process': ['src/commands/trial.ts', 'src/commands/notify.ts'],
  // nobody may: no other protocol is spoken
  'node:https': [],
  'node:http2': [],
  'node:dgram': [],
  'node:vm': [],
}

/** Who may ask for what is not an argument. */
const words: Readonly<Record<string, readonly string[]>> = {
  'Date\\.now|new Date\\(\\)': [
    'src/commands/',
    // files are dated by the system's clock
    'src/store/disk.ts',
    'src/server/quick.ts',
    'src/server/respond.ts',
    'src/telemetry/access.ts',
    'src/upstream/challenge.ts',
    'src/upstream/retry.ts',
  ],
  // how long something took, which is no moment in time
  'performance\\.now': ['src/sinks/look.ts', 'src/engine/', 'src/server/', 'src/upstream/', 'src/commands/'],
  'Math\\.random|randomBytes|randomUUID': ['src/upstream/retry.ts', 'src/store/layout.ts', 'src/commands/'],
  'process\\.env': ['src/cli/'],
  'process\\.(?:argv|exit|exitCode|on)\\b': ['src/cli/', 'src/commands/worker.ts'],
  'process\\.cwd': ['src/cli/', 'src/commands/'],
  '\\b(?:eval|Function)\\(': [],
}

const partOf = (file: string): string => (file.split('/')[1] ?? '').replace(/\.ts$/, '')
const mayBe = (file: string, allowed: readonly string[]): boolean =>
  allowed.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place))

const all = sources.flatMap(importsOf)
const inner = all.filter(({ to }) => to.startsWith('src/'))
const shown = ({ from, to }: Import): string => `${from} → ${to}`

describe('imports', () => {
  it('are understood: the table has every part, and every file imported is there', () => {
    assert.deepEqual([...new Set(sources.map(partOf))].sort(), Object.keys(parts).sort())
    assert.ok(inner.length > 300)
    assert.deepEqual(inner.filter(({ to }) => !existsSync(path.join(root, to))).map(shown), [])
    assert.deepEqual(all.filter(({ to }) => to.startsWith('..') || to.startsWith('test')).map(shown), [])
  })

  it('go down, from the command line to the formats', () => {
    const wrong = inner.filter(
      ({ from, to }) => partOf(from) !== partOf(to) && !parts[partOf(from)]?.includes(partOf(to)),
    )
    assert.deepEqual(wrong.map(shown), [])
  })

  it('name nothing but types where a part looks up', () => {
    const wrong = inner.filter(({ from, to, types }) => !types && typesOnly.has(`${partOf(from)} ${partOf(to)}`))
    assert.deepEqual(wrong.map(shown), [])
  })

  it('never lead from one ecosystem to another, and to one only by the list', () => {
    const folderOf = (file: string): string | undefined => /^src\/ecosystems\/([^/]+)\//.exec(file)?.[1]
    const wrong = inner.filter(({ from, to }) => {
      const target = folderOf(to)
      return target !== undefined && folderOf(from) !== target && from !== 'src/ecosystems/index.ts'
    })
    assert.deepEqual(wrong.map(shown), [])
  })

  it('hold no cycle', () => {
    assert.deepEqual(cycles(inner.filter(({ types }) => !types)), [])
  })
})

describe('effects', () => {
  for (const [name, allowed] of Object.entries(modules)) {
    it(`by ${name} are had where the table says`, () => {
      const users = all.filter(({ to }) => to === name || to === name.replace(/^node:/, '')).map(({ from }) => from)
      assert.deepEqual(
        users.filter((file) => !mayBe(file, allowed)),
        [],
      )
      assert.deepEqual(unused(allowed, users), [], 'the table allows what nobody needs')
    })
  }

  for (const [pattern, allowed] of Object.entries(words)) {
    it(`by ${pattern} are had where the table says`, () => {
      const users = sources.filter((file) => new RegExp(pattern).test(code(file)))
      assert.deepEqual(
        users.filter((file) => !mayBe(file, allowed)),
        [],
      )
      assert.deepEqual(unused(allowed, users), [], 'the table allows what nobody needs')
    })
  }
})

const unused = (allowed: readonly string[], users: readonly string[]): readonly string[] =>
  allowed.filter((place) => !users.some((file) => mayBe(file, [place])))

/** The text of a file without its comments. */
const code = (file: string): string => textOf(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '')

/** Each way back to its own beginning, from the file that comes first in it. */
function cycles(imports: readonly Import[]): readonly string[] {
  const targets = Map.groupBy(imports, ({ from }) => from)
  const done = new Set<string>()
  const found: string[] = []
  function visit(file: string, way: readonly string[]): void {
    const at = way.indexOf(file)
    if (at !== -1) found.push([...way.slice(at), file].join(' → '))
    if (at !== -1 || done.has(file)) return
    for (const { to } of targets.get(file) ?? []) visit(to, [...way, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return found
}
