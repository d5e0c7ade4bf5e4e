// A small module proxy on loopback with a checksum database of its own: modules with capital letters, a major version in the path, a
// pseudo-version, a retracted version, one that is not listed, and one that no database knows. It behaves as real ones do: what it does
// not have is forbidden, lists hold pseudo-versions, and every lookup comes with a signed head of another age.

import { file, json, type Script, startUpstream, status, text, type Upstream } from '../fakes/upstream.ts'
import { type Files, h1, moduleZip } from './module-zip.ts'
import { createSumdb, fill, recordOf, type Sumdb } from './sumdb.ts'

export interface GoReplica {
  readonly upstream: Upstream
  readonly log: Sumdb
  /** Paths of the zips. */
  readonly zips: readonly string[]
  /** Lets the log grow, as it does all the time, and hands out its new head from then on. */
  grow(count: number): void
}

interface Module {
  readonly name: string
  readonly version: string
  readonly requires?: readonly string[]
  readonly more?: string
  readonly source: string
  /** Left out of the list. */
  readonly unlisted?: true
  /** In no checksum database. */
  readonly secret?: true
}

const pseudo = 'v0.0.0-20240102030405-0123456789ab'

const modules: readonly Module[] = [
  {
    name: 'example.test/orchard',
    version: 'v1.2.0',
    requires: ['example.test/Fruit/Apple v1.0.4', 'example.test/ladder/v2 v2.1.0', `example.test/rake ${pseudo}`],
    source: `import (\n\tapple "example.test/Fruit/Apple"\n\tladder "example.test/ladder/v2"\n\t"example.test/rake"\n)\n\nfunc Says() string { return "orchard > " + apple.Says() + ", " + ladder.Says() + ", " + rake.Says() }\n`,
  },
  {
    name: 'example.test/orchard',
    version: 'v1.3.0',
    more: 'retract v1.3.0\n',
    source: 'func Says() string { return "retracted" }\n',
  },
  { name: 'example.test/orchard', version: 'v1.4.0-rc.1', source: 'func Says() string { return "to come" }\n' },
  {
    name: 'example.test/Fruit/Apple',
    version: 'v1.0.4',
    requires: ['example.test/ladder/v2 v2.0.0', 'example.test/old v2.0.0+incompatible'],
    source: 'func Says() string { return "Apple" }\n',
  },
  { name: 'example.test/ladder/v2', version: 'v2.0.0', source: 'func Says() string { return "short ladder" }\n' },
  {
    name: 'example.test/ladder/v2',
    version: 'v2.1.0',
    unlisted: true,
    source: 'func Says() string { return "ladder" }\n',
  },
  { name: 'example.test/rake', version: pseudo, source: 'func Says() string { return "rake" }\n' },
  { name: 'example.test/old', version: 'v2.0.0+incompatible', source: 'func Says() string { return "old" }\n' },
  { name: 'corp.test/cellar', version: 'v0.1.0', secret: true, source: 'func Says() string { return "cellar" }\n' },
]

export const wanted = ['example.test/orchard@v1.2.0', 'corp.test/cellar@v0.1.0']
export const program =
  'package main\n\nimport (\n\t"os"\n\n\t"corp.test/cellar"\n\t"example.test/orchard"\n)\n\nfunc main() { os.Stdout.WriteString(orchard.Says() + ", " + cellar.Says() + "\\n") }\n'
export const printed = 'orchard > Apple, ladder, rake, cellar\n'
/** What clients must not look up. */
export const secret = 'corp.test'

const escaped = (name: string): string => name.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)

function filesOf({ name, requires = [], more = '', source }: Module): Files {
  const pkg = name
    .split('/')
    .at(name.endsWith('/v2') ? -2 : -1)
    ?.toLowerCase()
  return {
    'go.mod': `module ${name}\n\ngo 1.21\n\n${requires.map((each) => `require ${each}\n`).join('')}${more}`,
    'go.go': `package ${pkg}\n\n${source}`,
  }
}

/** A lookup, and of which size the tree of its head is. */
export interface Looked {
  readonly path: string
  readonly id: number
  readonly size: number
}

/** Puts the newest head, the lookups, and every tile that proves them under any of these heads at an upstream. */
export function publishLog(upstream: Upstream, log: Sumdb, lookups: readonly Looked[]): void {
  upstream.set(`/sumdb/${log.name}/supported`, text(''))
  upstream.set(`/sumdb/${log.name}/latest`, text(log.head()))
  for (const { path, id, size } of lookups) upstream.set(path, text(log.lookup(id, size)))
  // full tiles, and the right edges of the heads that are handed out
  for (const size of new Set([log.size, ...lookups.map((one) => one.size)])) {
    for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / 256)) {
      for (let at = 0; at * 256 < count; at++) {
        const width = Math.min(256, count - at * 256)
        const path = `8/${level}/${String(at).padStart(3, '0')}${width === 256 ? '' : `.p/${width}`}`
        upstream.set(`/sumdb/${log.name}/tile/${path}`, file(log.tile(path) ?? Buffer.alloc(0)))
      }
    }
  }
}

export async function startGoReplica(): Promise<GoReplica> {
  const log = createSumdb()
  const zips: string[] = []
  const lists = new Map<string, string[]>()
  const records: { readonly path: string; readonly id: number }[] = []
  fill(log, 300)
  const upstream = await startUpstream()
  // what is not there is forbidden
  const set = (path: string, script: Script): void => upstream.set(path, script)
  for (const module of modules) {
    const { name, version } = module
    const at = `/${escaped(name)}/@v/${version}`
    const files = filesOf(module)
    set(`${at}.info`, json({ Version: version, Time: '2024-01-02T03:04:05Z' }))
    set(`${at}.mod`, text(files['go.mod'] ?? ''))
    set(`${at}.zip`, file(moduleZip(`${name}@${version}/`, files), { type: 'application/zip' }))
    zips.push(`${at}.zip`)
    const list = lists.get(name) ?? []
    lists.set(name, list)
    if (module.unlisted === undefined) list.push(version)
    if (module.secret !== undefined) continue
    fill(log, 40)
    const zip = h1(`${name}@${version}/`, files)
    const id = log.append(recordOf(name, version, zip, h1('', { 'go.mod': files['go.mod'] ?? '' })))
    records.push({ path: `/sumdb/${log.name}/lookup/${escaped(name)}@${version}`, id })
  }
  for (const [name, versions] of lists) set(`/${escaped(name)}/@v/list`, text(`${versions.join('\n')}\n`))
  for (const path of ['/example.test/@v/list', '/example.test/Fruit/@v/list']) set(path, status(403))

  const publish = (): void =>
    publishLog(
      upstream,
      log,
      records.map(({ path, id }, index) => ({ path, id, size: Math.max(id + 1, log.size - 3 * index) })),
    )
  publish()
  return {
    upstream,
    log,
    zips,
    grow(count) {
      fill(log, count)
      publish()
    },
  }
}
