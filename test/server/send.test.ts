import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { MirrorError } from '../../src/errors.ts'
import { type Bench, bench, bytesOf, eventually, fakeStore, growingBody, type ScriptedGrowing } from './harness.ts'

const MiB = 1024 * 1024
const broken = new MirrorError('WRONG_DIGEST', 'The bytes differ.')

async function following(size: number | undefined, play: (growing: ScriptedGrowing, server: Bench) => Promise<void>) {
  const growing = growingBody(size)
  const server = await bench(fakeStore(), () => ({ type: 'a/b', etag: '"abc"', headers: {}, body: growing }))
  try {
    await play(growing, server)
  } finally {
    growing.fail(broken)
    await server.close()
  }
}

async function inSteps(growing: ScriptedGrowing, bytes: Buffer, steps: number): Promise<void> {
  const step = Math.ceil(bytes.length / steps)
  for (let from = 0; from < bytes.length; from += step) {
    growing.arrive(bytes.subarray(from, from + step))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  growing.finish()
}

/** A client that reads nothing until it is told to. */
async function crawler(port: number, path = '/'): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.pause()
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  return socket
}

describe('a body that is still arriving', () => {
  const whole = bytesOf(900_000)

  it('is followed as it arrives, with its length', () =>
    following(whole.length, async (growing, server) => {
      const [{ headers, body }] = await Promise.all([server.get(), inSteps(growing, whole, 9)])
      assert.equal(headers['content-length'], String(whole.length))
      assert.deepEqual(body, whole)
      assert.equal(growing.left, 1)
    }))

  it('sends what is there before the rest has come', () =>
    following(whole.length, async (growing, server) => {
      growing.arrive(whole.subarray(0, 1000))
      const client = await crawler(server.port)
      let got = 0
      client.on('data', (piece) => {
        got += piece.length
      })
      client.resume()
      await eventually(() => got > 1000)
      client.destroy()
      assert.ok(got > 1000)
    }))

  it('is sent in chunks when nobody knows its length', () =>
    following(undefined, async (growing, server) => {
      const [{ headers, body }] = await Promise.all([server.get(), inSteps(growing, whole, 9)])
      assert.equal(headers['transfer-encoding'], 'chunked')
      assert.deepEqual(body, whole)
    }))

  it('has a length after all when it is complete before the answer begins', () =>
    following(undefined, async (growing, server) => {
      growing.arrive(whole)
      growing.finish()
      assert.equal((await server.get()).headers['content-length'], String(whole.length))
    }))

  it('answers HEAD at once', () =>
    following(whole.length, async (growing, server) => {
      const { status, headers } = await server.get({}, { method: 'HEAD' })
      assert.equal(status, 200)
      assert.equal(headers['content-length'], String(whole.length))
      assert.equal(growing.left, 1)
    }))

  it('answers HEAD at once without knowing the length', () =>
    following(undefined, async (_, server) => {
      const { status, headers } = await server.get({}, { method: 'HEAD' })
      assert.equal(status, 200)
      assert.equal(headers['content-length'], undefined)
    }))

  it('answers a condition at once', () =>
    following(whole.length, async (growing, server) => {
      assert.equal((await server.get({ 'if-none-match': '"abc"' })).status, 304)
      assert.equal(growing.left, 1)
    }))

  for (const [range, from, to] of [
    ['bytes=500000-600000', 500_000, 600_001],
    ['bytes=500000-', 500_000, 900_000],
    ['bytes=-10', 899_990, 900_000],
  ] as const)
    for (const size of [whole.length, undefined])
      it(`waits for the part ${range} of ${size ?? 'unknown'} bytes`, () =>
        following(size, async (growing, server) => {
          const [{ status, headers, body }] = await Promise.all([server.get({ range }), inSteps(growing, whole, 9)])
          const total = size === undefined && range === 'bytes=500000-600000' ? '*' : '900000'
          assert.equal(status, 206)
          assert.equal(headers['content-range'], `bytes ${from}-${to - 1}/${total}`)
          assert.deepEqual(body, whole.subarray(from, to))
          assert.equal(growing.left, 1)
        }))

  it('sends a part that is there without waiting for the rest', () =>
    following(undefined, async (growing, server) => {
      growing.arrive(whole.subarray(0, 1000))
      assert.deepEqual((await server.get({ range: 'bytes=10-19' })).body, whole.subarray(10, 20))
    }))

  it('has no part behind its end, once that is known', () =>
    following(undefined, async (growing, server) => {
      const [{ status, headers }] = await Promise.all([
        server.get({ range: 'bytes=900000-' }),
        inSteps(growing, whole, 3),
      ])
      assert.equal(status, 416)
      assert.equal(headers['content-range'], 'bytes */900000')
    }))

  it('waits with an empty body until it is verified', () =>
    following(0, async (growing, server) => {
      const asked = server.get()
      growing.fail(broken)
      assert.equal((await asked).status, 502)
    }))

  for (const size of [whole.length, undefined]) {
    it(`gives a proper status when the download fails before its first byte (${size ?? 'unknown'} bytes)`, () =>
      following(size, async (growing, server) => {
        const asked = server.get()
        growing.fail(broken)
        const { status, body } = await asked
        assert.equal(status, 502)
        assert.equal(body.toString(), 'WRONG_DIGEST')
        assert.equal(growing.left, 1)
      }))

    it(`breaks the connection off when the download fails half way (${size ?? 'unknown'} bytes)`, () =>
      following(size, async (growing, server) => {
        growing.arrive(whole.subarray(0, 300_000))
        const asked = server.get()
        setTimeout(() => growing.fail(broken), 20)
        await assert.rejects(asked, { code: 'ECONNRESET' })
        assert.deepEqual(server.errors, ['WRONG_DIGEST'])
        assert.equal(growing.left, 1)
      }))
  }

  it('resets the connection of an HTTP/1.0 client, which could not tell otherwise', () =>
    following(undefined, async (growing, server) => {
      growing.arrive(whole.subarray(0, 1000))
      const asked = server.raw('GET / HTTP/1.0\r\n\r\n')
      setTimeout(() => growing.fail(broken), 20)
      await assert.rejects(asked, { code: 'ECONNRESET' })
    }))

  it('breaks off when the download ends before the stated length', () =>
    following(whole.length, async (growing, server) => {
      growing.arrive(whole.subarray(0, 1000))
      const asked = server.get()
      setTimeout(() => growing.finish(), 20)
      await assert.rejects(asked, { code: 'ECONNRESET' })
      assert.deepEqual(server.errors, ['TRUNCATED'])
    }))

  it('is left at once by a client that goes away while it waits', () =>
    following(whole.length, async (growing, server) => {
      growing.arrive(whole.subarray(0, 1000))
      const client = await crawler(server.port)
      await new Promise((resolve) => setTimeout(resolve, 20))
      client.destroy()
      await eventually(() => growing.left === 1)
      assert.equal(growing.left, 1)
      assert.deepEqual(server.sent, [{ status: 200, bytes: 1000 }])
    }))

  it('is left at once by a client that goes away before the first byte', () =>
    following(undefined, async (growing, server) => {
      const client = await crawler(server.port)
      await new Promise((resolve) => setTimeout(resolve, 20))
      client.destroy()
      await eventually(() => growing.left === 1)
      assert.deepEqual(server.sent, [{ status: 499, bytes: 0 }])
    }))
})

