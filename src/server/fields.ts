// The header fields of an answer, in the flat form that node:http writes without copying: name, value, name, value.

import type { Served } from '../engine/served.ts'
import { formatHttpDate } from '../formats/http-date.ts'
import { codingsOf, tagOfCoding } from './codings.ts'
import type { Part } from './ranges.ts'

/** Fields that are ours to state, whatever `Served.headers` holds. */
const ours: ReadonlySet<string> = new Set([
  'accept-ranges',
  'connection',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'keep-alive',
  'last-modified',
  'transfer-encoding',
  'vary',
  'x-content-type-options',
])

/** Types that a browser would run scripts of; upstream's pages are shown without that right. */
const active = /^(?:text\/html|image\/svg\+xml|application\/xhtml\+xml|text\/xml|application\/xml)\b/i

/** Entity tags by coding, that of `coding` first; none when the answer has none. */
export function tagsOf(served: Served, coding: string | undefined): readonly string[] {
  const { etag, twins, twinTags } = served
  if (etag === undefined) return []
  if (twins === undefined) return [etag]
  const tagOf = (each: string | undefined): string =>
    twinTags === 'weak' && each !== undefined ? weakened(etag) : tagOfCoding(etag, each)
  return [...new Set([tagOf(coding), ...[undefined, ...codingsOf(twins)].map(tagOf)])]
}

const weakened = (tag: string): string => (tag.startsWith('W/') ? tag : `W/${tag}`)

/** What every answer about this body says, whole or not; `tag` is the entity tag it speaks of. */
function shared(served: Served, tag: string | undefined, skip: (name: string) => boolean): string[] {
  const fields = ['X-Content-Type-Options', 'nosniff', 'Accept-Ranges', served.whole === true ? 'none' : 'bytes']
  let vary = ''
  for (const [name, value] of Object.entries(served.headers)) {
    const key = name.toLowerCase()
    if (key === 'vary') vary = value
    if (!ours.has(key) && !skip(key)) fields.push(name, value)
  }
  if (tag !== undefined) fields.push('ETag', tag)
  const modified = served.modified === undefined ? undefined : formatHttpDate(served.modified)
  if (modified !== undefined) fields.push('Last-Modified', modified)
  if (served.twins !== undefined) vary = withAcceptEncoding(vary)
  if (vary !== '') fields.push('Vary', vary)
  return fields
}

function withAcceptEncoding(vary: string): string {
  if (vary === '') return 'Accept-Encoding'
  return /(?:^|[ ,])(?:\*|accept-encoding)(?:$|[ ,])/i.test(vary) ? vary : `${vary}, Accept-Encoding`
}

const nothing = (): boolean => false
/** Fields that describe the bytes of the plain body, and would be wrong beside a coded one. RFC 9530 §3. */
const ofPlainBody: ReadonlySet<string> = new Set(['content-encoding', 'repr-digest', 'digest', 'content-md5'])

/** The whole (200): `size` in bytes when it is known. */
export function wholeFields(served: Served, coding: string | undefined, size: number | undefined): string[] {
  const skip = coding === undefined ? nothing : (name: string) => ofPlainBody.has(name)
  const fields = shared(served, tagsOf(served, coding)[0], skip)
  fields.push('Content-Type', served.type === '' ? 'application/octet-stream' : served.type)
  if (coding !== undefined) fields.push('Content-Encoding', coding)
  if (active.test(served.type) && !states(fields, 'content-security-policy'))
    fields.push('Content-Security-Policy', "sandbox; default-src 'none'")
  if (size !== undefined) fields.push('Content-Length', String(size))
  return fields
}

/** A part (206); `size` is of the whole, undefined while nobody knows it. */
export function partFields(served: Served, coding: string | undefined, part: Part, size: number | undefined): string[] {
  const fields = wholeFields(served, coding, part.to - part.from)
  fields.push('Content-Range', `bytes ${part.from}-${part.to - 1}/${size ?? '*'}`)
  return fields
}

/** 304: what a cache updates what it has with, nothing about the body that is not sent. RFC 9110 §15.4.5. */
export function unchangedFields(served: Served, tag: string | undefined): string[] {
  return shared(served, tag, (name) => name.startsWith('content-') && name !== 'content-location')
}

/** 412 and 416: the validators, and nothing that would let a cache keep it. */
export function refusedFields(served: Served, coding: string | undefined, size?: number): string[] {
  const refused = (name: string): boolean =>
    name === 'cache-control' || name === 'expires' || (name.startsWith('content-') && name !== 'content-location')
  const fields = shared(served, tagsOf(served, coding)[0], refused)
  fields.push('Cache-Control', 'no-store', 'Content-Length', '0')
  if (size !== undefined) fields.push('Content-Range', `bytes */${size}`)
  return fields
}

function states(fields: readonly string[], name: string): boolean {
  return fields.some((field, index) => index % 2 === 0 && field.toLowerCase() === name)
}
