// Documents that a check proves along with its own, all together or not at all: tiles of a tree under a signed head. Their
// own routes do not check them here, so none is held before that check has returned.

import type { HeldRef } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import type { Digests, Doc } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { fromSources, wantedOf } from './asking.ts'
import { type DocHead, heldDoc } from './doc.ts'
import { type Arrived, download } from './download.ts'
import { task } from './flights.ts'
import { demand, emptyRef, refOf, typeOf } from './held-ref.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { mustResolve, type Resource } from './resolve.ts'
import type { Said } from './said.ts'
import type { Scope } from './scope.ts'
import { plainSpace } from './space.ts'

export interface Gathered {
  /** What is held there, or upstream's bytes; undefined when upstream does not have it. */
  document(path: string): Promise<Doc | undefined>
  /** Holds what was fetched, proven in these words. */
  hold(proven: string | undefined): Promise<void>
}

/** Nobody vouches for it: the check that gathers it proves it. */
const unsaid: Said = { entry: {}, vouched: false, proof: undefined, words: '', seen: undefined }

interface Fresh {
  readonly resource: Resource
  readonly head: DocHead
  readonly digests: Digests & { readonly sha256: string }
}

export function gather(mirror: Mirror, mounted: MountedRepo, scope: Scope): Gathered {
  const { name } = mounted.settings
  const fetched = new Map<string, Promise<Fresh | undefined>>()

  /** Shared with other checks that want the same at the same time. */
  const fetch = (resource: Resource): Promise<Fresh | undefined> =>
    mirror.flights.share(`along ${name} ${resource.path}`, () => task(() => fetchBytes(mirror, resource, scope))).landed

  return {
    async document(path) {
      const ref = mirror.catalog.refs.get(name, path, '', 0)
      if (isHeld(ref)) return heldDoc(mirror, ref)
      const resource = mustResolve(mounted, path)
      const under = fetched.get(path) ?? fetch(resource)
      fetched.set(path, under)
      const fresh = await under
      return fresh && heldDoc(mirror, { ...emptyRef(resource, 0), ...plainOf(fresh.head) })
    },
    async hold(proven) {
      const all = (await Promise.all(fetched.values())).filter((one) => one !== undefined)
      if (all.length === 0) return
      const refs = all.map(({ resource, head }) => refFor(mirror, resource, head, proven))
      const blobs = all.map(({ digests, head }) => ({ sha256: digests.sha256, size: head.size, digests }))
      await mirror.holder.hold({ blobs, refs })
      fetched.clear()
    },
  }
}

const plainOf = ({ digests, size, url, type }: DocHead): Pick<HeldRef, 'sha256' | 'size' | 'url' | 'type'> => ({
  sha256: digests.sha256 ?? '',
  size,
  url,
  type,
})

async function fetchBytes(mirror: Mirror, resource: Resource, scope: Scope): Promise<Fresh | undefined> {
  const started = performance.now()
  const { mounted, path } = resource
  const told = { type: 'finished', repo: mounted.settings.name, path } as const
  try {
    const fresh = await fromSources(
      mirror,
      resource,
      {},
      mounted.repo,
      async (repo) =>
        download(mirror, await wantedOf(mirror, resource, repo, unsaid, undefined, scope), (arrived, release) => {
          release()
          return keep(resource, arrived)
        }).landed,
    )
    const milliseconds = performance.now() - started
    mirror.events.emit({ ...told, outcome: 'fetched', bytes: fresh.head.size, milliseconds, url: fresh.head.url })
    return fresh
  } catch (thrown) {
    const error = asMirrorError(thrown)
    const outcome = error.code === 'NOT_FOUND' ? 'missing' : 'failed'
    mirror.events.emit({ ...told, outcome, bytes: 0, milliseconds: performance.now() - started, error })
    if (error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** The bytes lie in the store from here on; until a ref names them they are what gc calls garbage. */
async function keep(resource: Resource, { body, headers, url }: Arrived): Promise<Fresh> {
  const { path } = resource
  if (body === undefined)
    throw new MirrorError('UPSTREAM_STATUS', `upstream answered without bytes for ${path}`, { path })
  const { staged, size, digests } = body
  await staged.commit(digests.sha256)
  return { resource, digests, head: { path, url, type: typeOf(headers), size, digests, headers } }
}

function refFor(mirror: Mirror, resource: Resource, head: DocHead, proven: string | undefined): HeldRef {
  const space = plainSpace(mirror, resource.mounted.settings.name)
  const settling = { resource, space, stated: unsaid, before: undefined, asked: mirror.now() }
  const ref = refOf(mirror, settling, head, { proven }, head.url)
  demand(resource, ref)
  return ref
}
