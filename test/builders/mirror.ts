// A whole mirror over a temporary directory: the real store, catalog, client and worker threads, with a clock that the
// test sets. `ecosystems` are the two tiny ones of shelf.ts unless the test hands in others, such as the real ones.

import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { openCatalog } from '../../src/catalog/catalog.ts'
import type { KeepFree, Policy, Repository } from '../../src/config/types.ts'
import type { AnyEcosystem, Platform, Selector } from '../../src/contract.ts'
import { createEvents, type EngineEvent } from '../../src/engine/events.ts'
import { createFlights } from '../../src/engine/flights.ts'
import type { Directives } from '../../src/engine/fresh.ts'
import { createHashing } from '../../src/engine/hashing.ts'
import { createHolder } from '../../src/engine/hold.ts'
import { closeMirror, type Mirror, mount } from '../../src/engine/mirror.ts'
import { open } from '../../src/engine/open.ts'
import type { Opened } from '../../src/engine/opened.ts'
import { createRoom } from '../../src/engine/room.ts'
import { type Growing, isBlob, isGrowing } from '../../src/engine/served.ts'
import { createThreads } from '../../src/engine/threads.ts'
import { type Item, type Walked, type WalkOptions, walk } from '../../src/engine/walk.ts'
import { asMirrorError } from '../../src/errors.ts'
import { negotiate } from '../../src/server/request.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import type { Store } from '../../src/store/store.ts'
import { loadKeyrings } from '../../src/trust/keyring.ts'
import { createClient } from '../../src/upstream/http.ts'
import { type Script, startUpstream, type Upstream } from '../fakes/upstream.ts'
import type { List, Root, Item as ShelfItem } from './shelf.ts'
import { ecosystems as tiny } from './shelf.ts'

/** 2026-01-02 12:00 UTC: what the clock of a test shows first. */
export const noon = Date.UTC(2026, 0, 2, 12)
export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

const where = { file: 'test.yaml', line: 1 }

/** The defaults of the configuration, but nothing stays fresh: each request is a question to upstream. */
export const plainPolicy: Policy = {
  cooldown: { default: 0, ecosystems: {}, repositories: {}, packages: [], baseline: 'allow' },
  allow: [],
  deny: [],
  require: 'any',
  expired: 'refuse',
  freshFor: 0,
  expireAfter: Number.POSITIVE_INFINITY,
  expireOffline: false,
  staleIfError: 2 * day,
  negativeFor: 0,
  rules: [],
}

export const rule = (pattern: string) => ({ pattern, where })
export const cooldown = (more: Partial<Policy['cooldown']>): Policy['cooldown'] => ({
  ...plainPolicy.cooldown,
  ...more,
})

export type TestRepository = Partial<Omit<Repository, 'policy'>> & {
  readonly ecosystem: string
  readonly upstreams: readonly string[]
  readonly policy?: Partial<Policy>
}

export interface TestMirrorOptions {
  /** Names and mounts follow from the ecosystem when left out. */
  readonly repositories: readonly TestRepository[]
  /** For every repository, over `plainPolicy` and under the repository's own. */
  readonly policy?: Partial<Policy>
  readonly offline?: boolean
  /** What the clock shows first; milliseconds since 1970. */
  readonly now?: number
  /** An existing data directory instead of a new one. */
  readonly data?: string
  /** `close` leaves the data directory there. */
  readonly keep?: boolean
  readonly ecosystems?: readonly AnyEcosystem[]
  /** What is to stay free of the disk; nothing when left out. */
  readonly keepFree?: KeepFree
  /** Module that exports these ecosystems, for worker threads. */
  readonly module?: URL
  readonly platforms?: readonly Platform[]
  /** Wraps the store, for faults. */
  readonly store?: (store: Store) => Store
}

export interface Asked {
  readonly repo?: string
  readonly method?: string
  readonly accept?: string
  readonly query?: string
  readonly base?: string
  readonly directives?: Partial<Directives>
  /** Header fields of the request. */
  readonly fields?: Readonly<Record<string, string>>
}

/** An answer with its whole body. */
export interface Got extends Opened {
  readonly bytes: Buffer
  readonly text: string
}

export interface Synced extends Walked {
  readonly items: readonly Item[]
  /** The codes of its faults. */
  readonly codes: readonly string[]
}

