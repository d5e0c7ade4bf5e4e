import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Growing, isGrowing } from '../../src/engine/served.ts'
import { asMirrorError } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { growingBytes, item, mirrorOf, sha256, type TestMirror, type TestMirrorOptions } from '../builders/mirror.ts'
import {
  type Asked,
  bytesOf,
  file,
  json,
  type Script,
  type Step,
  startUpstream,
  status,
  text,
  type Upstream,
} from '../fakes/upstream.ts'

const MiB = 1024 * 1024
const HELD_BACK = 64 * 1024
const big = bytesOf(8 * MiB, 7)
const small = bytesOf(300_000, 8)
const vouched = '/files/a/a.bin'
const loose = '/loose/a.bin'

/** A mirror of one file: vouched for by an index at `vouched`, by nobody at `loose`. */
const mirrorOfFile = (
  t: TestContext,
  bytes: Uint8Array,
  script: Script,
  options: Partial<TestMirrorOptions> = {},
): Promise<{ up: Upstream; at: TestMirror }> =>
  mirrorOf(t, { '/index/a': json({ files: [item('a.bin', bytes)] }), [vouched]: script, [loose]: script }, options)

async function follow(at: TestMirror, path: string): Promise<Growing> {
  const { body } = await at.open(path)
  assert.ok(isGrowing(body), 'it is not arriving')
  return body
}

/** Nothing of a failed transfer is kept, and nothing lies about. */
async function nothingKept(at: TestMirror, path: string): Promise<void> {
  await at.mirror.flights.idle()
  assert.equal(at.mirror.catalog.refs.get('shelf', path, '', 0), undefined)
  await until(async () => (await at.leftovers()).length === 0)
  const held = new Set([...at.mirror.catalog.blobs.scan()].map((blob) => blob.sha256))
  for await (const blob of at.mirror.store.list()) assert.ok(held.has(blob.sha256), 'a blob that nobody knows of')
}

/** How the fetch ended; a client that had read already is told only that it started again. */
async function failed(at: TestMirror, path: string): Promise<string> {
  const { code } = await at.failure(path)
  assert.notEqual(code, 'OK')
  await at.mirror.flights.idle()
  const ended = at.events.findLast((event) => event.type === 'finished' && event.path === path)
  return ended?.type === 'finished' ? (ended.error?.code ?? 'OK') : ''
}

