// Views that are shown while their document still arrives, where nothing of it can be hidden: a client has the first bytes
// when upstream has just begun. One at a time, in steps between which the event loop is free; others are rendered in threads.
// The last 64 KiB are held back until the document was verified. Where a flow cannot go on, the view that is made of the
// whole document goes on in its place, if it begins with what was shown.

import type { HeldRef } from '../catalog/rows.ts'
import type { Doc, Show } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { hashers } from '../formats/digest.ts'
import { type DocHead, doc } from './doc.ts'
import type { Flight } from './flights.ts'
import { GrowingFile } from './growing-file.ts'
import type { Mirror } from './mirror.ts'
import { besideDocs } from './obtain.ts'
import { INLINE_LIMIT, withService } from './read.ts'
import { generationKey, type Resource } from './resolve.ts'
import type { Growing } from './served.ts'
import { keepFlowed, keyOf, mustBeThere, type Viewing, viewOf } from './view.ts'
import type { Made } from './write.ts'

/** Larger documents might take more memory than this thread can spare. */
const LIMIT = 48 * 1024 * 1024
/** What is read at once: a step takes a few milliseconds. */
const PIECE = 64 * 1024
/** The one place in which a document flows. */
const PLACE = 'flow'

/** A document of which the first bytes have come. */
export interface Arrival {
  readonly type: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  follow(): Growing
}

export interface Flow extends Flight {
  readonly key: string
  /** Media type that is shown. */
  readonly type: string
  readonly arrival: Arrival
  /** When there are bytes to be shown; rejects when there will be none, and the view has to be made as any other. */
  readonly begun: Promise<void>
  /** The body, for one follower; undefined when it is over. */
  follow(): Growing | undefined
  /** The document was verified and lies in the store: what was shown is kept as its view. False when nothing was shown. */
  finish(ref: HeldRef): Promise<boolean>
  /** The document does not come. */
  fail(error: MirrorError): void
}

/** Can it flow at all? */
export const flows = (mirror: Mirror, resource: Resource): boolean =>
  resource.route.flow !== undefined &&
  resource.route.headers === undefined &&
  generationKey(resource) === undefined &&
  resource.mounted.judge.open &&
  !mirror.offline

/** The flow under way that a request may join. */
export function flowOf(mirror: Mirror, resource: Resource, viewing: Viewing): Flow | undefined {
  const flow = mirror.flights.get(PLACE) as Flow | undefined
  return flow?.key === keyOf(mirror, resource, viewing) ? flow : undefined
}

/** Begins to show a document that arrives; undefined where another one flows. */
export function beginFlow(mirror: Mirror, resource: Resource, viewing: Viewing, arrival: Arrival): Flow | undefined {
  if (mirror.flights.get(PLACE) !== undefined) return undefined
  return mirror.flights.share(PLACE, () => createFlow(mirror, resource, viewing, arrival))
}

