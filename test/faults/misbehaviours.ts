// Ways in which an upstream can misbehave, as raw bytes on a socket: each with a name, and what it sends instead of a good
// answer. Generated from a few lists, so that every kind of cut meets every kind of framing.

import { brotliCompressSync, gzipSync } from 'node:zlib'

/** What is written, and how the connection ends: in order, by reset, or not at all. */
export interface Sent {
  readonly bytes: readonly Uint8Array[]
  readonly end: 'fin' | 'reset' | 'never'
}

/** `again`: how many requests have been answered before this one. */
export type Misbehaviour = (good: Uint8Array, again: number, headers: string) => Sent

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')
const head = (fields: readonly string[], status = '200 OK', version = 'HTTP/1.1'): Buffer =>
  latin(`${version} ${status}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`)
const length = (bytes: number | string): string => `Content-Length: ${bytes}`
const closes = 'Connection: close'
const fin = (...bytes: readonly Uint8Array[]): Sent => ({ bytes, end: 'fin' })

/** Chunks of up to 16 KiB, without the last, empty one. */
function chunks(body: Uint8Array): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; at += 16_384) {
    const part = body.subarray(at, at + 16_384)
    parts.push(latin(`${part.length.toString(16)}\r\n`), Buffer.from(part), latin('\r\n'))
  }
  return parts
}

interface Framing {
  readonly head: (body: Uint8Array) => Buffer
  readonly body: (body: Uint8Array) => readonly Uint8Array[]
  /** What tells the receiver that it was whole. */
  readonly end: Uint8Array
}

const framings: Readonly<Record<string, Framing>> = {
  'a stated length': { head: (body) => head([length(body.length), closes]), body: (body) => [body], end: latin('') },
  chunks: { head: () => head(['Transfer-Encoding: chunked', closes]), body: chunks, end: latin('0\r\n\r\n') },
  'the end of the connection': {
    head: () => head(['Content-Type: text/plain'], '200 OK', 'HTTP/1.0'),
    body: (body) => [body],
    end: latin(''),
  },
}

/** Where a body is cut, as a part of its length or in bytes from its end. */
const cuts: Readonly<Record<string, (size: number) => number>> = {
  'before its first byte': () => 0,
  'after its first byte': () => 1,
  'after a quarter': (size) => size >> 2,
  'in the middle': (size) => size >> 1,
  'after three quarters': (size) => size - (size >> 2),
  'at a boundary of 64 KiB': (size) => Math.min(65_536, size - 1),
  'a byte behind 64 KiB': (size) => Math.min(65_537, size - 1),
  'within its last 64 KiB': (size) => Math.max(0, size - 1000),
  'before its last byte': (size) => size - 1,
}

const ends = ['fin', 'reset', 'never'] as const

function* truncations(): Generator<readonly [string, Misbehaviour]> {
  for (const [frame, framing] of Object.entries(framings)) {
    for (const [where, cut] of Object.entries(cuts)) {
      for (const end of ends) {
        yield [
          `a body framed by ${frame}, cut ${where}, then ${end}`,
          (good) => ({ bytes: [framing.head(good), ...framing.body(good.subarray(0, cut(good.length)))], end }),
        ]
      }
    }
    for (const part of [1, 5, 17]) {
      for (const end of ends) {
        yield [
          `an answer framed by ${frame}, cut within its head at ${part}, then ${end}`,
          (good) => ({ bytes: [framing.head(good).subarray(0, part)], end }),
        ]
      }
    }
  }
}

function* lengths(): Generator<readonly [string, Misbehaviour]> {
  const lies: Readonly<Record<string, (size: number) => string>> = {
    'one too few': (size) => String(size - 1),
    'one too many': (size) => String(size + 1),
    double: (size) => String(size * 2),
    none: () => '0',
    negative: () => '-1',
    huge: () => '99999999999999999999',
    'in hexadecimal': (size) => `0x${size.toString(16)}`,
    'with a plus': (size) => `+${size}`,
    'no number': () => 'many',
    'two that differ': (size) => `${size}\r\nContent-Length: ${size - 1}`,
    'a list that differs': (size) => `${size}, ${size - 1}`,
  }
  for (const [what, lie] of Object.entries(lies)) {
    yield [`a length that is ${what}`, (good) => fin(head([length(lie(good.length)), closes]), good)]
    yield [
      `a length that is ${what}, on a connection that stays`,
      (good) => ({ bytes: [head([length(lie(good.length))]), good], end: 'never' }),
    ]
  }
  yield [
    'both a length and chunks',
    (good) => fin(head([length(good.length), 'Transfer-Encoding: chunked']), ...chunks(good)),
  ]
}

