// A mixed load on a server: hits and misses, whole and in part, with and without conditions and codings, clients that leave
// and requests that are none. Every answer is checked.

import assert from 'node:assert/strict'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { bytesOf, json, type Upstream } from '../fakes/upstream.ts'
import { publish } from './archive.ts'
import { open } from './raw.ts'

/** Sizes of the files: kept in memory, and read from the disk for each answer. */
const sizes = [3_000, 20_000, 90_000, 400_000, 1_500_000]

export interface Load {
  /** One request, whichever comes. */
  one(random: () => number): Promise<void>
  /** Everything that can be held, once. */
  all(): Promise<void>
  readonly asked: number
  close(): void
}

export function createLoad(upstream: Upstream, url: string, connections: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const files = new Map<string, Buffer>()
  let names = 0
  let asked = 0
  const add = (size: number): string => {
    names += 1
    const bytes = Buffer.from(bytesOf(size, names))
    const path = `/npm${publish(upstream, `name-${names}`, bytes)}`
    files.set(path, bytes)
    return path
  }
  const held = Array.from({ length: 30 }, (_, number) => add(sizes[number % sizes.length] ?? 0))
  // a page that is another one each time that it is asked for, and too large to be read on the main thread
  let edition = 0
  upstream.set('/changing', () => {
    edition += 1
    const versions = Array.from({ length: 1000 }, (_, number) => [
      `1.0.${number}`,
      {
        name: 'changing',
        version: `1.0.${number}`,
        description: `edition ${edition}`.padEnd(100),
        dist: distOf(number),
      },
    ])
    return json({
      name: 'changing',
      'dist-tags': { latest: '1.0.0' },
      versions: Object.fromEntries(versions),
      time: {},
    })
  })
  const distOf = (number: number) => ({
    tarball: `${upstream.url}/changing/-/changing-1.0.${number}.tgz`,
    integrity: `sha512-${Buffer.alloc(64, number).toString('base64')}`,
  })

  interface Answer {
    readonly status: number
    readonly headers: IncomingHttpHeaders
    readonly body: Buffer
  }
  function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    asked += 1
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { agent, headers, method }, async (response) => {
        try {
          const body = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>))
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
        } catch (error) {
          reject(error)
        }
      })
      sent.on('error', reject)
      sent.end()
    })
  }
  const isWhole = async (path: string): Promise<void> => {
    const { status, body } = await ask(path)
    assert.equal(status, 200, path)
    assert.ok(body.equals(files.get(path) ?? Buffer.alloc(0)), `${path} is whole and right`)
  }
  const pageOf = (path: string): string => path.replace(/\/-\/.*/, '')

  const kinds: readonly (readonly [weight: number, ask: (path: string, random: () => number) => Promise<unknown>])[] = [
    [40, isWhole],
    [
      10,
      async (path, random) => {
        const whole = files.get(path) ?? Buffer.alloc(0)
        const from = Math.floor(random() * (whole.length - 1))
        const { status, body } = await ask(path, { range: `bytes=${from}-${from + 999}` })
        assert.equal(status, 206)
        assert.ok(body.equals(whole.subarray(from, from + 1000)))
      },
    ],
    [
      15,
      async (path, random) => {
        const coding = ['gzip', 'br', 'zstd', 'identity'][Math.floor(random() * 4)] ?? ''
        const { status, headers } = await ask(pageOf(path), { 'accept-encoding': coding })
        assert.equal(status, 200)
        const again = await ask(pageOf(path), { 'accept-encoding': coding, 'if-none-match': headers.etag ?? '' })
        assert.ok(again.status === 304 || again.headers.etag !== headers.etag)
      },
    ],
    [5, async (path) => assert.equal((await ask(path, {}, 'HEAD')).status, 200)],
    [
      5,
      async (path, random) =>
        assert.equal((await ask(`${pageOf(path)}-not-${Math.floor(random() * 200)}`)).status, 404),
    ],
    [3, async (path) => assert.equal((await ask(path, {}, 'PUT')).status, 405)],
    [3, async () => assert.equal((await ask('/npm/..%2f..%2fx')).status, 400)],
    [3, async (path) => assert.equal((await ask(pageOf(path), { 'cache-control': 'no-cache' })).status, 200)],
    [1, async () => assert.equal((await ask('/npm/changing', { 'cache-control': 'no-cache' })).status, 200)],
    [
      5,
      async (path) => {
        const socket = await open(url)
        socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
        await new Promise((resolve) => socket.once('data', resolve))
        socket.destroy()
      },
    ],
    [
      1,
      async () => {
        const path = add(sizes[names % sizes.length] ?? 0)
        await isWhole(path)
        files.delete(path)
      },
    ],
  ]
  const weights = kinds.flatMap(([weight, kind]) => Array.from({ length: weight }, () => kind))

  return {
    async one(random) {
      const kind = weights[Math.floor(random() * weights.length)]
      await kind?.(held[Math.floor(random() * held.length)] ?? '', random)
    },
    async all() {
      for (const path of held) {
        await isWhole(path)
        assert.equal((await ask(pageOf(path))).status, 200)
      }
    },
    get asked() {
      return asked
    },
    close: () => agent.destroy(),
  }
}
