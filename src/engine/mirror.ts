// The engine's state: the mounted repositories and the seams it works through. Built once by a command or the server.

import type { Catalog } from '../catalog/catalog.ts'
import type { Repository } from '../config/types.ts'
import type { AnyEcosystem, Platform, Repo } from '../contract.ts'
import type { Store } from '../store/store.ts'
import type { Client } from '../upstream/client.ts'
import type { Events } from './events.ts'
import type { Flights } from './flights.ts'
import type { Rules } from './fresh.ts'
import { compileRules } from './fresh.ts'
import type { Hashing } from './hashing.ts'
import type { Holder } from './hold.ts'
import type { Judge } from './judge.ts'
import { compileJudge } from './judge.ts'
import type { Room } from './room.ts'
import { compileSources, type Sources } from './sources.ts'
import type { Threads } from './threads.ts'

export interface MountedRepo {
  readonly settings: Repository
  readonly ecosystem: AnyEcosystem
  readonly repo: Repo
  readonly judge: Judge
  readonly rules: Rules
  readonly sources: Sources
}

export interface Mirror {
  readonly repos: ReadonlyMap<string, MountedRepo>
  readonly platforms: readonly Platform[]
  readonly catalog: Catalog
  readonly store: Store
  readonly client: Client
  readonly events: Events
  readonly flights: Flights
  readonly holder: Holder
  readonly threads: Threads
  readonly hashing: Hashing
  readonly room: Room
  /** The configured keyrings; with a name those of them that are of its kind, else the one of that name. */
  readonly keyrings: (configured: readonly string[], name?: string) => Promise<readonly Uint8Array[]>
  readonly offline: boolean
  /** The moment by which is judged; that of a snapshot stands still. Milliseconds since 1970. */
  now(): number
  /** What the clock says: for what is written down. */
  clock(): number
}

export function mount(settings: Repository, ecosystem: AnyEcosystem): MountedRepo {
  return {
    settings,
    ecosystem,
    repo: { name: settings.name, upstreams: settings.upstreams, options: settings.options },
    judge: compileJudge(settings.policy, {
      ecosystem: ecosystem.id,
      purl: ecosystem.purl,
      repo: settings.name,
      versions: ecosystem.versions,
    }),
    rules: compileRules(settings.policy),
    sources: compileSources(settings),
  }
}

/** Ends a mirror: nothing new is asked, what is under way is finished and written down. */
export async function closeMirror(mirror: Mirror): Promise<void> {
  const { client, flights, holder, threads, hashing, store, catalog } = mirror
  await client.close()
  await flights.idle()
  await holder.settle()
  await threads.close()
  await hashing.close()
  await store.close()
  catalog.close()
}