export interface TestMirror {
  readonly mirror: Mirror
  readonly data: string
  /** Everything the engine told. */
  readonly events: readonly EngineEvent[]
  readonly clock: { now: number; pass(milliseconds: number): void }
  offline: boolean
  /** What a client is handed; `repo` is the first one when left out. */
  open(path: string, asked?: Asked): Promise<Opened>
  /** The same with its whole body. */
  get(path: string, asked?: Asked): Promise<Got>
  /** The code and message of the failure; 'OK' when it did not fail. */
  failure(path: string, asked?: Asked): Promise<{ readonly code: string; readonly message: string }>
  sync(
    wants: readonly (string | Selector)[],
    options?: Partial<WalkOptions> & { readonly repo?: string },
  ): Promise<Synced>
  /** Unfinished files in the store, once nothing is under way. */
  leftovers(): Promise<readonly string[]>
  /** Another mirror over the same directory, as the next start would open it. This one is closed. */
  reopen(options?: Partial<TestMirrorOptions>): Promise<TestMirror>
  close(): Promise<void>
}

export async function openTestMirror(options: TestMirrorOptions): Promise<TestMirror> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'mirror-')))
  const ecosystems = options.ecosystems ?? tiny
  const module =
    options.module ??
    new URL(options.ecosystems === undefined ? './shelf.ts' : '../../src/ecosystems/index.ts', import.meta.url)
  const repositories = options.repositories.map((one) => repositoryOf(one, options.policy ?? {}, ecosystems))
  const state = { offline: options.offline ?? false }
  const clock = {
    now: options.now ?? noon,
    pass(milliseconds: number) {
      clock.now += milliseconds
    },
  }
  const now = () => clock.now
  const catalog = openCatalog(join(data, 'catalog.db'))
  const disk = await openDiskStore(data)
  const store = options.store?.(disk) ?? disk
  const events = createEvents()
  const told: EngineEvent[] = []
  events.subscribe((event) => told.push(event))
  const client = createClient(repositories, {
    version: '0.0.0',
    online: () => !state.offline,
    wait: async () => {},
    events: {
      answered: (ask, status, milliseconds) =>
        events.emit({ type: 'asked', repo: ask.repo, url: ask.url, status, milliseconds }),
    },
  })
  const threads = createThreads(module.href, 2)
  const mirror: Mirror = {
    repos: new Map(
      repositories.map((settings) => [settings.name, mount(settings, ecosystemOf(settings.ecosystem, ecosystems))]),
    ),
    platforms: options.platforms ?? [],
    catalog,
    store,
    client,
    events,
    flights: createFlights(),
    holder: createHolder(catalog, store, now),
    threads,
    hashing: createHashing(store, 1),
    room: createRoom(store, options.keepFree ?? { bytes: 0 }),
    keyrings: loadKeyrings,
    get offline() {
      return state.offline
    },
    now,
    clock: now,
  }
  let closed = false
  const mounted = (name: string | undefined) => {
    const found = mirror.repos.get(name ?? repositories[0]?.name ?? '')
    if (found === undefined) throw new Error(`no repository ${name}`)
    return found
  }
  async function shut(): Promise<void> {
    closed = true
    await closeMirror(mirror)
  }

  const test: TestMirror = {
    mirror,
    data,
    events: told,
    clock,
    get offline() {
      return state.offline
    },
    set offline(value) {
      state.offline = value
    },
    open(path, { repo, method = 'GET', accept, query = '', base, directives = {}, fields = {} } = {}) {
      const at = mounted(repo)
      const request = {
        method,
        path,
        query: new URLSearchParams(query),
        accept,
        base: base ?? `http://mirror.test${at.settings.mount}`,
        directives: { revalidate: false, onlyIfCached: false, ...directives },
        fields,
      }
      return open(mirror, at, request, negotiate)
    },
    async get(path, asked) {
      const opened = await test.open(path, asked)
      const bytes = await bodyOf(mirror, opened)
      // the last bytes are shown before they are written down
      if (isGrowing(opened.body)) await mirror.flights.idle()
      return {
        ...opened,
        bytes,
        get text() {
          return bytes.toString()
        },
      }
    },
    async failure(path, asked) {
      try {
        await test.get(path, asked)
        return { code: 'OK', message: '' }
      } catch (error) {
        const { code, message } = asMirrorError(error)
        return { code, message }
      }
    },
    async sync(wants, { repo, ...more } = {}) {
      const at = mounted(repo)
      const selectors = wants.map((want) =>
        typeof want === 'string' ? { ...at.ecosystem.want(want, at.repo), from: where } : want,
      )
      const items: Item[] = []
      const walked = await walk(mirror, at, selectors, {
        platforms: mirror.platforms,
        started: clock.now,
        dryRun: false,
        signal: new AbortController().signal,
        concurrency: 8,
        item: (item) => void items.push(item),
        ...more,
      })
      return { ...walked, items, codes: walked.faults.map(({ error }) => error.code) }
    },
    async leftovers() {
      await mirror.flights.idle()
      // a file is let go when the last client has left it, a moment after
      for (let tries = 0; tries < 100 && (await readdir(join(data, 'tmp'))).length > 0; tries += 1) await sleep(10)
      return readdir(join(data, 'tmp'))
    },
    async reopen(more = {}) {
      await shut()
      return openTestMirror({ ...options, now: clock.now, ...more, data })
    },
    async close() {
      if (closed) return
      await shut()
      if (options.keep !== true) await rm(data, { recursive: true, force: true })
    },
  }
  return test
}

