// The heads of plain requests: GET in origin-form with fields about which no two readers can disagree. Everything else is
// for Node's parser.

import { ACCEL_FIELD } from './accel.ts'
import type { Conditions } from './conditions.ts'

export interface Plain extends Conditions {
  readonly url: string
  readonly host: string
  readonly accept?: string
  readonly 'accept-encoding'?: string
  /** A part is wanted, or an answer that was asked for anew: Node's request says how. */
  readonly special: boolean
}

/** Printable ASCII alone, each name followed by its colon at once, each line ended by CR LF, no line folded. */
const shape = /^GET (\/[!"$-~]*) HTTP\/1\.1\r\n(?:[A-Za-z0-9_-]+:[\t -~]*\r\n)+\r\n$/

/** Fields that are looked at; the longest that could be one of them bounds what is written in lower case. */
const kept: ReadonlySet<string> = new Set([
  'host',
  'accept',
  'accept-encoding',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
])
/** Fields that say something about the connection or of a body. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const special: ReadonlySet<string> = new Set(['range', 'if-range', 'cache-control', 'pragma', ACCEL_FIELD])
const longest = 'if-unmodified-since'.length

/** Reads one whole head, its empty line included; undefined for what is not plain. */
export function readPlain(head: string): Plain | undefined {
  const [, url] = shape.exec(head) ?? []
  if (url === undefined) return undefined
  const fields: Record<string, string> = {}
  let isSpecial = false
  for (let at = url.length + 15; at < head.length - 2; ) {
    const colon = head.indexOf(':', at)
    const end = head.indexOf('\r\n', colon)
    if (colon - at <= longest) {
      const name = head.slice(at, colon).toLowerCase()
      if (kept.has(name)) {
        // a second one would have to be put together with the first, or refused
        if (fields[name] !== undefined) return undefined
        fields[name] = head.slice(colon + 1, end).trim()
      } else if (framing.has(name)) {
        if (
          name !== 'connection' ||
          head
            .slice(colon + 1, end)
            .trim()
            .toLowerCase() !== 'keep-alive'
        )
          return undefined
      } else if (special.has(name)) isSpecial = true
    }
    at = end + 2
  }
  const { host } = fields
  return host === undefined || host === '' ? undefined : { ...fields, url, host, special: isSpecial }
}
