// Opens what every verb works on: the catalog, the store, the network and the mounted repositories of a data directory.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { type Catalog, openCatalog } from '../catalog/catalog.ts'
import type { Repository, Settings } from '../config/types.ts'
import { ecosystems } from '../ecosystems/index.ts'
import { createEvents, type Events } from '../engine/events.ts'
import { createFlights } from '../engine/flights.ts'
import { createHashing } from '../engine/hashing.ts'
import { createHolder } from '../engine/hold.ts'
import { closeMirror, type Mirror, type MountedRepo, mount as mounting } from '../engine/mirror.ts'
import { createRoom } from '../engine/room.ts'
import { createThreads } from '../engine/threads.ts'
import { MirrorError } from '../errors.ts'
import { openDiskStore } from '../store/disk.ts'
import type { Store } from '../store/store.ts'
import { loadKeyrings } from '../trust/keyring.ts'
import { createClient } from '../upstream/http.ts'
import { type Lock, type Locking, lock } from './lock.ts'
import { version } from './version.ts'

export interface WorkspaceOptions {
  /** Throws CONFIG when there is no data directory yet, instead of making one. */
  readonly mustExist?: boolean
  /** One writer at a time; it waits for `wait` of the settings. */
  readonly lock?: boolean | Locking
  readonly offline?: boolean
}

export interface Workspace {
  readonly mirror: Mirror
  readonly events: Events
  readonly settings: Settings
  /** Where the catalog's file and the store lie. */
  readonly places: { readonly catalog: string; readonly store: string }
  /** The catalog is new, or was when it was opened first, while the store has blobs: it does not know what is there. */
  readonly lost: boolean
  /** Files and bytes that a crash had left behind. */
  readonly cleaned: { readonly files: number; readonly bytes: number }
  close(): Promise<void>
}

export async function openWorkspace(settings: Settings, options: WorkspaceOptions = {}): Promise<Workspace> {
  const { data } = settings
  const file = catalogFile(settings)
  if (options.mustExist === true && !existsSync(file)) {
    const blobs = existsSync(path.join(settings.store ?? data, 'blobs'))
    throw new MirrorError('CONFIG', `there is no ${blobs ? 'catalog' : 'mirror'} at ${data}`, {
      file: data,
      hint: blobs ? FOUND_AGAIN : 'Run `pkgmirror sync MANIFEST` first, or name another directory with --data.',
    })
  }
  mkdirSync(data, { recursive: true })
  const locking = typeof options.lock === 'object' ? options.lock : undefined
  const held: Lock | undefined =
    options.lock === undefined || options.lock === false ? undefined : await lock(data, settings.wait, locking)
  try {
    return await open(settings, options, file, held)
  } catch (error) {
    held?.release()
    throw error
  }
}

export const catalogFile = ({ data, catalog }: Pick<Settings, 'data' | 'catalog'>): string =>
  catalog === undefined ? path.join(data, 'catalog.db') : directoryOf(catalog, 'catalog')

/** Where a part of the mirror lies, when not in the data directory. */
function directoryOf(place: string, key: string): string {
  if (!place.includes('://')) return place
  throw new MirrorError('CONFIG', `${key}: ${place} is no path`, {
    hint: `This version keeps its ${key} on disk only; name a path.`,
  })
}

async function open(
  settings: Settings,
  options: WorkspaceOptions,
  file: string,
  held: Lock | undefined,
): Promise<Workspace> {
  const isNew = !existsSync(file)
  const catalog = openCatalog(file)
  const places = { catalog: file, store: directoryOf(settings.store ?? settings.data, 'store') }
  const store = await openDiskStore(places.store)
  const cleaned = await store.clean()
  const lost = isLost(file) || (isNew && (await isLosing(file, store)))
  const events = createEvents()
  const repositories = withRecorded(settings, catalog)
  const offline = options.offline ?? settings.offline
  const client = createClient(repositories, {
    version,
    online: () => !offline,
    events: {
      answered: (ask, status, milliseconds) =>
        events.emit({ type: 'asked', repo: ask.repo, url: ask.url, status, milliseconds }),
    },
  })
  const mirror = assemble(settings, repositories, { catalog, store, client, events, offline })
  return {
    mirror,
    events,
    settings,
    places,
    lost,
    cleaned,
    async close() {
      await closeMirror(mirror)
      held?.release()
    },
  }
}

const FOUND_AGAIN = 'The blobs are there: `pkgmirror verify --rebuild` finds again what can be proven of them.'

