// What one file of a published tree has to be like behind a web server, as clients ask for it.

import { createHash } from 'node:crypto'
import { encodePath } from '../formats/safe-path.ts'
import type { ManifestEntry } from '../formats/tree-manifest.ts'
import type { Probed, Prober } from '../upstream/probe.ts'

/** `note`: clients get along without. */
export const problems = {
  status: 'error',
  bytes: 'error',
  length: 'error',
  type: 'error',
  field: 'error',
  encoding: 'error',
  redirect: 'error',
  index: 'error',
  slash: 'error',
  range: 'error',
  'no-ranges': 'note',
  'no-length': 'note',
  'type-unknown': 'note',
} as const

export type ProblemKind = keyof typeof problems

export interface Problem {
  /** As it was asked for, with a slash in front. */
  readonly path: string
  readonly what: ProblemKind
  readonly expected: string
  readonly found: string
}

export interface Site {
  readonly prober: Prober
  /** Address of the tree, without a trailing slash. */
  readonly url: string
}

/** A range asked for, of files that have as much. */
const PART = { from: 1, to: 2 } as const
const MOST_REDIRECTS = 3

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly sha256: string
  readonly size: number
  /** The bytes of `PART`. */
  readonly part: Uint8Array
  /** Where it was led to that is elsewhere. */
  readonly astray?: string
}

/** What is packed already: a second packing costs, and what is taken off again is not what the digest is of. */
const packed = /\.(?:gz|tgz|crate|whl|zip|jar|war|deb|gem|rz|xz|bz2|zst|tar)$/
/** Types that clients look at, and those that names tell. */
const strictTypes: Readonly<Record<string, string>> = { html: 'text/html' }
const looseTypes: Readonly<Record<string, string>> = { json: 'application/json' }

export async function* checkFile(site: Site, entry: ManifestEntry): AsyncGenerator<Problem> {
  const path = `/${encodePath(entry.path)}`
  const got = await get(site, path)
  const wrong = sameFile(path, got, entry)
  yield* wrong
  if (wrong.length > 0) return
  yield* fieldsOf(path, got, entry)
  yield* await rangeOf(site, path, got, entry)
  yield* await encodingOf(site, path, entry)
  yield* await namesOf(site, entry)
}

async function get(site: Site, path: string): Promise<Got> {
  let url = `${site.url}${path}`
  for (let hops = 0; ; hops += 1) {
    const answer = await site.prober.ask('GET', url, { 'accept-encoding': 'identity' })
    const { location } = answer.headers
    if (answer.status < 300 || answer.status > 399 || location === undefined || hops === MOST_REDIRECTS)
      return read(answer)
    answer.discard()
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined
    if (next === undefined || next.origin !== new URL(site.url).origin)
      return {
        status: answer.status,
        headers: answer.headers,
        sha256: '',
        size: 0,
        part: Buffer.of(),
        astray: location,
      }
    url = next.href
  }
}

async function read({ status, headers, body }: Probed): Promise<Got> {
  const hash = createHash('sha256')
  const head: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    if (size <= PART.to) head.push(piece)
    hash.update(piece)
    size += piece.length
  }
  const part = Buffer.concat(head).subarray(PART.from, PART.to + 1)
  return { status, headers, sha256: hash.digest('hex'), size, part }
}

function sameFile(path: string, got: Got, entry: ManifestEntry): readonly Problem[] {
  if (got.astray !== undefined)
    return [{ path, what: 'redirect', expected: 'the same host and port', found: got.astray }]
  if (got.status !== 200) return [{ path, what: 'status', expected: '200', found: String(got.status) }]
  const encoding = got.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return [{ path, what: 'encoding', expected: 'none, as was asked', found: encoding }]
  if (got.sha256 === entry.sha256) return []
  const [expected, found] = [entry, got].map(({ sha256, size }) => `${size} bytes, sha256 ${sha256}`)
  return [{ path, what: 'bytes', expected: expected ?? '', found: found ?? '' }]
}