function* chunkings(): Generator<readonly [string, Misbehaviour]> {
  const chunked = head(['Transfer-Encoding: chunked', closes])
  yield ['a chunk size that is none', (good) => fin(chunked, latin('zz\r\n'), good)]
  yield ['a chunk size that overflows', (good) => fin(chunked, latin('ffffffffffffffffff\r\n'), good)]
  yield [
    'a chunk shorter than stated',
    (good) => fin(chunked, latin(`${(good.length + 9).toString(16)}\r\n`), good, latin('\r\n0\r\n\r\n')),
  ]
  yield [
    'a chunk longer than stated',
    (good) => fin(chunked, latin(`${(good.length - 9).toString(16)}\r\n`), good, latin('\r\n0\r\n\r\n')),
  ]
  yield [
    'an endless chunk extension',
    (good) =>
      fin(chunked, latin(`${good.length.toString(16)};${'x'.repeat(200_000)}\r\n`), good, latin('\r\n0\r\n\r\n')),
  ]
  yield ['half a last chunk', (good) => fin(chunked, ...chunks(good), latin('0\r\n'))]
  yield ['trailers without end', (good) => fin(chunked, ...chunks(good), latin(`0\r\n${'x: y\r\n'.repeat(20_000)}`))]
  yield [
    'chunks announced twice',
    (good) => fin(head(['Transfer-Encoding: chunked, chunked', closes]), ...chunks(good), latin('0\r\n\r\n')),
  ]
}

const page = latin('<!DOCTYPE html><html><title>Sign in</title><body>Please sign in to the network.</body></html>')

function* statuses(): Generator<readonly [string, Misbehaviour]> {
  for (const status of [
    '100 Continue',
    '101 Switching Protocols',
    '103 Early Hints',
    '204 No Content',
    '205 Reset Content',
  ]) {
    yield [`only ${status}`, () => fin(head([length(0), closes], status))]
  }
  for (const status of [
    '201 Created',
    '202 Later',
    '203 Not Quite',
    '206 Part Without Range',
    '208 Said',
    '226 Changed',
    '299 Strange',
    '300 Choices',
    '305 Proxy',
    '400 Bad',
    '402 Pay',
    '409 Conflict',
    '418 Teapot',
    '451 Law',
    '500 Broken',
    '502 Gate',
    '503 Busy',
    '599 Odd',
    '600 None',
    '999 None',
    '000 None',
    '20 Short',
  ]) {
    yield [`the body with ${status}`, (good) => fin(head([length(good.length), closes], status), good)]
  }
  for (const type of ['text/html', 'application/json', 'application/octet-stream']) {
    yield [
      `a sign-in page with 200 as ${type}`,
      () => fin(head([length(page.length), `Content-Type: ${type}`, closes]), page),
    ]
  }
  for (const field of ['', 'ETag: "x"', 'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT']) {
    yield [
      `304 unasked with ${field === '' ? 'nothing' : field}`,
      () => fin(head([closes, ...(field === '' ? [] : [field])], '304 Not Modified')),
    ]
  }
  const ranges: Readonly<Record<string, (size: number) => string>> = {
    'the first half': (size) => `bytes 0-${(size >> 1) - 1}/${size}`,
    'the second half': (size) => `bytes ${size >> 1}-${size - 1}/${size}`,
    'all of it': (size) => `bytes 0-${size - 1}/${size}`,
    'a size that is not known': (size) => `bytes 0-${size - 1}/*`,
    nonsense: () => 'bytes x-y/z',
    nothing: () => 'bytes */0',
  }
  for (const [what, range] of Object.entries(ranges)) {
    yield [
      `206 unasked with ${what}`,
      (good) => {
        const [, from = '0', to = String(good.length - 1)] = /(\d+)-(\d+)/.exec(range(good.length)) ?? []
        const part = good.subarray(Number(from), Number(to) + 1)
        return fin(head([length(part.length), `Content-Range: ${range(good.length)}`, closes], '206 Partial'), part)
      },
    ]
  }
  yield ['416 unasked', (good) => fin(head([length(0), `Content-Range: bytes */${good.length}`, closes], '416 Range'))]
}

