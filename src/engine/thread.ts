// A worker thread: reads and renders large documents, so that the main thread's event loop stays free. It sees blobs as
// files and asks the main thread for everything else.

import { createReadStream } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import type { AnyEcosystem, Doc, Entry, Repo, Show, Shown } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { hashers } from '../formats/digest.ts'
import { doc } from './doc.ts'
import { compileJudge } from './judge.ts'
import { readEntries, render } from './means.ts'
import {
  type Call,
  type DocSource,
  type FromThread,
  HOLDINGS_PAGE,
  type JobBase,
  type KnownSource,
  type PlainError,
  type ReadJob,
  type Rendered,
  type ShownSource,
  type ToThread,
  type ViewJob,
} from './messages.ts'
import { sight } from './sight.ts'

const PIECE = 1024 * 1024

const { ecosystems: module } = workerData as { readonly ecosystems: string }
const { ecosystems } = (await import(module)) as { readonly ecosystems: readonly AnyEcosystem[] }
const calls = new Map<number, PromiseWithResolvers<ToThread & { type: 'reply' }>>()
let lastCall = 0

const say = (message: FromThread, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...transfer])

/** Groups of entries, or pieces, that may be under way to the main thread: a slow catalog or disk must not fill the memory. */
const AHEAD = 4
let ahead = 0
let taken = Promise.withResolvers<void>()

/** Says what the main thread takes in its own time; waits while too much is under way. */
async function hand(message: FromThread, transfer?: readonly ArrayBuffer[]): Promise<void> {
  while (ahead >= AHEAD) {
    taken = Promise.withResolvers()
    await taken.promise
  }
  ahead += 1
  say(message, transfer)
}

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'taken') {
    ahead -= 1
    taken.resolve()
    return
  }
  if (message.type === 'reply') {
    calls.get(message.call)?.resolve(message)
    calls.delete(message.call)
    return
  }
  const { id, job } = message
  const work = job.kind === 'read' ? read(id, job) : view(id, job)
  work.catch((error: unknown) => say({ type: 'failed', id, error: plain(error) }))
})

function plain(error: unknown): PlainError {
  const { code, message, facts } = asMirrorError(error)
  const { cause: _, ...rest } = facts
  return { code, message, facts: JSON.parse(JSON.stringify(rest)) as PlainError['facts'] }
}

async function ask(id: number, what: Call): Promise<(ToThread & { type: 'reply' })['value']> {
  lastCall += 1
  const call = lastCall
  const reply = Promise.withResolvers<ToThread & { type: 'reply' }>()
  calls.set(call, reply)
  say({ type: 'call', id, call, what })
  const { error, value } = await reply.promise
  if (error !== undefined) throw new MirrorError(error.code, error.message, error.facts)
  return value
}

function sourceDoc(source: DocSource): Doc {
  const beside = new Map(source.beside.map((one) => [one.head.path, sourceDoc(one)]))
  const { bytes, file, head } = source
  const stream: Doc['stream'] = (from = 0, to = head.size) => {
    if (bytes !== undefined)
      return (async function* () {
        yield bytes.subarray(from, to)
      })()
    if (file === undefined || to <= from) return (async function* () {})()
    return createReadStream(file, { start: from, end: to - 1, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>
  }
  return doc(head, stream, beside)
}

function placeOf(job: JobBase) {
  const ecosystem = ecosystems.find((one) => one.id === job.ecosystem)
  const route = ecosystem?.routes[job.route]
  if (ecosystem === undefined || route === undefined)
    throw new MirrorError('FAULT', `no route ${job.route} in ${job.ecosystem}`)
  const { service, ...plainRepo } = job.repo
  const repo: Repo = { ...plainRepo, ...(service === undefined ? {} : { service: sourceDoc(service) }) }
  return { ecosystem, route, repo }
}

async function read(id: number, job: ReadJob): Promise<void> {
  const { ecosystem, route, repo } = placeOf(job)
  const reading = { routes: ecosystem.routes, route, doc: sourceDoc(job.doc), p: job.p, repo }
  for await (const entries of readEntries(reading, (path) => say({ type: 'dropped', id, path })))
    await hand({ type: 'entries', id, entries })
  say({
    type: 'done',
    id,
    rendered: { there: true, until: Number.POSITIVE_INFINITY, sha256: '', size: 0, digests: {} },
  })
}

async function view(id: number, job: ViewJob): Promise<void> {
  const { ecosystem, route, repo } = placeOf(job)
  const judge = compileJudge(job.policy, {
    ecosystem: ecosystem.id,
    purl: ecosystem.purl,
    repo: job.repo.name,
    versions: ecosystem.versions,
  })
  const seen = sight(judge, job)
  let questions = 0
  const headers: Record<string, string> = {}
  const show: Show = {
    base: job.base,
    query: job.query,
    type: job.type,
    sees: seen.sees,
    allows: seen.allows,
    async document(path) {
      const known = (await ask(id, { method: 'document', path })) as KnownSource | undefined
      if (known === undefined) return undefined
      seen.learn(known)
      return sourceDoc(known.source)
    },
    async render(path, type) {
      const shown = (await ask(id, { method: 'render', path, ...(type === undefined ? {} : { type }) })) as
        | ShownSource
        | undefined
      return shown === undefined ? undefined : shownSource(shown)
    },
    async *holdings(name) {
      questions += 1
      const call: Call = { method: 'holdings', asked: questions, ...(name === undefined ? {} : { name }) }
      for (let length = HOLDINGS_PAGE; length === HOLDINGS_PAGE; ) {
        const page = (await ask(id, call)) as readonly Entry[]
        yield* page
        length = page.length
      }
    },
    states: (stated) => void Object.assign(headers, stated),
  }
  const document = job.doc === undefined ? undefined : sourceDoc(job.doc)
  const body = await render({ route, doc: document, p: job.p, repo }, show)
  if (body === undefined) {
    say({ type: 'done', id, rendered: { there: false, until: seen.until, sha256: '', size: 0, digests: {} } })
    return
  }
  const whole = body instanceof Uint8Array ? body : undefined
  const identity = await send(id, 'identity', body, route.hashes)
  const twin = job.twin && whole !== undefined ? await send(id, 'gzip', gzipSync(whole, { level: 6 })) : undefined
  say({
    type: 'done',
    id,
    rendered: { there: true, until: seen.until, headers, ...identity, ...(twin === undefined ? {} : { twin }) },
  })
}

const shownSource = (source: ShownSource): Shown => ({
  size: source.size,
  digests: source.digests,
  async *bytes() {
    yield source.bytes
  },
})

async function send(
  id: number,
  coding: 'identity' | 'gzip',
  body: Uint8Array | AsyncIterable<Uint8Array>,
  hashes: readonly string[] = [],
): Promise<Pick<Rendered, 'sha256' | 'size' | 'digests'>> {
  const hash = hashers(['sha256', ...hashes])
  let size = 0
  const pieces = body instanceof Uint8Array ? [body] : body
  for await (const part of pieces) {
    hash.update(part)
    size += part.length
    for (let at = 0; at < part.length; at += PIECE) {
      const piece = new Uint8Array(part.subarray(at, at + PIECE))
      await hand({ type: 'piece', id, coding, piece }, [piece.buffer])
    }
  }
  const digests = hash.digests()
  return { sha256: digests.sha256 ?? '', size, digests }
}
