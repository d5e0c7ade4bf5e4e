import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Served } from '../../src/engine/served.ts'
import { type Bench, bench, bytesOf, fakeStore } from './harness.ts'

const text = bytesOf(1000)
const large = bytesOf(1_500_000)
const modified = Date.UTC(2024, 4, 6, 7, 8, 9, 500)
const date = 'Mon, 06 May 2024 07:08:09 GMT'

describe('an answer', () => {
  const store = fakeStore()
  const small = store.add(text)
  const big = store.add(large)
  const gzip = store.add(Buffer.from('as gzip'))
  const zstd = store.add(Buffer.from('as zstandard'))
  const lost = { sha256: 'f'.repeat(64), size: 5 }
  const lostLarge = { sha256: 'e'.repeat(64), size: 5_000_000 }
  const common = {
    type: 'application/json',
    etag: '"abc"',
    modified,
    headers: { 'Cache-Control': 'public, max-age=60', 'X-Cache': 'HIT', Vary: 'Accept', 'Content-Length': '7' },
  }
  const served: Record<string, Served> = {
    '/small': { ...common, body: small },
    '/large': { ...common, body: big },
    '/memory': { ...common, body: text },
    '/empty': { ...common, body: new Uint8Array() },
    '/twins': { ...common, body: small, twins: { gzip, zstd } },
    '/tagged': {
      ...common,
      twinTags: 'weak',
      headers: { 'repr-digest': 'sha-256=:AA==:', digest: 'sha-256=AA==' },
      body: small,
      twins: { gzip, zstd },
    },
    '/page': { ...common, type: 'text/html; charset=utf-8', body: text },
    '/untyped': { type: '', headers: {}, body: text },
    '/lost': { ...common, body: lost },
    '/lost-large': { ...common, body: lostLarge },
    '/injected': { ...common, headers: { Link: 'a\r\nSet-Cookie: b' }, body: text },
    '/wrong-size': { ...common, body: { sha256: big.sha256, size: big.size + 1 } },
  }
  let server: Bench
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    server.get(headers, { path, method })

  before(async () => {
    server = await bench(store, (path) => served[path] as Served)
  })
  after(() => server.close())

  for (const path of ['/small', '/memory', '/large']) {
    const whole = path === '/large' ? large : text

    it(`carries its body, length and validators: ${path}`, async () => {
      const { status, headers, body } = await get(path)
      assert.equal(status, 200)
      assert.deepEqual(body, whole)
      assert.equal(headers['content-length'], String(whole.length))
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers.etag, '"abc"')
      assert.equal(headers['last-modified'], date)
      assert.equal(headers['accept-ranges'], 'bytes')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['x-cache'], 'HIT')
      assert.equal(headers['transfer-encoding'], undefined)
    })

    it(`has the same head for HEAD as for GET, and no body: ${path}`, async () => {
      const [got, head] = [await get(path), await get(path, {}, 'HEAD')]
      const { date: _, ...expected } = got.headers
      const { date: __, ...found } = head.headers
      assert.deepEqual(found, expected)
      assert.equal(head.body.length, 0)
    })

    const size = whole.length
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=10-99', 10, 100],
      ['bytes=990-', 990, size],
      ['bytes=-10', size - 10, size],
      [`bytes=${size - 5}-99999999999999999999`, size - 5, size],
      [`bytes=-${size + 5}`, 0, size],
    ] as const) {
      it(`sends the part ${range} of ${path}`, async () => {
        const { status, headers, body } = await get(path, { range })
        assert.equal(status, 206)
        assert.equal(headers['content-range'], `bytes ${from}-${to - 1}/${size}`)
        assert.equal(headers['content-length'], String(to - from))
        assert.equal(headers.etag, '"abc"')
        assert.deepEqual(body, whole.subarray(from, to))
      })
    }

    for (const range of [`bytes=${size}-`, `bytes=${size + 1}-${size + 2}`, 'bytes=-0']) {
      it(`has no part ${range} of ${path}`, async () => {
        const { status, headers, body } = await get(path, { range })
        assert.equal(status, 416)
        assert.equal(headers['content-range'], `bytes */${size}`)
        assert.equal(headers['cache-control'], 'no-store')
        assert.equal(body.length, 0)
      })
    }
  }

  for (const range of ['bytes=5-2', 'bytes=a-b', 'bytes=-', 'items=0-1', 'bytes=0-1,5-6', 'bytes 0-1', '0-1'])
    it(`ignores the range ${range}`, async () => {
      const { status, body } = await get('/small', { range })
      assert.equal(status, 200)
      assert.deepEqual(body, text)
    })

  it('ignores a range of HEAD', async () => {
    assert.equal((await get('/small', { range: 'bytes=0-1' }, 'HEAD')).status, 200)
  })

  it('has no part of an empty body', async () => {
    assert.equal((await get('/empty', { range: 'bytes=0-' })).status, 416)
  })

  for (const [condition, status] of [
    ['"abc"', 206],
    ['"other"', 200],
    ['W/"abc"', 200],
    [date, 206],
    ['Mon, 06 May 2024 07:08:10 GMT', 200],
    ['Mon, 06 May 2024 07:08:08 GMT', 200],
    ['nonsense', 200],
  ] as const)
    it(`answers a range under If-Range ${condition} with ${status}`, async () => {
      assert.equal((await get('/small', { range: 'bytes=0-1', 'if-range': condition })).status, status)
    })

  for (const [headers, status] of [
    [{ 'if-none-match': '"abc"' }, 304],
    [{ 'if-none-match': 'W/"abc"' }, 304],
    [{ 'if-none-match': '"x", W/"y,\'z" , "abc"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-none-match': 'abc' }, 200],
    [{ 'if-modified-since': date }, 304],
    [{ 'if-modified-since': 'Tue, 07 May 2024 00:00:00 GMT' }, 304],
    [{ 'if-modified-since': 'Monday, 06-May-24 07:08:09 GMT' }, 304],
    [{ 'if-modified-since': 'Mon May  6 07:08:09 2024' }, 304],
    [{ 'if-modified-since': 'Mon, 06 May 2024 07:08:08 GMT' }, 200],
    [{ 'if-modified-since': '2099' }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': date }, 200],
    [{ 'if-none-match': '"abc"', 'if-modified-since': 'Mon, 06 May 2024 07:08:08 GMT' }, 304],
    [{ 'if-none-match': '"abc"', range: 'bytes=0-1' }, 304],
    [{ 'if-match': '"abc"' }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-unmodified-since': date }, 200],
    [{ 'if-unmodified-since': 'Mon, 06 May 2024 07:08:08 GMT' }, 412],
  ] as const)
    it(`answers ${JSON.stringify(headers)} with ${status}`, async () => {
      assert.equal((await get('/small', headers)).status, status)
      assert.equal((await get('/small', headers, 'HEAD')).status, status === 412 || status === 304 ? status : 200)
    })

  it('repeats in a 304 what caches need, and nothing about the body', async () => {
    const { headers, body } = await get('/small', { 'if-none-match': '"abc"' })
    assert.equal(headers.etag, '"abc"')
    assert.equal(headers['cache-control'], 'public, max-age=60')
    assert.equal(headers.vary, 'Accept')
    assert.ok(headers.date)
    assert.equal(headers['content-length'], undefined)
    assert.equal(headers['content-type'], undefined)
    assert.equal(headers['transfer-encoding'], undefined)
    assert.equal(body.length, 0)
  })

  for (const [accept, coding, tag] of [
    ['gzip', 'gzip', '"abc-gzip"'],
    ['x-gzip', 'gzip', '"abc-gzip"'],
    ['zstd;q=0.5, gzip;q=0.4', 'zstd', '"abc-zstd"'],
    ['gzip, zstd', 'gzip', '"abc-gzip"'],
    ['*', 'gzip', '"abc-gzip"'],
    ['*, gzip;q=0', 'zstd', '"abc-zstd"'],
    ['*, identity;q=0', 'gzip', '"abc-gzip"'],
    ['identity;q=0, gzip;q=0.001', 'gzip', '"abc-gzip"'],
    ['identity', undefined, '"abc"'],
    ['gzip;q=0', undefined, '"abc"'],
    ['gzip;q=0.5, identity', undefined, '"abc"'],
    ['br', undefined, '"abc"'],
    ['', undefined, '"abc"'],
    ['identity;q=0', undefined, '"abc"'],
    ['constructor, __proto__', undefined, '"abc"'],
  ] as const)
    it(`answers Accept-Encoding "${accept}" with ${coding ?? 'the body as it is'}`, async () => {
      const { headers, body } = await get('/twins', { 'accept-encoding': accept })
      assert.equal(headers['content-encoding'], coding)
      assert.equal(headers.etag, tag)
      assert.equal(headers.vary, 'Accept, Accept-Encoding')
      const expected = coding === 'gzip' ? 'as gzip' : coding === 'zstd' ? 'as zstandard' : text.toString('latin1')
      assert.equal(body.toString('latin1'), expected)
      assert.equal(headers['content-length'], String(body.length))
    })

  it('has one tag for every coding when the protocol states it, weak where the bytes are others', async () => {
    const plain = await get('/tagged')
    const coded = await get('/tagged', { 'accept-encoding': 'gzip' })
    assert.deepEqual([plain.headers.etag, coded.headers.etag], ['"abc"', 'W/"abc"'])
    assert.deepEqual([plain.headers['repr-digest'], plain.headers.digest], ['sha-256=:AA==:', 'sha-256=AA=='])
    assert.deepEqual([coded.headers['repr-digest'], coded.headers.digest], [undefined, undefined])
    for (const coding of ['gzip', 'identity'])
      assert.equal((await get('/tagged', { 'accept-encoding': coding, 'if-none-match': '"abc"' })).status, 304)
    const part = await get('/tagged', { range: 'bytes=999-' })
    assert.deepEqual([part.status, part.headers.etag, part.headers['repr-digest']], [206, '"abc"', 'sha-256=:AA==:'])
  })

  it('knows the entity tags of all codings, and names the one that the client has', async () => {
    const { status, headers } = await get('/twins', { 'accept-encoding': 'gzip', 'if-none-match': '"abc-zstd"' })
    assert.equal(status, 304)
    assert.equal(headers.etag, '"abc-zstd"')
  })

  it('takes parts of the chosen coding, and only under its own entity tag', async () => {
    const part = { 'accept-encoding': 'gzip', range: 'bytes=3-' }
    assert.equal((await get('/twins', { ...part, 'if-range': '"abc-gzip"' })).body.toString(), 'gzip')
    assert.equal((await get('/twins', { ...part, 'if-range': '"abc"' })).status, 200)
  })

  it('takes from pages of upstream the right to run scripts', async () => {
    assert.equal((await get('/page')).headers['content-security-policy'], "sandbox; default-src 'none'")
  })

  it('calls a body without type a stream of bytes', async () => {
    assert.equal((await get('/untyped')).headers['content-type'], 'application/octet-stream')
  })

  it('sends a body whole, whatever the conditions, to methods other than GET and HEAD', async () => {
    const headers = { 'if-none-match': '"abc"', range: 'bytes=0-1' }
    assert.deepEqual((await get('/small', headers, 'POST')).body, text)
  })

  for (const path of ['/lost', '/lost-large', '/wrong-size'])
    it(`throws before the head when the blob is not there: ${path}`, async () => {
      const { status, body } = await get(path)
      assert.equal(status, 500)
      assert.equal(body.toString(), 'DAMAGED')
    })

  it('throws before the head when a field would split the answer', async () => {
    const { status, headers, body } = await get('/injected')
    assert.equal(status, 500)
    assert.equal(headers['set-cookie'], undefined)
    assert.equal(headers.etag, undefined)
    assert.equal(body.toString(), 'FAULT')
  })

  it('tells how much it sent', async () => {
    server.sent.length = 0
    await get('/large', { range: 'bytes=100-' })
    await get('/small', { 'if-none-match': '*' })
    assert.deepEqual(server.sent, [
      { status: 206, bytes: large.length - 100 },
      { status: 304, bytes: 0 },
    ])
  })
})

