// Kinds of value: what each takes, in words and as JSON schema, and how its text is read. A refusal is a MirrorError
// CONFIG that names the value; the key and the place are added by whoever knows them.

import path from 'node:path'
import { MirrorError } from '../errors.ts'
import { durationForm, endless, parseDuration } from '../formats/duration.ts'
import { parseSize, sizeForm } from '../formats/size.ts'
import { nearest } from './nearest.ts'
import type { Hook, KeepFree } from './types.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** What a text may refer to: the folder that relative paths start from, and `~`. */
export interface Base {
  readonly directory: string
  readonly home: string | undefined
}

export interface Kind<T> {
  /** For messages and docs: "a duration such as …". */
  readonly accepts: string
  readonly schema: JsonSchema
  /** Does it take several texts? */
  readonly several: boolean
  read(texts: readonly string[], base: Base): T
}

const refuse = (text: string, accepts: string, more = ''): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text)} is not ${accepts}${more}`)

function one<T>(accepts: string, schema: JsonSchema, read: (text: string, base: Base) => T): Kind<T> {
  return {
    accepts,
    schema,
    several: false,
    read(texts, base) {
      const [text] = texts
      if (text === undefined || texts.length > 1) throw new MirrorError('CONFIG', `takes one value: ${accepts}`)
      return read(text, base)
    },
  }
}

/** One or more of a kind: in a file a value or a list, elsewhere parted by commas. */
export const several = <T>(kind: Kind<T>): Kind<readonly T[]> => ({
  accepts: `${kind.accepts}, one or more`,
  schema: { anyOf: [kind.schema, { type: 'array', items: kind.schema }] },
  several: true,
  read: (texts, base) => texts.map((text) => kind.read([text], base)),
})

export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  const accepts = words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`
  return one(accepts, { enum: words }, (text) => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    const guess = nearest(text, words)
    throw refuse(text, accepts, guess === undefined ? '' : `; did you mean ${JSON.stringify(guess)}?`)
  })
}

const spellings: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
])
export const truth: Kind<boolean> = one('true or false', { type: 'boolean' }, (text) => {
  const found = spellings.get(text.toLowerCase())
  if (found === undefined) throw refuse(text, 'true or false')
  return found
})

const wholeForm = (least: number, most: number): string =>
  most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Kind<number> {
  const accepts = wholeForm(least, most)
  return one(accepts, { type: 'integer', minimum: least, maximum: most }, (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : -1
    if (number < least || number > most) throw refuse(text, accepts)
    return number
  })
}

/** A number of processes. */
export const workers: Kind<number | 'auto'> = one(
  'a whole number from 0 to 64, or auto',
  { anyOf: [{ type: 'integer', minimum: 0, maximum: 64 }, { enum: ['auto'] }] },
  (text, base) => (text === 'auto' ? text : whole(0, 64).read([text], base)),
)

/** Milliseconds; `words` mean Infinity. `zero` says why nothing at all is refused, where it is. */
export const duration = (words: readonly string[] = [], zero?: string): Kind<number> =>
  one(durationForm(words), measure, (text) => above(parseDuration(text, words), text, zero))

/** Bytes; `words` mean Infinity. */
export const size = (words: readonly string[]): Kind<number> =>
  one(sizeForm(words), measure, (text) => above(parseSize(text, words), text, emptying))

const percent = (text: string): number | undefined => {
  const [, number] = /^(\d{1,6}(?:\.\d{1,6})?)%$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) / 100
}

/** A part of something; `none` is Infinity. */
export const share: Kind<number> = one('a percentage such as 20%, or none', { type: 'string' }, (text) => {
  const found = text === 'none' ? Number.POSITIVE_INFINITY : percent(text)
  if (found === undefined) throw refuse(text, 'a percentage such as 20%, or none')
  return found
})

/** What stays free of a disk: a share of it, or bytes. */
export const room: Kind<KeepFree> = one(
  'a percentage such as 5%, or a size such as 20GiB',
  { type: ['string', 'integer'] },
  (text) => {
    const found = percent(text)
    if (found === undefined) return { bytes: parseSize(text) }
    if (found < 1) return { share: found }
    throw refuse(text, 'a percentage below 100%')
  },
)

const measure: JsonSchema = { type: ['string', 'integer'] }
const emptying = 'would empty or refuse everything; write "none" for no limit'

function above(value: number, text: string, zero: string | undefined): number {
  if (value > 0 || zero === undefined) return value
  throw new MirrorError('CONFIG', `${JSON.stringify(text)} ${zero}`)
}

/** The age at which something goes. */
export const span: Kind<number> = duration(endless, emptying)

