// A proxy with a checksum database, and a mirror of it, as small as a test needs them.

import type { TestContext } from 'node:test'
import { go } from '../../../src/ecosystems/go/index.ts'
import { type Head, openTree } from '../../../src/trust/tile-log.ts'
import { openTestMirror, type TestMirror, type TestMirrorOptions } from '../../builders/mirror.ts'
import { file, json, startUpstream, text, type Upstream } from '../../fakes/upstream.ts'
import { publishLog } from '../../replica/go.ts'
import { h1, moduleZip } from '../../replica/module-zip.ts'
import { createSumdb, fill, recordOf, type Sumdb } from '../../replica/sumdb.ts'

export interface Proxy {
  readonly up: Upstream
  readonly log: Sumdb
  readonly at: TestMirror
  /** Adds a version with its record; `requires` are lines of go.mod. */
  add(name: string, version: string, requires?: readonly string[], more?: string): void
  /** Lets the log grow, without handing anything of that out. */
  grow(count: number): void
  /** Hands out the log as it is; lookups under the head of the whole tree, unless a size is given by their version. */
  publish(sizes?: Readonly<Record<string, number>>): void
}

const escaped = (name: string): string => name.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)
export const lookupOf = (name: string, version: string): string => `/sumdb/sum.test/lookup/${escaped(name)}@${version}`
export const latest = '/sumdb/sum.test/latest'
export const fileOf = (name: string, version: string, kind: string): string => `/${escaped(name)}/@v/${version}.${kind}`
export const listOf = (name: string): string => `/${escaped(name)}/@v/list`

export async function proxyOf(
  t: TestContext,
  options: Partial<TestMirrorOptions> & { readonly own?: Readonly<Record<string, unknown>> } = {},
): Promise<Proxy> {
  const { own, ...more } = options
  const up = await startUpstream()
  t.after(() => up.close())
  const log = createSumdb()
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'go', upstreams: [up.url], options: { sumdb: { key: log.key }, ...own } }],
    ecosystems: [go],
    ...more,
  })
  t.after(() => at.close())
  const lists = new Map<string, string[]>()
  const records = new Map<string, { readonly version: string; readonly id: number }>()
  return {
    up,
    log,
    at,
    add(name, version, requires = [], tail = '') {
      const mod = `module ${name}\n\ngo 1.21\n\n${requires.map((each) => `require ${each}\n`).join('')}${tail}`
      const files = { 'go.mod': mod, 'go.go': `package go // ${version}\n` }
      const zip = h1(`${name}@${version}/`, files)
      up.set(fileOf(name, version, 'info'), json({ Version: version, Time: '2024-01-02T03:04:05Z' }))
      up.set(fileOf(name, version, 'mod'), text(mod))
      up.set(fileOf(name, version, 'zip'), file(moduleZip(`${name}@${version}/`, files)))
      const list = [...(lists.get(name) ?? []), version]
      lists.set(name, list)
      up.set(listOf(name), text(`${list.join('\n')}\n`))
      records.set(lookupOf(name, version), {
        version,
        id: log.append(recordOf(name, version, zip, h1('', { 'go.mod': mod }))),
      })
    },
    grow: (count) => fill(log, count),
    publish(sizes = {}) {
      const lookups = [...records].map(([path, { version, id }]) => ({ path, id, size: sizes[version] ?? log.size }))
      publishLog(up, log, lookups)
    },
  }
}

const title = 'go.sum database tree'

/** The head that a shown lookup, or `latest`, ends in, and the record before it. */
export function shown(body: string): { readonly head: Head; readonly id: number; readonly record: string } {
  const from = body.indexOf(title)
  const [, size = '', root = ''] = body.slice(from).split('\n')
  const [id = '', ...lines] = body.slice(0, Math.max(0, from)).split('\n')
  return { head: { size: Number(size), root }, id: Number(id), record: lines.join('\n').replace(/\n\n$/, '\n') }
}

/** A tree as a client reads it, out of the tiles that the mirror gives it. */
export const clientTree = (at: TestMirror, head: Head) =>
  openTree(
    head,
    async ({ level, index, width }) => {
      const path = `8/${level}/${String(index).padStart(3, '0')}${width === 256 ? '' : `.p/${width}`}`
      return (await at.get(`/sumdb/sum.test/tile/${path}`)).bytes
    },
    'the test',
  )