/** An upstream, and a mirror of it by one of the tiny ecosystems; both end with the test. */
export async function mirrorOf(
  t: TestContext,
  routes: Readonly<Record<string, Script>>,
  options: Partial<TestMirrorOptions> & { readonly ecosystem?: 'shelf' | 'chain' } = {},
): Promise<{ readonly up: Upstream; readonly at: TestMirror }> {
  const { ecosystem = 'shelf', ...more } = options
  const up = await startUpstream(routes)
  t.after(() => up.close())
  const at = await openTestMirror({ repositories: [{ ecosystem, upstreams: [up.url] }], ...more })
  t.after(() => at.close())
  return { up, at }
}

/** The whole body of an answer. Rejects when it breaks off. */
async function bodyOf(mirror: Mirror, { body }: Opened): Promise<Buffer> {
  if (isGrowing(body)) return growingBytes(body)
  if (!isBlob(body)) return Buffer.from(body)
  return Buffer.concat(await Array.fromAsync(mirror.store.stream(body.sha256)))
}

/** Follows a body that still arrives, from `from` to its end. */
export async function growingBytes(body: Growing, from = 0): Promise<Buffer> {
  const pieces: Buffer[] = []
  const buffer = Buffer.allocUnsafe(256 * 1024)
  let at = from
  try {
    for (;;) {
      await body.more(at)
      const read = await body.read(buffer, at)
      if (read === 0 && body.done) return Buffer.concat(pieces)
      pieces.push(Buffer.from(buffer.subarray(0, read)))
      at += read
    }
  } finally {
    body.leave()
  }
}

function repositoryOf(
  { policy, options, ...more }: TestRepository,
  common: Partial<Policy>,
  ecosystems: readonly AnyEcosystem[],
): Repository {
  const name = more.name ?? more.ecosystem
  return {
    name,
    mount: `/${name}`,
    credentials: [],
    network: {
      timeouts: { connect: 2000, headers: 2000, idle: 2000 },
      concurrency: { host: 8, total: 32 },
      retries: 0,
    },
    allowHosts: [],
    keyrings: [],
    builtin: false,
    where,
    options: v.parse(ecosystemOf(more.ecosystem, ecosystems).options, options ?? {}),
    ...more,
    policy: { ...plainPolicy, ...common, ...policy },
  }
}

function ecosystemOf(id: string, ecosystems: readonly AnyEcosystem[]): AnyEcosystem {
  const found = ecosystems.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no ecosystem ${id}`)
  return found
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** The item of an index of `shelf` for a file with this content. */
export const item = (file: string, content: Uint8Array | string, more: Partial<ShelfItem> = {}): ShelfItem => ({
  file,
  version: '1.0.0',
  digests: { sha256: sha256(content) },
  size: Buffer.byteLength(content),
  ...more,
})

/** A suite of `chain`: the bytes of its root and lists by path. Lists hold contents of pool files by path. */
export function suite(
  name: string,
  date: number,
  lists: Readonly<Record<string, Readonly<Record<string, string>>>>,
  more: Partial<Root> = {},
): Record<string, string> {
  const files: Record<string, string> = {}
  const digests: Record<string, string> = {}
  for (const [list, pool] of Object.entries(lists)) {
    const document: List = {
      files: Object.entries(pool).map(([path, content]) => ({ path, sha256: sha256(content) })),
    }
    const text = JSON.stringify(document)
    digests[list] = sha256(text)
    files[`/${name}/lists/${list}`] = text
    Object.assign(files, pool)
  }
  const root: Root = { date, signature: 'good', lists: digests, ...more }
  files[`/${name}/root`] = JSON.stringify(root)
  return files
}