describe('a held body', () => {
  it('breaks the connection off when the file is shorter than it should be', async () => {
    const store = fakeStore()
    const body = store.add(bytesOf(2 * MiB))
    store.truncate(body, MiB)
    const server = await bench(store, () => ({ type: 'a/b', headers: {}, body }))
    await assert.rejects(server.get(), { code: 'ECONNRESET' })
    assert.deepEqual(server.errors, ['TRUNCATED'])
    await server.close()
    assert.equal(store.closes, 1)
  })

  it('is read no faster than slow clients take it', async () => {
    const store = fakeStore()
    const body = store.add(Buffer.alloc(64 * MiB))
    const server = await bench(store, () => ({ type: 'a/b', headers: {}, body }))
    const before = process.memoryUsage()
    const clients = await Promise.all(Array.from({ length: 20 }, () => crawler(server.port)))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const held = process.memoryUsage().arrayBuffers - before.arrayBuffers
    const reads = store.reads
    for (const client of clients) client.destroy()
    await eventually(() => server.sent.length === 20)
    await server.close()
    // Two buffers of 512 KiB a client, and whatever the kernel took (at most a few MiB a connection).
    assert.ok(held <= 21 * MiB, `${held} bytes held`)
    assert.ok(reads < 20 * 32, `${reads} reads`)
    assert.equal(server.sent.length, 20)
    assert.equal(store.closes, 1)
  })

  it('is taken from a client that takes nothing for too long', async () => {
    const store = fakeStore()
    const body = store.add(Buffer.alloc(64 * MiB))
    const server = await bench(store, () => ({ type: 'a/b', headers: {}, body }), { stall: 50 })
    const client = await crawler(server.port)
    await eventually(() => server.sent.length === 1)
    client.destroy()
    await server.close()
    assert.equal(server.sent.length, 1)
    assert.ok((server.sent[0]?.bytes ?? 0) < body.size)
  })

  it('does not send a client away that waits for upstream', async () => {
    const growing = growingBody(1000)
    const server = await bench(fakeStore(), () => ({ type: 'a/b', headers: {}, body: growing }), { stall: 20 })
    growing.arrive(bytesOf(500))
    const asked = server.get()
    await new Promise((resolve) => setTimeout(resolve, 150))
    growing.arrive(bytesOf(500))
    growing.finish()
    assert.equal((await asked).body.length, 1000)
    await server.close()
  })
})

