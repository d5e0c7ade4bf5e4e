import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bytesOf, file, json, startUpstream, status, text, type Upstream } from './upstream.ts'

let upstream: Upstream
before(async () => {
  upstream = await startUpstream({ '/doc': json({ a: 1 }) })
})
after(() => upstream.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(upstream.url + path, { headers })
const statusOf = async (path: string, headers?: Record<string, string>) => (await get(path, headers)).status

describe('the fake upstream', () => {
  it('answers what it was told, and 404 for the rest', async () => {
    const answer = await get('/doc')
    assert.equal(answer.headers.get('content-type'), 'application/json')
    assert.deepEqual(await answer.json(), { a: 1 })
    assert.equal(await statusOf('/other'), 404)
  })

  it('writes down what was asked', async () => {
    upstream.reset()
    await get('/doc?a=1', { 'x-own': 'y' })
    await get('/doc?a=2')
    assert.equal(upstream.count(), 2)
    assert.equal(upstream.count('/doc'), 2)
    assert.equal(upstream.count('/doc?a=1'), 1)
    assert.equal(upstream.requests[0]?.headers['x-own'], 'y')
  })

  it('prefers a path with its query', async () => {
    upstream.set('/doc?page=2', text('two'))
    assert.equal(await (await get('/doc?page=2')).text(), 'two')
    assert.equal(await (await get('/doc?page=1')).text(), '{"a":1}')
  })

  it('goes through steps, and stays at the last', async () => {
    upstream.set('/steps', [status(500), status(503), text('x')])
    upstream.set('/times', { ...status(500), times: 2, next: text('x') })
    for (const path of ['/steps', '/times']) {
      const seen = [await statusOf(path), await statusOf(path), await statusOf(path), await statusOf(path)]
      assert.deepEqual(
        seen.map((code) => code === 200),
        [false, false, true, true],
      )
    }
  })

  it('honours validators', async () => {
    upstream.set('/valid', text('x', { etag: true, modified: new Date('2026-01-01') }))
    const etag = (await get('/valid')).headers.get('etag') ?? ''
    assert.equal(await statusOf('/valid', { 'if-none-match': etag }), 304)
    assert.equal(await statusOf('/valid', { 'if-none-match': '"other"' }), 200)
    assert.equal(await statusOf('/valid', { 'if-modified-since': new Date('2026-01-02').toUTCString() }), 304)
    assert.equal(await statusOf('/valid', { 'if-modified-since': new Date('2025-01-02').toUTCString() }), 200)
  })

  it('honours ranges, and If-Range', async () => {
    upstream.set('/range', text('0123456789', { etag: '"e"' }))
    const part = await get('/range', { range: 'bytes=3-5', 'if-range': '"e"' })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), 'bytes 3-5/10')
    assert.equal(await part.text(), '345')
    assert.equal(await (await get('/range', { range: 'bytes=-2' })).text(), '89')
    assert.equal(await statusOf('/range', { range: 'bytes=3-', 'if-range': '"other"' }), 200)
    assert.equal(await statusOf('/range', { range: 'bytes=10-' }), 416)
    upstream.set('/whole', text('0123456789', { ranges: false }))
    assert.equal(await statusOf('/whole', { range: 'bytes=3-5' }), 200)
  })

  it('breaks off where it should', async () => {
    upstream.set('/short', file(bytesOf(100_000), { truncateAt: 1000 }))
    await assert.rejects(get('/short').then((answer) => answer.arrayBuffer()))
  })
})

describe('bytesOf', () => {
  it('is the same for the same seed, and differs for another', () => {
    assert.deepEqual(bytesOf(100, 7), bytesOf(100, 7))
    assert.notDeepEqual(bytesOf(100, 7), bytesOf(100, 8))
  })
})