/** Resolves once `probe` holds. */
async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await probe()); tries += 1) {
    assert.ok(tries < 500, 'it never came')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('many clients', () => {
  test('50 of them on one cold file are one request upstream', async (t) => {
    const { up, at } = await mirrorOfFile(t, big, file(big))
    const bodies = await Promise.all(Array.from({ length: 50 }, async () => (await at.get(vouched)).bytes))
    for (const bytes of bodies) assert.ok(bytes.equals(big))
    assert.equal(up.count(vouched), 1)
    assert.equal(up.count('/index/a'), 1)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('a follower may read any part, or nothing but the head', async (t) => {
    const { up, at } = await mirrorOfFile(t, big, file(big, { bytesPerSecond: 16 * MiB }))
    const [whole, tail, head] = await Promise.all([follow(at, vouched), follow(at, vouched), follow(at, vouched)])
    assert.equal(head.size, big.length)
    head.leave()
    const part = await growingBytes(tail, 7 * MiB)
    assert.ok(part.equals(big.subarray(7 * MiB)))
    assert.ok((await growingBytes(whole)).equals(big))
    assert.equal(up.count(vouched), 1)
  })

  test('one that comes late follows from the start', async (t) => {
    const { up, at } = await mirrorOfFile(t, big, file(big, { bytesPerSecond: 16 * MiB }))
    const first = await follow(at, vouched)
    await first.more(4 * MiB)
    const late = await follow(at, vouched)
    assert.ok((await growingBytes(late)).equals(big))
    assert.ok((await growingBytes(first)).equals(big))
    assert.equal(up.count(vouched), 1)
  })

  test('one that leaves does not end the fetch', async (t) => {
    const { up, at } = await mirrorOfFile(t, big, file(big, { bytesPerSecond: 32 * MiB }))
    const body = await follow(at, vouched)
    await body.more(1 * MiB)
    body.leave()
    body.leave()
    await at.mirror.flights.idle()
    assert.equal((await at.open(vouched)).cache, 'HIT')
    assert.equal(up.count(vouched), 1)
    assert.deepEqual(await at.leftovers(), [])
  })

  test('one that crawls does not hold the fetch up, and reads on after it', async (t) => {
    const { at } = await mirrorOfFile(t, big, file(big))
    const slow = await follow(at, vouched)
    const buffer = Buffer.alloc(1000)
    await slow.more(0)
    assert.equal(await slow.read(buffer, 0), 1000)
    await at.mirror.flights.idle()
    assert.equal((await at.open(vouched)).cache, 'HIT')
    assert.ok((await growingBytes(slow, 1000)).equals(big.subarray(1000)))
    assert.deepEqual(await at.leftovers(), [])
  })

  test('two paths with the same bytes are one request, and both are held', async (t) => {
    const files = ['a.bin', 'b.bin', 'c.bin'].map((name) => item(name, big))
    const names = files.map((one) => `/files/a/${one.file}`)
    const scripts = Object.fromEntries(names.map((path) => [path, file(big)]))
    const { up, at } = await mirrorOf(t, { '/index/a': json({ files }), ...scripts })
    await at.get('/index/a')
    up.reset()
    const bodies = await Promise.all(names.map(async (path) => (await at.get(path)).bytes))
    for (const bytes of bodies) assert.ok(bytes.equals(big))
    assert.equal(up.count(), 1)
    for (const path of names) assert.equal((await at.open(path)).cache, 'HIT', path)
  })
})

describe('the last 64 KiB', () => {
  test('are held back until the whole is verified', async (t) => {
    const wrong = Buffer.from(small)
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
    const { at } = await mirrorOfFile(t, small, file(wrong, { bytesPerSecond: 2 * MiB }))
    const body = await follow(at, vouched)
    let most = 0
    const failure = await (async () => {
      for (let at = 0; ; at = body.released) {
        await body.more(at)
        most = Math.max(most, body.released)
      }
    })().catch(asMirrorError)
    body.leave()
    assert.equal(failure.code, 'WRONG_DIGEST')
    assert.ok(most > 0 && most <= small.length - HELD_BACK, `${most} were shown`)
    await nothingKept(at, vouched)
  })
  test('of what nobody vouches for are shown at its end', async (t) => {
    const { at } = await mirrorOfFile(t, small, file(small))
    assert.ok((await at.get(loose)).bytes.equals(small))
  })
})

describe('a transfer that breaks off', () => {
  const cut = (more: Partial<Step>): Script => [file(big, { truncateAt: 3 * MiB, ...more }), file(big, more)]

  test('goes on by Range where a digest is stated, and a follower does not notice', async (t) => {
    const { up, at } = await mirrorOfFile(t, big, cut({}))
    assert.ok((await at.get(vouched)).bytes.equals(big))
    const [, second] = up.requests.filter((asked) => asked.path === vouched)
    assert.match(second?.headers.range ?? '', /^bytes=\d+-$/)
    assert.ok(Number(second?.headers.range?.slice(6, -1)) > 0)
    assert.equal(at.mirror.catalog.refs.get('shelf', vouched, '', 0)?.size, big.length)
  })
  test('goes on by Range where upstream has a strong tag, and only if it is still the same', async (t) => {
    const { up, at } = await mirrorOfFile(t, big, cut({ etag: '"one"' }))
    assert.ok((await at.get(loose)).bytes.equals(big))
    const [, second] = up.requests.filter((asked) => asked.path === loose)
    assert.equal(second?.headers['if-range'], '"one"')
    assert.match(second?.headers.range ?? '', /^bytes=[1-9]/)
  })
  test('starts again where the tag is another now', async (t) => {
    const other = bytesOf(8 * MiB, 9)
    const { up, at } = await mirrorOfFile(t, big, [
      file(big, { truncateAt: 3 * MiB, etag: '"one"' }),
      file(other, { etag: '"two"' }),
    ])
    const body = await follow(at, loose)
    await assert.rejects(growingBytes(body), /had to start again/)
    await at.mirror.flights.idle()
    assert.ok((await at.get(loose)).bytes.equals(other))
    assert.equal(up.count(loose), 2)
  })
  for (const [what, more] of [
    ['without a digest or a tag', {}],
    ['with a weak tag', { etag: 'W/"one"' }],
    ['with a date alone', { modified: new Date(0) }],
  ] as const) {
    test(`starts again ${what}`, async (t) => {
      const { up, at } = await mirrorOfFile(t, small, [
        file(small, { truncateAt: 100_000, ...more }),
        file(small, more),
      ])
      await at.failure(loose)
      await at.mirror.flights.idle()
      const got = await at.get(loose)
      assert.equal(got.cache, 'HIT')
      assert.ok(got.bytes.equals(small))
      const [, second] = up.requests.filter((asked) => asked.path === loose)
      assert.equal(second?.headers.range, undefined)
      assert.equal(up.count(loose), 2)
    })
  }
  test('is given up after a few times', async (t) => {
    const { up, at } = await mirrorOfFile(t, small, file(small, { truncateAt: 1000, ranges: false }))
    assert.equal(await failed(at, vouched), 'TRUNCATED')
    assert.ok(up.count(vouched) <= 4)
    await nothingKept(at, vouched)
  })
  test('goes on at another equal mirror', async (t) => {
    const second = await startUpstream({ [vouched]: file(small) })
    t.after(() => second.close())
    const { up, at } = await mirrorOfFile(t, small, file(small, { truncateAt: 100_000, bytesPerSecond: 2 * MiB }))
    const both = await at.reopen({ repositories: [{ ecosystem: 'shelf', upstreams: [up.url, second.url] }] })
    t.after(() => both.close())
    assert.ok((await both.get(vouched)).bytes.equals(small))
    assert.equal(second.count(vouched), 1)
    assert.match(second.requests[0]?.headers.range ?? '', /^bytes=[1-9]/)
  })

  const part = (from: number, to: number, total: number | '*', bytes: Uint8Array, more: Partial<Step> = {}): Step =>
    file(bytes.subarray(from, to), {
      ...more,
      status: 206,
      ranges: false,
      headers: { 'content-range': `bytes ${from}-${to - 1}/${total}` },
    })
  const first = file(small, { truncateAt: 131_072 })
  const resumed = (asked: Asked): number => Number(/^bytes=(\d+)-/.exec(asked.headers.range ?? '')?.[1] ?? 0)
  const second = (make: (from: number) => Step): Script => {
    let calls = 0
    return (asked) => {
      calls += 1
      if (calls === 1) return first
      return calls === 2 ? make(resumed(asked)) : file(small)
    }
  }
  const lies: readonly (readonly [what: string, make: (from: number) => Step])[] = [
    ['a part from another place', () => part(1000, small.length, small.length, small)],
    ['a part of another whole', (from) => part(from, small.length, small.length + 1, small)],
    ['other bytes at the right place', (from) => part(from, small.length, small.length, bytesOf(small.length, 99))],
    ['a part without Content-Range', (from) => file(small.subarray(from), { status: 206, ranges: false })],
    ['416', () => status(416, { headers: { 'content-range': `bytes */${small.length}` } })],
    ['a part that ends too early', (from) => part(from, from + 1000, small.length, small)],
  ]
  for (const [what, make] of lies) {
    test(`recovers from ${what}`, async (t) => {
      const { at } = await mirrorOfFile(t, small, second(make))
      const body = await follow(at, vouched)
      await growingBytes(body).catch(() => undefined)
      await at.mirror.flights.idle()
      const got = await at.get(vouched)
      assert.equal(got.cache, 'HIT')
      assert.ok(got.bytes.equals(small))
      assert.deepEqual(await at.leftovers(), [])
    })
  }
  test('a part in answer to a plain request is never taken for the whole', async (t) => {
    const { at } = await mirrorOfFile(t, small, part(0, 1000, small.length, small))
    assert.notEqual((await at.failure(loose)).code, 'OK')
    await nothingKept(at, loose)
  })
  test('416 when everything had come is the end', async (t) => {
    let calls = 0
    const { up, at } = await mirrorOfFile(t, small, () => {
      calls += 1
      // all bytes, but chunked and without the last chunk: nobody can tell that they are all
      return calls === 1
        ? file(small, { chunked: true, truncateAt: small.length })
        : status(416, { headers: { 'content-range': `bytes */${small.length}` } })
    })
    assert.ok((await at.get(vouched)).bytes.equals(small))
    assert.equal(up.count(vouched), 2)
  })
})

describe('bytes that are not the right ones', () => {
  const wrong = bytesOf(small.length, 99)

  test('are fetched once more, and then refused', async (t) => {
    const { up, at } = await mirrorOfFile(t, small, file(wrong))
    assert.equal(await failed(at, vouched), 'WRONG_DIGEST')
    assert.equal(up.count(vouched), 2)
    assert.equal(up.requests.at(-1)?.headers.range, undefined)
    await nothingKept(at, vouched)
  })
  test('of one time are forgiven', async (t) => {
    const { at } = await mirrorOfFile(t, small, [file(wrong), file(small)])
    await at.failure(vouched)
    await at.mirror.flights.idle()
    assert.ok((await at.get(vouched)).bytes.equals(small))
  })
  const rows: readonly (readonly [what: string, step: Step, code: RegExp])[] = [
    ['too many bytes', file(Buffer.concat([small, small])), /^WRONG_LENGTH$/],
    ['too many bytes without a length', file(Buffer.concat([small, small]), { chunked: true }), /^WRONG_LENGTH$/],
    ['too few bytes', file(small.subarray(0, 1000)), /^WRONG_LENGTH$/],
    ['nothing', file(Buffer.alloc(0)), /^WRONG_LENGTH$/],
    ['a page of a captive portal', text('<html>Please log in</html>', { type: 'text/html' }), /^WRONG_LENGTH$/],
    ['a page of the same length', file(Buffer.alloc(small.length, 'x'), { type: 'text/html' }), /^WRONG_DIGEST$/],
    ['cut off, with a length', file(small, { truncateAt: 1000, ranges: false }), /^TRUNCATED$/],
    ['cut off, without a length', file(small, { truncateAt: 1000, chunked: true, ranges: false }), /^TRUNCATED$/],
    ['cut off before the first byte', file(small, { truncateAt: 0 }), /^(TRUNCATED|UNREACHABLE)$/],
    ['a length that is too large', file(small, { wrongLength: small.length + 10, ranges: false }), /^TRUNCATED$/],
  ]
  for (const [what, step, code] of rows) {
    test(`${what}: nothing is kept`, async (t) => {
      const { at } = await mirrorOfFile(t, small, step)
      assert.match(await failed(at, vouched), code)
      await nothingKept(at, vouched)
    })
  }
  test('an index that is a portal’s page is refused, and the good one stays', async (t) => {
    const { up, at } = await mirrorOfFile(t, small, file(small))
    const good = await at.get('/index/a')
    up.set('/index/a', text('<html>Please log in</html>', { type: 'text/html' }))
    const got = await at.get('/index/a')
    assert.deepEqual([got.text, got.cache], [good.text, 'STALE'])
    at.clock.pass(1)
    assert.deepEqual((await at.sync(['a'])).codes, ['UNREADABLE'])
  })
  test('an index that is cut off is refused, and the good one stays', async (t) => {
    const { up, at } = await mirrorOfFile(t, small, file(small))
    const good = await at.get('/index/a')
    up.set('/index/a', json({ files: [item('b.bin', small)] }, { truncateAt: 20 }))
    assert.deepEqual([(await at.get('/index/a')).text, (await at.get('/index/a')).cache], [good.text, 'STALE'])
  })
})

describe('a length', () => {
  test('that upstream states is known to followers at once', async (t) => {
    const { at } = await mirrorOfFile(t, small, file(small, { bytesPerSecond: 2 * MiB }))
    const body = await follow(at, loose)
    assert.equal(body.size, small.length)
    assert.equal((await growingBytes(body)).length, small.length)
  })
  test('that nobody states is unknown until the end', async (t) => {
    const { at } = await mirrorOfFile(t, small, file(small, { chunked: true, bytesPerSecond: 2 * MiB }))
    const body = await follow(at, loose)
    assert.equal(body.size, undefined)
    assert.ok((await growingBytes(body)).equals(small))
  })
  test('that turns out another after a new start fails those who were told the first', async (t) => {
    const { at } = await mirrorOfFile(t, small, [
      file(small, { truncateAt: 10_000, bytesPerSecond: 100_000 }),
      file(bytesOf(100_000, 3), { bytesPerSecond: 2 * MiB }),
    ])
    const body = await follow(at, loose)
    assert.equal(body.size, small.length)
    await assert.rejects(growingBytes(body), /had to start again/)
    await at.mirror.flights.idle()
    assert.equal((await at.get(loose)).bytes.length, 100_000)
  })
})

describe('content codings', () => {
  const plain = Buffer.from('plain text '.repeat(1000))
  const zipped = gzipSync(plain)
  const labelled = (bytes: Uint8Array): Step => file(bytes, { headers: { 'content-encoding': 'gzip' } })

  test('are not asked for', async (t) => {
    const { up, at } = await mirrorOfFile(t, small, file(small))
    await at.get(loose)
    assert.equal(up.requests[0]?.headers['accept-encoding'] ?? 'identity', 'identity')
  })
  test('a file whose name says gzip is the file, whatever the label', async (t) => {
    const { at } = await mirrorOf(t, { '/loose/Packages.gz': labelled(zipped) })
    assert.ok((await at.get('/loose/Packages.gz')).bytes.equals(zipped))
  })
  test('a body that was compressed unasked is unpacked', async (t) => {
    const { at } = await mirrorOf(t, { '/text/note': labelled(zipped) })
    const got = await at.get('/text/note')
    assert.ok(got.bytes.equals(plain))
    assert.equal(got.etag, `"${sha256(plain)}"`)
  })
  test('what is stated of the packed form holds for it', async (t) => {
    for (const [name, content] of [
      ['a.bin', plain],
      ['a.tar.gz', zipped],
    ] as const) {
      const { at } = await mirrorOf(t, {
        '/index/a': json({ files: [item(name, content)] }),
        [`/files/a/${name}`]: labelled(zipped),
      })
      assert.ok((await at.get(`/files/a/${name}`)).bytes.equals(content))
    }
  })
  test('a bomb is not unpacked beyond what is stated', async (t) => {
    const bomb = labelled(gzipSync(Buffer.alloc(50 * MiB)))
    const { at } = await mirrorOf(t, { '/index/a': json({ files: [item('a.bin', plain)] }), '/files/a/a.bin': bomb })
    assert.match(await failed(at, '/files/a/a.bin'), /^(WRONG_LENGTH|TOO_LARGE)$/)
    await nothingKept(at, '/files/a/a.bin')
  })
  test('a label that lies is an error', async (t) => {
    const { at } = await mirrorOf(t, { '/loose/a.bin': labelled(plain) })
    assert.notEqual((await at.failure('/loose/a.bin')).code, 'OK')
    await nothingKept(at, '/loose/a.bin')
  })
})

describe('addresses', () => {
  test('a second equal mirror answers where the first fails or lacks it', async (t) => {
    for (const step of [status(503), status(404), status(500)]) {
      const good = await startUpstream({ [loose]: file(small) })
      t.after(() => good.close())
      const { up, at } = await mirrorOfFile(t, small, step)
      const both = await at.reopen({ repositories: [{ ecosystem: 'shelf', upstreams: [up.url, good.url] }] })
      t.after(() => both.close())
      assert.ok((await both.get(loose)).bytes.equals(small))
    }
  })
  test('an error of one mirror is no lack, even when the other lacks it', async (t) => {
    const lacking = await startUpstream()
    t.after(() => lacking.close())
    const { up, at } = await mirrorOfFile(t, small, status(503))
    for (const upstreams of [[lacking.url, up.url]]) {
      const both = await at.reopen({ repositories: [{ ecosystem: 'shelf', upstreams }] })
      t.after(() => both.close())
      assert.equal((await both.failure(loose)).code, 'UPSTREAM_STATUS')
    }
  })
  test('an address out of a document may not be private, nor a redirect to one', async (t) => {
    const inside = await startUpstream({ '/secret': text('secret') })
    t.after(() => inside.close())
    const outside = inside.url.replace('127.0.0.1', 'localhost')
    const files = [item('a.bin', 'secret', { url: `${inside.url}/secret` })]
    const { at } = await mirrorOf(t, {
      '/index/a': json({ files }),
      '/loose/b.bin': { redirect: `${outside}/secret` },
      '/loose/c.bin': { redirect: 'http://169.254.169.254/latest/meta-data' },
      '/loose/d.bin': { redirect: 'file:///etc/passwd' },
    })
    for (const path of ['/files/a/a.bin', '/loose/b.bin', '/loose/c.bin', '/loose/d.bin']) {
      assert.equal((await at.failure(path)).code, 'HOST_REFUSED', path)
    }
    assert.equal(inside.count(), 0)
  })
  test('a redirect within the upstream is followed, and what is kept is the address that was asked', async (t) => {
    const { up, at } = await mirrorOf(t, {
      '/loose/a.bin': { redirect: '/loose/b.bin?signature=1' },
      '/loose/b.bin': text('b'),
    })
    assert.equal((await at.get('/loose/a.bin')).text, 'b')
    assert.equal(at.mirror.catalog.refs.get('shelf', '/loose/a.bin', '', 0)?.url, `${up.url}/loose/a.bin`)
  })
})

describe('a full disk', () => {
  /** A store that has room for so many bytes more. */
  const full =
    (room: number) =>
    (store: Store): Store => ({
      ...store,
      async stage() {
        const staged = await store.stage()
        return new Proxy(staged, {
          get(target, key) {
            if (key !== 'write')
              return typeof target[key as keyof typeof target] === 'function'
                ? (target[key as 'release'] as () => unknown).bind(target)
                : target[key as keyof typeof target]
            return async (pieces: readonly Uint8Array[]) => {
              room -= pieces.reduce((sum, piece) => sum + piece.length, 0)
              if (room < 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
              await target.write(pieces)
            }
          },
        })
      },
    })
  for (const room of [0, 200_000, 250_000]) {
    test(`after ${room} bytes: the error says so, and nothing is kept`, async (t) => {
      const { up, at } = await mirrorOfFile(t, small, file(small, { bytesPerSecond: 8 * MiB }), { store: full(room) })
      assert.equal((await at.failure(loose)).code, 'DISK_FULL')
      assert.equal(up.count(loose), 1)
      await nothingKept(at, loose)
    })
  }
  test('ends a sync at once', async (t) => {
    const { at } = await mirrorOfFile(t, small, file(small), { store: full(200_000) })
    assert.deepEqual((await at.sync(['a'])).codes, ['DISK_FULL'])
  })
})

test('failed answers with bodies let go of their connections', async (t) => {
  const page = text('x'.repeat(100_000), { status: 503 })
  const { up, at } = await mirrorOf(t, {})
  for (let number = 0; number < 30; number += 1)
    up.set(`/loose/${number}`, number % 2 === 0 ? page : { ...page, status: 404 })
  const codes = await Promise.all(
    Array.from({ length: 30 }, async (_, number) => (await at.failure(`/loose/${number}`)).code),
  )
  assert.equal(codes.filter((code) => code === 'UPSTREAM_STATUS').length, 15)
  assert.equal(codes.filter((code) => code === 'NOT_FOUND').length, 15)
})