function* heads(): Generator<readonly [string, Misbehaviour]> {
  const odd: Readonly<Record<string, string>> = {
    'no status line': 'hello\r\n\r\n',
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
    'a version that is none': 'HTTP/x 200 OK\r\nContent-Length: 0\r\n\r\n',
    'an old version': 'HTTP/0.9 200 OK\r\n\r\n',
    'another version': 'HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n',
    'a status that is no number': 'HTTP/1.1 OK 200\r\nContent-Length: 0\r\n\r\n',
    'a field without a colon': 'HTTP/1.1 200 OK\r\nbroken\r\nContent-Length: 0\r\n\r\n',
    'a NUL in a field': 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n',
    'a folded field': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n',
    'blank before a colon': 'HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\nabcd',
    'bare line feeds': 'HTTP/1.1 200 OK\nContent-Length: 4\n\nabcd',
    'nothing but line ends': '\r\n'.repeat(1000),
    'random bytes': String.fromCharCode(...Array.from({ length: 600 }, (_, at) => (at * 131 + 7) % 256)),
  }
  for (const [what, text] of Object.entries(odd)) {
    yield [`${what} for an answer`, () => fin(latin(text))]
    yield [`${what} before a good answer`, (good) => fin(latin(text), head([length(good.length), closes]), good)]
  }
  yield [
    'ten thousand header fields',
    (good) => fin(head([...Array.from({ length: 10_000 }, (_, at) => `X-${at}: y`), length(good.length)]), good),
  ]
  yield [
    'a header field of a megabyte',
    (good) => fin(head([`X: ${'y'.repeat(1_000_000)}`, length(good.length)]), good),
  ]
  yield [
    'a header without end',
    () => ({ bytes: [latin('HTTP/1.1 200 OK\r\n'), latin('X: y\r\n'.repeat(100))], end: 'never' }),
  ]
  yield [
    'a hundred early hints',
    (good) =>
      fin(...Array.from({ length: 100 }, () => head([], '103 Early Hints')), head([length(good.length), closes]), good),
  ]
}

function* codings(): Generator<readonly [string, Misbehaviour]> {
  const coded: Readonly<Record<string, (good: Uint8Array) => Uint8Array>> = {
    'gzip, which it is not': (good) => good,
    'gzip, twice over': (good) => gzipSync(gzipSync(good)),
    'gzip, cut in half': (good) => gzipSync(good).subarray(0, 40),
    'gzip, with a bad checksum': (good) => {
      const bytes = Buffer.from(gzipSync(good))
      bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 255
      return bytes
    },
    'gzip, a bomb': () => gzipSync(new Uint8Array(50_000_000)),
    'br, which it is not': (good) => good,
    'br, cut in half': (good) => brotliCompressSync(good).subarray(0, 40),
    'deflate, which it is not': (good) => good,
    'zstd, which it is not': (good) => good,
    'compress, which nobody knows': (good) => good,
    'gzip, gzip': (good) => gzipSync(good),
  }
  for (const [what, code] of Object.entries(coded)) {
    const coding = what.replace(/,.*/, '')
    yield [
      `a body said to be ${what}`,
      (good) => {
        const body = code(good)
        return fin(head([length(body.length), `Content-Encoding: ${coding}`, closes]), body)
      },
    ]
  }
}

function* redirects(): Generator<readonly [string, Misbehaviour]> {
  const places: Readonly<Record<string, string>> = {
    itself: '',
    'a private address': 'http://10.0.0.1/x',
    'a link-local address': 'http://169.254.169.254/latest/meta-data/',
    'another loopback port': 'http://127.0.0.1:9/x',
    'a file': 'file:///etc/passwd',
    'a script': 'javascript:alert(1)',
    'a data address': 'data:text/plain,abc',
    'an odd spelling of loopback': 'http://0x7f.1/x',
    'an address with a user': 'http://user:secret@127.0.0.1/x',
    nothing: ' ',
    'an address that is none': 'http://[::1/x',
    'a long way': `http://127.0.0.1:9/${'x'.repeat(100_000)}`,
  }
  for (const status of ['301 Moved', '302 Found', '303 Other', '307 Temporary', '308 Permanent']) {
    for (const [what, to] of Object.entries(places)) {
      yield [
        `${status} to ${what}`,
        (_good, _again, target) => fin(head([`Location: ${to === '' ? target : to}`, length(0), closes], status)),
      ]
    }
    yield [`${status} without an address`, () => fin(head([length(0), closes], status))]
  }
}

