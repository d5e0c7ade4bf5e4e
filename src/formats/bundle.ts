// What a bundle says: its signed header, the lines of its list of entries, and the receipt that goes back. docs/bundles.md
// is the description for other tools. What is read here may come from anybody, so everything is bounded.

import * as v from 'valibot'
import { MirrorError } from '../errors.ts'
import { isHex } from './digest.ts'
import { safePath } from './safe-path.ts'

/** Names of the files of a bundle. Blobs are `blobs/sha256/ab/<64 hex digits>`. */
export const bundleFiles = {
  header: 'bundle.json',
  signature: 'bundle.json.minisig',
  entries: 'entries.jsonl',
  text: 'changes.txt',
  html: 'changes.html',
} as const

export const blobPath = (sha256: string): string => `blobs/sha256/${sha256.slice(0, 2)}/${sha256}`

/** Bytes of a header or receipt, and of its signature. */
export const mostHeader = 1024 * 1024
export const mostSignature = 16 * 1024
/** Characters of one line of entries. */
export const longestLine = 1024 * 1024
/** Bytes of one blob: that of the engine for an artifact whose size nobody states. */
const mostBlob = 64 * 1024 ** 3
/** Bundles that one may stand in for. */
const mostBases = 1000

const sha256 = v.pipe(
  v.string(),
  v.check((text) => isHex('sha256', text), 'is no sha256'),
)
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const text = (most: number) => v.pipe(v.string(), v.maxLength(most))
const file = v.strictObject({ sha256, size: count })
const series = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'is no series'))
const number = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const link = v.strictObject({ number, header: sha256 })

const headerForm = v.strictObject({
  schema: v.literal(1),
  type: v.literal('pkgmirror-bundle'),
  series,
  number,
  /** Which of these states it is put upon; none: upon nothing. Each with the sha256 of its header. */
  bases: v.pipe(v.array(link), v.maxLength(mostBases)),
  snapshot: v.strictObject({
    name: v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'is no name of a snapshot'),
      v.check((name) => !name.includes('..'), 'is no name of a snapshot'),
    ),
    made: count,
  }),
  entries: v.strictObject({ sha256, size: count, count }),
  blobs: v.strictObject({ count, bytes: count }),
  changes: v.strictObject({ text: file, html: file }),
})
export type BundleHeader = v.InferOutput<typeof headerForm>

const receiptForm = v.strictObject({
  schema: v.literal(1),
  type: v.literal('pkgmirror-receipt'),
  series,
  /** The last bundle that was taken, and the sha256 of its header: through it and its bases, of the whole state. */
  number,
  header: sha256,
  snapshot: text(100),
  taken: count,
})
export type Receipt = v.InferOutput<typeof receiptForm>

export const formatHeader = (header: BundleHeader): string => `${JSON.stringify(header, undefined, 2)}\n`
/** One line: the signature follows it in the same file. */
export const formatReceipt = (receipt: Receipt): string => `${JSON.stringify(receipt)}\n`

/** Throws BUNDLE. */
export const parseHeader = (bytes: Uint8Array, place: string): BundleHeader => document(headerForm, bytes, place)
/** Throws BUNDLE. */
export const parseReceipt = (bytes: Uint8Array, place: string): Receipt => document(receiptForm, bytes, place)

function document<const S extends v.GenericSchema>(form: S, bytes: Uint8Array, place: string): v.InferOutput<S> {
  return parsed(form, new TextDecoder().decode(bytes), place)
}

function parsed<const S extends v.GenericSchema>(
  form: S,
  text: string,
  place: string,
  line?: number,
): v.InferOutput<S> {
  const wrong = (why: string) => new MirrorError('BUNDLE', why, { file: place, line })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw wrong(`is no JSON: ${error instanceof Error ? error.message : ''}`)
  }
  const result = v.safeParse(form, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const at = (issue.path ?? []).map((step) => String('key' in step ? step.key : '')).join('.')
  throw wrong(`${at === '' ? 'the document' : at}: ${issue.message}`)
}

const repo = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'is no name of a repository'))
const path = v.pipe(
  text(1024),
  v.check((value) => {
    try {
      return safePath(value) === value
    } catch {
      return false
    }
  }, 'is no path of a repository'),
)
const place = { repo, path, variant: text(4096) }
/** A set of refs that changes as one, by its key; '' for what belongs to none. */
const set = text(1024)
const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const headers = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/)),
    v.pipe(text(8192), v.regex(/^[\t\x20-\x7e\x80-\uffff]*$/)),
  ),
  v.check((fields) => Object.keys(fields).length <= 64, 'has too many fields'),
)

const repositoryForm = v.strictObject({
  type: v.literal('repository'),
  name: repo,
  ecosystem: text(64),
  upstreams: v.pipe(v.array(text(2048)), v.maxLength(64)),
  sources: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          name: text(2048),
          upstreams: v.pipe(v.array(text(2048)), v.maxLength(64)),
          only: v.pipe(v.array(text(512)), v.maxLength(1000)),
          not: v.pipe(v.array(text(512)), v.maxLength(1000)),
        }),
      ),
      v.maxLength(64),
    ),
  ),
  mount: v.pipe(text(256), v.regex(/^\/[^\s?#\\]*$/)),
  options: v.unknown(),
  keyrings: v.pipe(v.array(text(1024)), v.maxLength(64)),
  builtin: v.boolean(),
})
const heldForm = v.strictObject({
  type: v.literal('held'),
  ...place,
  set,
  kind: v.picklist(['artifact', 'index']),
  sha256,
  size: v.pipe(count, v.maxValue(mostBlob)),
  name: v.optional(text(1024)),
  version: v.optional(text(1024)),
  media: text(256),
  url: text(8192),
  headers,
  proof: v.picklist(['signature', 'lockfile', 'digest', 'tls', 'first-seen']),
  proven: text(4096),
  /** When the path was first seen, where that counts. */
  seen: v.optional(v.strictObject({ first: time, baseline: v.boolean() })),
})
const goneForm = v.strictObject({
  type: v.literal('gone'),
  ...place,
  set,
  was: v.pipe(v.array(sha256), v.minLength(1), v.maxLength(mostBases)),
})
const lineForm = v.variant('type', [repositoryForm, heldForm, goneForm])

export type CarriedRepository = v.InferOutput<typeof repositoryForm>
/** A path that is held. */
export type HeldEntry = v.InferOutput<typeof heldForm>
/** A path that is not held any more, with the bytes that it had in the states that the bundle is put upon. */
export type GoneEntry = v.InferOutput<typeof goneForm>
export type BundleLine = v.InferOutput<typeof lineForm>

export const formatLine = (line: BundleLine): string => `${JSON.stringify(line)}\n`
/** Throws BUNDLE, with the line. */
export const parseLine = (text: string, place: string, line: number): BundleLine => parsed(lineForm, text, place, line)