/** Beside the catalog for as long as it is not the one that belongs to the store. */
export const lostMark = (catalog: string): string => `${catalog}.lost`

const isLost = (catalog: string): boolean => existsSync(lostMark(catalog))

async function isLosing(catalog: string, store: Store): Promise<boolean> {
  for await (const _ of store.list()) {
    writeFileSync(
      lostMark(catalog),
      'The catalog was new while the store had blobs; pkgmirror verify --rebuild removes this.\n',
    )
    return true
  }
  return false
}

/** What is said where the catalog was lost. */
export const lostWarning = ({ places, settings }: Pick<Workspace, 'places' | 'settings'>): MirrorError =>
  new MirrorError('DAMAGED', `the catalog ${places.catalog} is new, but the store at ${places.store} has blobs`, {
    file: settings.data,
    hint: FOUND_AGAIN,
  })

/** A mirror of these repositories over these parts. */
export function assemble(
  { platforms, keepFree }: Pick<Settings, 'platforms' | 'keepFree'>,
  repositories: readonly Repository[],
  parts: Pick<Mirror, 'catalog' | 'store' | 'client' | 'events' | 'offline'>,
): Mirror {
  const threads = createThreads(
    new URL(import.meta.url.endsWith('.ts') ? '../ecosystems/index.ts' : '../ecosystems/index.js', import.meta.url)
      .href,
    // never one alone: what is large would keep everybody else waiting
    Math.max(2, Math.min(4, availableParallelism() - 1)),
  )
  const now = Date.now
  return {
    ...parts,
    repos: repositoriesOf(repositories),
    platforms,
    flights: createFlights(),
    holder: createHolder(parts.catalog, parts.store, now),
    threads,
    hashing: createHashing(parts.store, availableParallelism() - 1),
    room: createRoom(parts.store, keepFree),
    keyrings: loadKeyrings,
    now,
    clock: now,
  }
}

/** By name, mounted. */
export const repositoriesOf = (repositories: readonly Repository[]): ReadonlyMap<string, MountedRepo> =>
  new Map(repositories.map((one) => [one.name, mounted(one)]))

function mounted(settings: Repository): MountedRepo {
  const ecosystem = ecosystems.find((one) => one.id === settings.ecosystem)
  if (ecosystem === undefined)
    throw new MirrorError('CONFIG', `${settings.name} is of the unknown ecosystem ${settings.ecosystem}`, {
      ...settings.where,
    })
  return mounting(settings, ecosystem)
}

/** What is recorded of a repository: enough to serve it without its configuration, and no secrets. */
export type Recorded = Pick<Repository, 'upstreams' | 'sources' | 'mount' | 'options' | 'keyrings' | 'builtin'>

/** The configured repositories, and those that earlier runs on this data directory used. */
function withRecorded(settings: Settings, catalog: Catalog): readonly Repository[] {
  const all = new Map(settings.repositories.map((one) => [one.name, one]))
  for (const { name, ecosystem, settings: stored } of catalog.repositories.list()) {
    const configured = all.get(name)
    if (configured !== undefined && !configured.builtin) continue
    if (!ecosystems.some((one) => one.id === ecosystem)) continue
    const like =
      configured ?? settings.repositories.find((one) => one.ecosystem === ecosystem) ?? settings.repositories[0]
    if (like === undefined || !isRecorded(stored)) continue
    if ([...all.values()].some((one) => one.name !== name && one.mount === stored.mount)) continue
    all.set(name, {
      ...like,
      ...stored,
      name,
      ecosystem,
      policy: configured?.policy ?? settings.policy,
      credentials: configured?.credentials ?? [],
    })
  }
  return [...all.values()]
}

const isRecorded = (value: unknown): value is Recorded =>
  typeof value === 'object' && value !== null && 'upstreams' in value && 'mount' in value

/** Remembers the repositories that a run used. */
export function record(mirror: Mirror, names: Iterable<string>): void {
  for (const name of names) {
    const found = mirror.repos.get(name)
    if (found === undefined) continue
    const { ecosystem } = found.settings
    mirror.catalog.repositories.record({
      name,
      ecosystem,
      settings: recordOf(found.settings),
      recorded: mirror.now(),
    })
  }
}

export const recordOf = ({ upstreams, sources, mount, options, keyrings, builtin }: Repository): Recorded => ({
  ...{ upstreams, mount, options, keyrings, builtin },
  ...(sources === undefined ? {} : { sources }),
})