describe('what is kept warm', () => {
  it('reads a small body once, however many ask at the same time', async () => {
    const store = fakeStore()
    const body = store.add(text)
    const server = await bench(store, () => ({ type: 'a/b', headers: {}, body }))
    await Promise.all(Array.from({ length: 10 }, () => server.get()))
    await server.close()
    assert.deepEqual([store.opens, store.closes], [1, 1])
  })

  it('gives up the small body that was used longest ago when the bytes run out', async () => {
    const store = fakeStore()
    const bodies = [1, 2, 3].map((seed) => store.add(bytesOf(1000, seed)))
    const server = await bench(store, (path) => ({ type: 'a/b', headers: {}, body: bodies[Number(path[1])] ?? text }), {
      memory: 2 * (1000 + 256),
    })
    for (const path of ['/0', '/1', '/0', '/2', '/0', '/1']) await server.get({}, { path })
    await server.close()
    assert.equal(store.opens, 4)
  })

  it('opens a large body once, and closes it in the end', async () => {
    const store = fakeStore()
    const body = store.add(large)
    const server = await bench(store, () => ({ type: 'a/b', headers: {}, body }))
    for (let round = 0; round < 3; round += 1) await server.get()
    assert.deepEqual([store.opens, store.closes], [1, 0])
    await server.close()
    assert.deepEqual([store.opens, store.closes], [1, 1])
  })

  it('keeps no more bodies open than it may', async () => {
    const store = fakeStore()
    const bodies = [1, 2, 3].map((seed) => store.add(bytesOf(600_000, seed)))
    const server = await bench(store, (path) => ({ type: 'a/b', headers: {}, body: bodies[Number(path[1])] ?? text }), {
      descriptors: 2,
    })
    for (const path of ['/0', '/1', '/0', '/2', '/0', '/1']) await server.get({}, { path })
    assert.deepEqual([store.opens, store.closes], [4, 2])
    await server.close()
    assert.equal(store.closes, 4)
  })

  it('serves a body again that comes back after it was missing', async () => {
    const store = fakeStore()
    const body = store.add(large)
    store.remove(body)
    const server = await bench(store, () => ({ type: 'a/b', headers: {}, body }))
    assert.equal((await server.get()).status, 500)
    store.add(large)
    assert.equal((await server.get()).status, 200)
    await server.close()
  })
})