function createFlow(mirror: Mirror, resource: Resource, viewing: Viewing, arrival: Arrival): Flow {
  const file = new GrowingFile(resource.path, undefined)
  const begun = Promise.withResolvers<void>()
  begun.promise.catch(() => undefined)
  const landed = Promise.withResolvers<void>()
  let over = false
  let finishing: Promise<boolean> | undefined
  const made = make().catch((error: unknown) => asMirrorError(error))

  /** Undefined when it could not go on to the end. */
  async function make(): Promise<Made> {
    const input = arrival.follow()
    try {
      await input.more(INLINE_LIMIT)
      if (input.released <= INLINE_LIMIT) throw unfit(resource, 'is small')
      await file.open(mirror.store.stage)
      return await write(input)
    } finally {
      input.leave()
    }
  }

  async function write(input: Growing): Promise<Made> {
    const { route, p } = resource
    const hash = hashers(['sha256', ...(route.hashes ?? [])])
    const body = route.flow?.(
      await docOf(mirror, resource, viewing, arrival, input),
      showOf(resource, viewing),
      p,
      await withService(mirror, resource),
    )
    for await (const piece of body ?? []) {
      hash.update(piece)
      await file.append([piece], piece.length)
      if (file.released > 0) begun.resolve()
    }
    await input.more(Number.POSITIVE_INFINITY)
    const digests = hash.digests()
    return { sha256: digests.sha256 ?? '', size: file.written, digests }
  }

  async function finish(ref: HeldRef): Promise<boolean> {
    const result = await made
    if (!(result instanceof MirrorError)) {
      file.finish()
      begun.resolve()
      await file.staged?.commit(result.sha256)
      await keepFlowed(mirror, resource, ref, viewing, result)
      return true
    }
    if (file.released === 0) throw result
    await goOn(mirror, resource, ref, viewing, file)
    file.finish()
    return true
  }

  async function end(error?: MirrorError): Promise<void> {
    if (over) return
    over = true
    const failure = error ?? unfit(resource, 'was not shown')
    begun.reject(failure)
    file.fail(failure)
    // who is told that it began has followed it by now
    await made
    await file.close()
    landed.resolve()
  }

  return {
    key: keyOf(mirror, resource, viewing),
    type: viewing.type,
    arrival,
    begun: begun.promise,
    landed: landed.promise,
    follow: () => (over ? undefined : file.follow()),
    finish(ref) {
      finishing ??= finish(ref).then(
        async () => {
          await end()
          return true
        },
        async (error: unknown) => {
          const shown = file.released > 0
          await end(asMirrorError(error))
          return shown
        },
      )
      return finishing
    },
    fail: (error) => void (finishing ?? end(error)),
  }
}

const unfit = ({ path }: Resource, why: string): MirrorError => new MirrorError('FAULT', `${path} ${why}`, { path })

async function docOf(
  mirror: Mirror,
  resource: Resource,
  viewing: Viewing,
  { type, url, headers }: Arrival,
  input: Growing,
): Promise<Doc> {
  const head: DocHead = { path: resource.path, url, type, size: Number.POSITIVE_INFINITY, digests: {}, headers }
  const stream = (from?: number, to?: number) => pieces(resource, input, from, to)
  return doc(head, stream, await besideDocs(mirror, resource, type, viewing.scope))
}

async function* pieces(
  resource: Resource,
  input: Growing,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; ) {
    await input.more(at)
    if (input.released > LIMIT) throw unfit(resource, 'is too large to be shown while it arrives')
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, to - at))
    const count = await input.read(buffer, at)
    if (count === 0) return
    at += count
    yield buffer.subarray(0, count)
  }
}

/** Everything is shown, and nothing else is asked for. */
function showOf(resource: Resource, { base, type }: Viewing): Show {
  const fault = (): never => {
    throw unfit(resource, 'asks for another document')
  }
  return {
    base,
    query: resource.query,
    type,
    sees: () => true,
    allows: () => true,
    document: async () => fault(),
    render: async () => fault(),
    holdings: () => fault(),
    states: () => fault(),
  }
}

/** The view of the whole document goes on where the flow stopped, if it begins with what was written. */
async function goOn(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  viewing: Viewing,
  file: GrowingFile,
): Promise<void> {
  const view = mustBeThere(await viewOf(mirror, resource, ref, viewing), resource)
  const { written, staged } = file
  const other = (): MirrorError =>
    new MirrorError('TRUNCATED', `${resource.path} is shown otherwise than it began`, { path: resource.path })
  if (view.size < written || staged === undefined) throw other()
  let at = 0
  for await (const piece of mirror.store.stream(view.sha256)) {
    const same = Math.max(0, Math.min(piece.length, written - at))
    const shown = Buffer.alloc(same)
    for (let read = 0; read < same; ) {
      const count = await staged.read(shown.subarray(read), at + read)
      if (count === 0) throw other()
      read += count
    }
    if (shown.compare(piece, 0, same) !== 0) throw other()
    if (same < piece.length) await file.append([piece.subarray(same)], piece.length - same)
    at += piece.length
  }
}
