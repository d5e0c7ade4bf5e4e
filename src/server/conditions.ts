// What a client's conditions say of the answer it would get. RFC 9110 §13: pure, evaluated here against what is
// held; a client's conditions never travel upstream.

import { parseHttpDate, wholeSeconds } from '../formats/http-date.ts'

/** The validators of one answer. `tags` holds the entity tag of every coding, that of the chosen one first. */
export interface Validators {
  readonly tags: readonly string[]
  /** Milliseconds since 1970. */
  readonly modified: number | undefined
}

export interface Conditions {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
  readonly 'if-unmodified-since'?: string | undefined
  readonly 'if-range'?: string | undefined
}

export type Condition =
  | { readonly holds: true }
  /** 304, with the entity tag that the client named. */
  | { readonly holds: false; readonly status: 304; readonly tag: string | undefined }
  | { readonly holds: false; readonly status: 412 }

const send: Condition = { holds: true }

/** Entity tags in a list: weak prefix, then the quoted opaque part, which may hold commas. RFC 9110 §8.8.3. */
const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

const tagsIn = (list: string): readonly string[] => list.match(entityTag) ?? []
const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag)

/** In the order of RFC 9110 §13.2.2; for GET and HEAD alone. */
export function judgeConditions(asked: Conditions, { tags, modified }: Validators): Condition {
  const match = asked['if-match']
  if (match !== undefined) {
    const current = tags[0]
    const named = match.trim() === '*' || (current !== undefined && tagsIn(match).includes(current))
    if (!named) return { holds: false, status: 412 }
  } else if (isModifiedSince(asked['if-unmodified-since'], modified) === true) {
    return { holds: false, status: 412 }
  }

  const noneMatch = asked['if-none-match']
  if (noneMatch !== undefined) {
    const [first] = tags
    if (noneMatch === first || noneMatch.trim() === '*') return { holds: false, status: 304, tag: first }
    const named = new Set(tagsIn(noneMatch).map(opaque))
    const tag = tags.find((own) => named.has(opaque(own)))
    return tag === undefined ? send : { holds: false, status: 304, tag }
  }
  if (isModifiedSince(asked['if-modified-since'], modified) === false)
    return { holds: false, status: 304, tag: tags[0] }
  return send
}

/** Undefined when the client named no readable date or the answer has none. */
function isModifiedSince(date: string | undefined, modified: number | undefined): boolean | undefined {
  if (date === undefined || modified === undefined) return undefined
  const since = parseHttpDate(date)
  return since === undefined ? undefined : wholeSeconds(modified) > since
}

/**
 * May a Range be answered with a part? RFC 9110 §13.1.5: the strong entity tag, exactly; or exactly the
 * Last-Modified date, when that is at least a second old (`now` in milliseconds), so that no second change can share it.
 */
export function rangeHolds(asked: Conditions, { tags, modified }: Validators, now: number): boolean {
  const text = asked['if-range']?.trim()
  if (text === undefined) return true
  if (text.endsWith('"')) return text === tags[0] && !text.startsWith('W/')
  if (modified === undefined) return false
  return parseHttpDate(text) === wholeSeconds(modified) && wholeSeconds(modified) <= now - 1000
}