/** The time from one run to the next. */
export const interval: Kind<number> = duration(['never'], 'leaves no pause; write "never" for no run at all')

/** The time that something may take. */
export const limit: Kind<number> = duration([], 'would refuse everything; write a longer one')

/** For how long an answer is fresh; `upstream` goes by the answer's own header fields. */
export const freshness: Kind<number | 'upstream'> = one(durationForm(['forever', 'upstream']), measure, (text) =>
  text === 'upstream' ? text : parseDuration(text, ['forever', 'upstream']),
)

export const word: Kind<string> = one('a text', { type: 'string' }, (text) => {
  if (text === '') throw new MirrorError('CONFIG', 'is empty')
  return text
})

/** An absolute path. */
export const file: Kind<string> = one('a path', { type: 'string' }, (text, base) => absolute(text, base))

export function absolute(text: string, { directory, home }: Base): string {
  if (text === '' || text.includes('\0')) throw refuse(text, 'a path')
  if (home !== undefined && /^~(\/|$)/.test(text)) return path.join(home, text.slice(1))
  return path.resolve(directory, text)
}

const isKeyringName = (text: string): boolean => /^[a-z0-9][a-z0-9-]*$/.test(text)

/** A shipped keyring's name as it is, anything else as an absolute path. */
export const keyring: Kind<string> = one('the name of a keyring or a path', { type: 'string' }, (text, base) =>
  isKeyringName(text) ? text : absolute(text, base),
)

/** An http or https address without a trailing slash, a user or a query. */
export const address: Kind<string> = one('an http or https address', { type: 'string', format: 'uri' }, (text) => {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw refuse(text, 'an http or https address')
  if (url.username !== '' || url.password !== '') {
    throw new MirrorError('CONFIG', 'the address holds a user or password', { hint: 'Write them under `credentials`.' })
  }
  if (url.search !== '' || url.hash !== '') throw refuse(text, 'a base address', ': it has a query or a fragment')
  return url.href.replace(/\/+$/, '')
})

/** Where a store or a catalog is kept: a path, or an address of a kind that its back end understands. */
export const place: Kind<string> = one('a path or an address', { type: 'string' }, (text, base) =>
  /^[a-z][a-z0-9+.-]+:/i.test(text) ? text : absolute(text, base),
)

/** `HOST:PORT`; a port alone is one of the loopback address. */
export const listen: Kind<string> = one('HOST:PORT, or a PORT', { type: ['string', 'integer'] }, (text) => {
  const [, host, port] = /^(?:(\[[0-9a-fA-F:.]{2,45}\]|[a-zA-Z0-9.-]{0,253}):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65535) throw refuse(text, 'HOST:PORT, or a PORT')
  if (host === '') return `0.0.0.0:${port}`
  return `${host ?? '127.0.0.1'}:${port}`
})

/** What is told of the beginning or the end of a run: an address, or a program with its arguments. */
export const hook: Kind<Hook> = {
  accepts: 'an http or https address, or a command and its arguments as a list',
  schema: { type: ['string', 'array'], items: { type: 'string' } },
  several: true,
  read(texts) {
    const [first = ''] = texts
    if (texts.length === 1 && /^https?:\/\//i.test(first) && URL.canParse(first)) return { url: first }
    if (first === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(first))
      throw refuse(first, 'an http or https address, or a command')
    if (texts.length === 1 && /\s/.test(first)) throw refuse(first, 'a command', '; write its words as a list')
    return { argv: texts }
  },
}

/** A path that a repository is mounted at: begins with a slash, ends without one. */
export const mount: Kind<string> = one('a path such as /npm', { type: 'string' }, (text) => {
  const bare = text.replace(/\/+$/, '')
  const segments = bare.split('/').slice(1)
  const good =
    bare.length <= 200 && segments.length > 0 && segments.every((part) => /^[A-Za-z0-9_~][A-Za-z0-9._~-]*$/.test(part))
  if (!bare.startsWith('/') || !good) throw refuse(text, 'a path such as /npm')
  return bare
})

/** A host name, or a glob of names such as `*.example.org`. */
export const host: Kind<string> = one('a host name such as *.example.org', { type: 'string' }, (text) => {
  const lower = text.toLowerCase()
  if (!/^[a-z0-9*.:[\]_-]{1,253}$/.test(lower)) throw refuse(text, 'a host name such as *.example.org')
  return lower
})

/** An outbound proxy; `env` goes by HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Its address may hold a user. */
export const proxy: Kind<string> = one('an http address, env or none', { type: 'string' }, (text) => {
  if (text === 'env' || text === 'none') return text
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw refuse(text, 'an http address, env or none')
  return text
})
