// Links as nearly every index writes them, `<a href="…" data-…="…">name</a><br/>`, found without a parser of HTML: a page may
// have a hundred thousand. Whatever is written in another way is left to that parser (page-html.ts), with the same result.

import type { Parser } from 'htmlparser2'

export type Attributes = Readonly<Record<string, string | undefined>>

/** With the line break and the blanks behind it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is not looked at here
const link = /<a((?: [a-z][a-z-]*="[^"\u0000-\u001f]*")+)>[^<]*<\/a>(?:<br ?\/?>)?[ \t\r\n]*/y
const entities: Readonly<Record<string, string>> = { gt: '>', lt: '<', amp: '&', quot: '"', '#39': "'", '#x27': "'" }
const entity = /&(?:([a-z]+|#39|#x27);)?/g

export interface Link {
  readonly attributes: Attributes
  /** Where it ends. */
  readonly end: number
}

/** The link at a place of a text that lies between two tags; undefined where it is none, or not plainly written. */
export function linkAt(text: string, at: number): Link | undefined {
  link.lastIndex = at
  const written = link.exec(text)?.[1]
  const attributes = written === undefined ? undefined : attributesOf(written)
  return attributes && { attributes, end: link.lastIndex }
}

/** Of ` name="value" name="value"`. Of two with one name the first counts. */
function attributesOf(written: string): Attributes | undefined {
  const found: Record<string, string> = {}
  for (let at = 1; at < written.length; ) {
    const equals = written.indexOf('=', at)
    const end = written.indexOf('"', equals + 2)
    const name = written.slice(at, equals)
    if (!Object.hasOwn(found, name)) {
      const value = decoded(written.slice(equals + 2, end))
      if (value === undefined) return undefined
      found[name] = value
    }
    at = end + 2
  }
  return found
}

/** Undefined for entities beyond those that every generator uses. */
function decoded(value: string): string | undefined {
  if (!value.includes('&')) return value
  let known = true
  const text = value.replace(entity, (_, name = '') => {
    known &&= Object.hasOwn(entities, name)
    return entities[name] ?? ''
  })
  return known ? text : undefined
}

/** Elements between which a link means what it says, whatever else is open. */
const usual = new Set([
  ...['html', 'head', 'meta', 'title', 'link', 'base', 'body', 'h1', 'h2', 'p', 'div', 'span', 'pre', 'hr', 'br', 'a'],
  ...['ul', 'ol', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'em', 'strong', 'code', 'small'],
])
export const isUsual = (tag: string): boolean => usual.has(tag)

interface Tokenizer {
  readonly state?: unknown
  readonly isSpecial?: unknown
}
const tokenizerOf = (parser: Parser): Tokenizer =>
  (parser as unknown as { readonly tokenizer?: Tokenizer }).tokenizer ?? {}

/** A function that tells whether a new parser is between two tags; never, where that cannot be told of this parser. */
export function betweenTags(parser: Parser): () => boolean {
  const { state: text } = tokenizerOf(parser)
  return () => {
    const { state, isSpecial } = tokenizerOf(parser)
    return typeof text === 'number' && state === text && isSpecial === false
  }
}
