// What the suite works on: the ecosystem's small upstream on loopback, mirrors of it, and its documents in memory.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEcosystem, Entry } from '../../../src/contract.ts'
import { mount } from '../../../src/engine/mirror.ts'
import { MirrorError } from '../../../src/errors.ts'
import { type Got, openTestMirror, rule, type TestMirror, type TestMirrorOptions } from '../../builders/mirror.ts'
import { startUpstream, type Upstream } from '../../fakes/upstream.ts'
import { find, read, type Shelf } from './documents.ts'
import type { Archive, Asking, Fixtures, Source } from './fixtures.ts'

/** An entry that is a version of a package. */
export interface Release extends Entry {
  readonly name: string
  readonly version: string
}

export interface Bench {
  readonly ecosystem: AnyEcosystem
  readonly fixtures: Fixtures
  // from `open` on
  readonly upstream: Upstream
  readonly archive: Archive
  /** For what a test writes. */
  readonly folder: string
  /** A mirror of the upstream, for tests that do not mind what it holds. */
  readonly test: TestMirror
  open(): Promise<void>
  close(): Promise<void>
  /** Of the files of the upstream. */
  paths(): readonly string[]
  sourceAt(path: string): Source
  /** From now on upstream has these bytes there. */
  serve(path: string, bytes: Uint8Array): void
  /** A mirror of the upstream with an empty data directory. */
  mirror(options?: Partial<TestMirrorOptions>): Promise<TestMirror>
  /** The documents under a policy that denies these packages. */
  shelf(deny?: readonly string[]): Shelf
  /** Documents that speak of others. */
  indexes(): readonly string[]
  /** Every path with a view, in each of its media types. */
  views(): readonly (Asking & { readonly accept: string })[]
  /** Everything that the documents say, each path once. */
  entries(): Promise<readonly Entry[]>
  releases(): Promise<readonly Release[]>
}

export const bytesOf = ({ body }: Source): Uint8Array => (typeof body === 'string' ? Buffer.from(body) : body)

export function createBench(ecosystem: AnyEcosystem, fixtures: Fixtures, module: URL | undefined): Bench {
  let made: { upstream: Upstream; archive: Archive; folder: string; test: TestMirror } | undefined
  const mirrors: TestMirror[] = []
  const now = () => {
    assert.ok(made !== undefined, 'the bench is not open')
    return made
  }

  async function mirrorOf(
    { upstream, archive, folder }: { upstream: Upstream; archive: Archive; folder: string },
    options: Partial<TestMirrorOptions> = {},
  ): Promise<TestMirror> {
    const keyring = archive.keyring === undefined ? [] : [join(folder, archive.keyring.name)]
    const one = await openTestMirror({
      repositories: [
        {
          ecosystem: ecosystem.id,
          upstreams: [upstream.url],
          options: archive.options?.(keyring[0] ?? '') ?? {},
          keyrings: keyring,
        },
      ],
      ecosystems: [ecosystem],
      ...(module === undefined ? {} : { module }),
      ...options,
    })
    mirrors.push(one)
    return one
  }

  const bench: Bench = {
    ecosystem,
    fixtures,
    get upstream() {
      return now().upstream
    },
    get archive() {
      return now().archive
    },
    get folder() {
      return now().folder
    },
    get test() {
      return now().test
    },
    async open() {
      const upstream = await startUpstream()
      const archive = await fixtures.archive(upstream.url)
      const folder = await mkdtemp(join(tmpdir(), 'bench-'))
      if (archive.keyring !== undefined) await writeFile(join(folder, archive.keyring.name), archive.keyring.bytes)
      made = { upstream, archive, folder, test: await mirrorOf({ upstream, archive, folder }) }
      for (const path of bench.paths()) bench.serve(path, bytesOf(bench.sourceAt(path)))
    },
    async close() {
      for (const one of mirrors) await one.close()
      await now().upstream.close()
      await rm(now().folder, { recursive: true, force: true })
    },
    paths: () => Object.keys(bench.archive.files),
    sourceAt(path) {
      const source = bench.archive.files[path]
      assert.ok(source !== undefined, path)
      return source
    },
    serve(path, bytes) {
      const { at = path, type } = bench.sourceAt(path)
      bench.upstream.set(at, { body: bytes, etag: true, ...(type === undefined ? {} : { type }) })
    },
    mirror: (options) => mirrorOf(now(), options),
    shelf(deny = []) {
      const [mounted] = bench.test.mirror.repos.values()
      assert.ok(mounted !== undefined)
      const { settings } = mounted
      const judged = mount({ ...settings, policy: { ...settings.policy, deny: deny.map(rule) } }, ecosystem)
      const bytes = new Map(bench.paths().map((path) => [path, bytesOf(bench.sourceAt(path))]))
      const types = new Map(bench.paths().map((path) => [path, bench.sourceAt(path).type ?? '']))
      return { mounted: judged, bytes, types, now: bench.test.clock.now, base: `http://mirror.test${settings.mount}` }
    },
    indexes: () => bench.paths().filter((path) => find(ecosystem, path).route.read !== undefined),
    views() {
      const all = new Set([...bench.paths(), ...bench.archive.requests.map(({ path }) => path)])
      return [...all].flatMap((path) => {
        const { route } = find(ecosystem, path)
        if (route.view === undefined || route.kind === 'live') return []
        return (route.types ?? ['application/octet-stream']).map((accept) => ({ path, accept }))
      })
    },
    async entries() {
      const all = new Map<string, Entry>()
      for (const path of bench.indexes()) {
        for (const entry of (await read(bench.shelf(), path)).entries) all.set(entry.path, entry)
      }
      return [...all.values()]
    },
    releases: async () =>
      (await bench.entries()).flatMap((entry) =>
        entry.name === undefined || entry.version === undefined || bench.archive.files[entry.path] === undefined
          ? []
          : { ...entry, name: entry.name, version: entry.version },
      ),
  }
  return bench
}

/** A rule that hides one version: a package URL with the exact range. */
export const denying = ({ purl, versions }: AnyEcosystem, { name, version }: Release): string =>
  `pkg:${purl}/${name}@${encodeURIComponent(versions.exact(version))}`

/** What a client gets; undefined when it is told that there is nothing for it. */
export async function gotUnlessRefused(one: TestMirror, asking: Asking): Promise<Got | undefined> {
  try {
    return await one.get(asking.path, asking)
  } catch (error) {
    const expected = error instanceof MirrorError && ['NOT_FOUND', 'NOT_HELD', 'DENIED'].includes(error.code)
    if (!expected) throw error
    return undefined
  }
}

/** Hosts of the declaration: where upstreams are, and where their documents may point. */
export const hostsOf = ({ repos }: AnyEcosystem): readonly string[] => [
  ...new Set(repos.flatMap(({ upstreams, hosts = [] }) => [...upstreams.map((each) => new URL(each).host), ...hosts])),
]