describe('pipelined requests', () => {
  const pipeline = (paths: readonly string[]): string =>
    paths
      .map(
        (path, index) =>
          `GET ${path} HTTP/1.1\r\nHost: a\r\n${index === paths.length - 1 ? 'Connection: close\r\n' : ''}\r\n`,
      )
      .join('')

  it('are answered in order, whichever is ready first', async () => {
    const store = fakeStore()
    const small = store.add(Buffer.from('<small>'))
    const large = store.add(Buffer.alloc(700_000, 'l'))
    const slow = growingBody(6)
    const served = { '/small': small, '/large': large, '/slow': slow }
    const server = await bench(store, (path) => ({
      type: 'a/b',
      headers: {},
      body: served[path as keyof typeof served],
    }))
    const paths = ['/slow', '/small', '/large', ...Array.from({ length: 12 }, () => '/large'), '/small']
    const answered = server.raw(pipeline(paths))
    setTimeout(() => {
      slow.arrive(Buffer.from('<slow>'))
      slow.finish()
    }, 50)
    const text = await answered
    const order = text.match(/<slow>|<small>|l{700000}/g)?.map((body) => body.replace(/l+$/, 'large'))
    await server.close()
    assert.deepEqual(order, ['<slow>', '<small>', ...Array.from({ length: 13 }, () => 'large'), '<small>'])
  })

  it('all free what they hold when the client goes', async () => {
    const store = fakeStore()
    const large = store.add(bytesOf(2 * MiB))
    const slow = growingBody(6)
    const server = await bench(store, (path) => ({ type: 'a/b', headers: {}, body: path === '/slow' ? slow : large }))
    const client = connect(server.port, '127.0.0.1', () =>
      client.write(pipeline(['/slow', '/large', '/large', '/large'])),
    )
    await eventually(() => store.opens === 1)
    client.destroy()
    await eventually(() => slow.left === 1 && server.sent.length >= 2)
    server.responder.close()
    await eventually(() => store.closes === 1)
    await server.close()
    assert.deepEqual([slow.left, store.opens, store.closes], [1, 1, 1])
  })
})