function* fieldsOf(path: string, { headers, size }: Got, entry: ManifestEntry): Generator<Problem> {
  const length = headers['content-length']
  if (length === undefined) yield { path, what: 'no-length', expected: String(size), found: 'no Content-Length' }
  else if (length !== String(size)) yield { path, what: 'length', expected: String(size), found: length }
  const extension = /\.([a-z0-9]+)$/.exec(entry.path)?.[1] ?? ''
  const stated = entry.fields['content-type']
  const found = headers['content-type'] ?? 'none'
  const bare = (found.split(';')[0] ?? '').trim().toLowerCase()
  const expected = stated ?? strictTypes[extension]
  if (expected !== undefined && bare !== expected) yield { path, what: 'type', expected, found }
  const loose = stated === undefined ? looseTypes[extension] : undefined
  if (loose !== undefined && bare !== loose) yield { path, what: 'type-unknown', expected: loose, found }
  for (const [name, value] of Object.entries(entry.fields)) {
    if (name === 'content-type' || headers[name] === value) continue
    yield { path, what: 'field', expected: `${name}: ${value}`, found: headers[name] ?? 'none' }
  }
}

async function rangeOf(site: Site, path: string, got: Got, { size }: ManifestEntry): Promise<readonly Problem[]> {
  if (size <= PART.to || path.endsWith('/index.html') || path.endsWith('/index.json')) return []
  const range = `bytes=${PART.from}-${PART.to}`
  const answer = await site.prober.ask('GET', `${site.url}${path}`, { range, 'accept-encoding': 'identity' })
  if (answer.status === 200) {
    answer.discard()
    return [{ path, what: 'no-ranges', expected: '206', found: '200' }]
  }
  const part = Buffer.concat(await Array.fromAsync(bounded(answer.body)))
  const said = answer.headers['content-range'] ?? 'no Content-Range'
  const right = `bytes ${PART.from}-${PART.to}/${size}`
  if (answer.status === 206 && said === right && part.equals(got.part)) return []
  return [{ path, what: 'range', expected: `206, ${right}`, found: `${answer.status}, ${said}` }]
}

/** As much of a body as a right answer has, and a little more. */
async function* bounded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of body) {
    yield piece
    size += piece.length
    if (size > 1024) return
  }
}

/** Does a client that takes any coding get packed files, and files of which a digest is sent, as they are? */
async function encodingOf(site: Site, path: string, entry: ManifestEntry): Promise<readonly Problem[]> {
  if (!packed.test(entry.path) && Object.keys(entry.fields).length === 0) return []
  const answer = await site.prober.ask('HEAD', `${site.url}${path}`, { 'accept-encoding': 'gzip, br, zstd' })
  answer.discard()
  const encoding = answer.headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' ? [] : [{ path, what: 'encoding', expected: 'none', found: encoding }]
}

/** Other names of a file: of a folder's index that of the folder, and of a scoped one that with an escaped slash. */
async function namesOf(site: Site, entry: ManifestEntry): Promise<readonly Problem[]> {
  const folder = /^(?:(.+)\/)?index\.(?:html|json)$/.exec(entry.path)
  if (folder === null) return []
  const at = folder[1] === undefined ? '' : `/${encodePath(folder[1])}`
  const found: Problem[] = []
  const json = entry.path.endsWith('.json')
  // a page is asked for with a slash, a document without
  await same(json ? at : `${at}/`, 'index')
  const scoped = /^(.*\/@[^/]+)\/([^/]+)$/.exec(at)
  if (json && scoped !== null) await same(`${scoped[1]}%2f${scoped[2]}`, 'slash')
  return found

  async function same(path: string, what: 'index' | 'slash'): Promise<void> {
    const got = await get(site, path)
    if (got.astray !== undefined)
      found.push({ path, what: 'redirect', expected: 'the same host and port', found: got.astray })
    else if (got.status !== 200 || got.sha256 !== entry.sha256) {
      const expected = `what /${entry.path} has`
      found.push({ path, what, expected, found: got.status === 200 ? `${got.size} other bytes` : String(got.status) })
    }
  }
}