function* contents(): Generator<readonly [string, Misbehaviour]> {
  const whole = (body: Uint8Array): Sent => fin(head([length(body.length), closes]), body)
  yield ['other bytes of the same length', (good) => whole(Buffer.from(good).reverse())]
  yield [
    'one bit that is wrong',
    (good) => whole(Uint8Array.from(good, (byte, at) => (at === good.length >> 1 ? byte ^ 1 : byte))),
  ]
  yield ['the bytes twice', (good) => whole(Buffer.concat([good, good]))]
  yield ['a byte more', (good) => whole(Buffer.concat([good, latin('x')]))]
  yield ['nothing', () => whole(latin(''))]
  yield ['only NUL', (good) => whole(new Uint8Array(good.length))]
  yield [
    'a half, and on the next request another file',
    (good, again) =>
      again === 0
        ? { bytes: [head([length(good.length), 'ETag: "one"']), good.subarray(0, good.length >> 1)], end: 'fin' }
        : whole(Buffer.from(good).reverse()),
  ]
  yield [
    'a half, and as its rest the same half again',
    (good, again) => {
      const half = good.subarray(0, good.length >> 1)
      if (again === 0) return { bytes: [head([length(good.length), 'ETag: "one"', closes]), half], end: 'fin' }
      const range = `Content-Range: bytes ${half.length}-${half.length * 2 - 1}/${good.length}`
      return fin(head([length(half.length), 'ETag: "one"', range, closes], '206 Partial'), half)
    },
  ]
  yield [
    'a half, and a rest of another tag',
    (good, again) => {
      const at = good.length >> 1
      if (again === 0)
        return { bytes: [head([length(good.length), 'ETag: "one"', closes]), good.subarray(0, at)], end: 'fin' }
      const rest = Buffer.from(good.subarray(at)).reverse()
      const range = `Content-Range: bytes ${at}-${good.length - 1}/${good.length}`
      return fin(head([length(rest.length), 'ETag: "two"', range, closes], '206 Partial'), rest)
    },
  ]
  yield [
    'a half, and a rest from the wrong place',
    (good, again) => {
      const at = good.length >> 1
      if (again === 0)
        return { bytes: [head([length(good.length), 'ETag: "one"', closes]), good.subarray(0, at)], end: 'fin' }
      const rest = good.subarray(at - 10)
      const range = `Content-Range: bytes ${at - 10}-${good.length - 1}/${good.length}`
      return fin(head([length(rest.length), 'ETag: "one"', range, closes], '206 Partial'), rest)
    },
  ]
}

function* silences(): Generator<readonly [string, Misbehaviour]> {
  yield ['nothing at all, and the connection stays', () => ({ bytes: [], end: 'never' })]
  yield ['nothing at all, and the connection ends', () => ({ bytes: [], end: 'fin' })]
  yield ['nothing at all, and the connection is reset', () => ({ bytes: [], end: 'reset' })]
  yield ['a head and then silence', (good) => ({ bytes: [head([length(good.length)])], end: 'never' })]
  yield [
    'half a body and then silence',
    (good) => ({ bytes: [head([length(good.length)]), good.subarray(0, good.length >> 1)], end: 'never' }),
  ]
  yield [
    'all but the last byte and then silence',
    (good) => ({ bytes: [head([length(good.length)]), good.subarray(0, -1)], end: 'never' }),
  ]
}

export const misbehaviours: readonly (readonly [string, Misbehaviour])[] = [
  ...truncations(),
  ...lengths(),
  ...chunkings(),
  ...statuses(),
  ...heads(),
  ...codings(),
  ...redirects(),
  ...contents(),
  ...silences(),
]
