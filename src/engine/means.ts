// What a document means and how it is shown, as pure work over plain data: the same for the main thread and for the
// worker threads.

import type { AnyRoute, Bytes, Doc, Entry, Params, Repo, Show } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { safePath } from '../formats/safe-path.ts'

/** Entries are handed on in groups of this many. */
const BATCH = 500

/**
 * A document may state facts about itself, about paths that name it as voucher or as what dates them, about those that lie
 * under it, and about what its `about` covers.
 */
function mayState(
  routes: readonly AnyRoute<unknown>[],
  repo: Repo,
  by: string,
  about: readonly string[],
  path: string,
): boolean {
  if (!isSafe(path)) return false
  if (path === by || path.startsWith(by.endsWith('/') ? by : `${by}/`)) return true
  if (about.some((prefix) => path.startsWith(prefix))) return true
  for (const route of routes) {
    const p = route.match(path)
    if (p !== undefined) return [route.vouchers?.(p, repo), route.dates?.(p, repo)].some((all) => all?.includes(by))
  }
  return false
}

/** A path that no client can ask for must not be asked of upstream either. */
function isSafe(path: string): boolean {
  try {
    safePath(path)
    return true
  } catch {
    return false
  }
}

export interface Reading {
  readonly routes: readonly AnyRoute<unknown>[]
  readonly route: AnyRoute<unknown>
  readonly doc: Doc
  readonly p: Params
  readonly repo: Repo
}

/** The entries of a document, in groups; those that it may not state are counted and dropped. */
export async function* readEntries(
  reading: Reading,
  dropped: (path: string) => void,
): AsyncGenerator<readonly Entry[]> {
  const { routes, route, doc, p, repo } = reading
  if (route.read === undefined) return
  const about = route.about?.(p) ?? []
  let batch: Entry[] = []
  try {
    for await (const said of route.read(doc, p, repo)) {
      for (const entry of isGroup(said) ? said : [said]) {
        if (!mayState(routes, repo, doc.path, about, entry.path)) {
          dropped(entry.path)
          continue
        }
        batch.push(entry)
        if (batch.length < BATCH) continue
        yield batch
        batch = []
      }
    }
  } catch (error) {
    throw unreadable(error, doc)
  }
  if (batch.length > 0) yield batch
}

const isGroup = (said: Entry | readonly Entry[]): said is readonly Entry[] => Array.isArray(said)

export interface Rendering {
  readonly route: AnyRoute<unknown>
  readonly doc: Doc | undefined
  readonly p: Params
  readonly repo: Repo
}

/** The body for clients; undefined when the view says that it is not there. */
export async function render(rendering: Rendering, show: Show): Promise<Bytes | undefined> {
  const { route, doc, p, repo } = rendering
  try {
    return await route.view?.(doc, show, p, repo)
  } catch (error) {
    throw unreadable(error, doc)
  }
}

/** A parser's own complaint names no document; this one does. */
function unreadable(error: unknown, doc: Doc | undefined): MirrorError {
  if (error instanceof MirrorError) return error
  const what = doc === undefined ? 'a made document' : doc.path
  const message = error instanceof Error ? error.message : String(error)
  return new MirrorError('UNREADABLE', `${what} cannot be read: ${message}`, {
    path: doc?.path,
    url: doc?.url,
    cause: error,
  })
}
