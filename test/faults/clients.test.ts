// Clients that misbehave: those who leave, crawl, hang up half, ask many things at once, or ask what two readers could
// understand differently. Each gets a truthful answer and nothing of another's, and the server keeps nothing of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { serve } from '../clients/mirror.ts'
import { files, folder } from '../clients/place.ts'
import { bytesOf, startUpstream } from '../fakes/upstream.ts'
import { configuration, publish } from './archive.ts'
import { long } from './form.ts'
import { converse, open } from './raw.ts'

const MB = 1_000_000
const CROWD = long ? 200 : 30
const secret = 'upstream and password of this mirror'

test('clients that misbehave', async (t) => {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const data = folder(t)
  files(data, {
    'pkgmirror.yaml': `# ${secret}\n${configuration(upstream)}log: { level: error }\n`,
  })
  const bodies = new Map<string, Uint8Array>()
  const add = (name: string, size: number, bytesPerSecond?: number): string => {
    const bytes = bytesOf(size, bodies.size + 1)
    const path = `/npm${publish(upstream, name, bytes, bytesPerSecond === undefined ? {} : { bytesPerSecond })}`
    bodies.set(path, bytes)
    return path
  }
  const small = add('small', 2000)
  const large = add('large', 6 * MB)
  const running = await serve(t, { data, config: `${data}/pkgmirror.yaml` })
  const { url } = running
  const get = (path: string, ...more: readonly string[]): string =>
    [`GET ${path} HTTP/1.1`, 'Host: localhost', ...more, '', ''].join('\r\n')
  const isWhole = (path: string, body: Uint8Array): void =>
    assert.ok(Buffer.from(body).equals(bodies.get(path) ?? Buffer.alloc(0)), `${path} is whole and right`)
  const isServed = async (...paths: readonly string[]): Promise<void> => {
    for (const path of paths) {
      const response = await fetch(`${url}${path}`, { headers: { connection: 'close' } })
      assert.equal(response.status, 200, path)
      isWhole(path, new Uint8Array(await response.arrayBuffer()))
    }
  }
  /** Open files of the server, once nothing is under way. */
  const descriptors = (): number => readdirSync(`/proc/${running.pid}/fd`).length
  const settlesAt = async (most: number): Promise<void> => {
    const unfinished = (): number => readdirSync(`${data}/tmp`).length
    for (let tries = 0; tries < 300 && (descriptors() > most || unfinished() > 0); tries += 1) await pause(10)
    assert.ok(descriptors() <= most, `${descriptors()} descriptors, ${most} before`)
    assert.deepEqual(readdirSync(`${data}/tmp`), [], 'no temporary file stays')
  }
  await isServed(small, large)

  const onLinux = process.platform === 'linux' ? undefined : 'open files are counted on Linux alone'

  await t.test('leave in the middle of a body, cold or warm', { skip: onLinux ?? false }, async () => {
    const cold = add('left', 2 * MB, 2 * MB)
    await isServed(small, large)
    const before = descriptors()
    await Promise.all(
      Array.from({ length: CROWD }, async (_, number) => {
        const socket = await open(url)
        socket.write(get([cold, large, `${cold}?x=${number}`][number % 3] ?? ''))
        await once(socket, 'data')
        if (number % 2 === 0) socket.resetAndDestroy()
        else socket.destroy()
      }),
    )
    // nobody waits for it any more, and it arrives all the same; two more are kept open than before, for their next readers
    await isServed(cold)
    await settlesAt(before + 2)
    assert.equal(upstream.count(cold.slice('/npm'.length)), 1)
  })

  await t.test('crawl, and hold up nobody', { skip: onLinux ?? false }, async () => {
    const cold = add('crawled', 4 * MB)
    const before = descriptors()
    const crawlers = await Promise.all(
      Array.from({ length: CROWD }, async (_, number) => {
        const socket = await open(url)
        socket.write(get([cold, large][number % 2] ?? ''))
        await once(socket, 'readable')
        socket.read(1)
        return socket
      }),
    )
    const started = performance.now()
    await isServed(cold, large, small)
    assert.ok(performance.now() - started < 5000)
    for (const socket of crawlers) socket.destroy()
    await settlesAt(before + 2)
  })

  await t.test('hang up their half: they are gone, and are told nothing that is not whole', async () => {
    const cold = add('half', MB, 4 * MB)
    for (const path of [small, large, cold]) {
      const { answers, rest, closed } = await converse(url, get(path), { hangUp: true })
      assert.deepEqual([answers.filter(({ status }) => status !== 200), rest.length, closed], [[], 0, true])
      for (const { body, broken } of answers) if (!broken) isWhole(path, body)
    }
  })

  await t.test('ask many things at once, and are answered in order', async () => {
    const paths = Array.from({ length: 40 }, (_, number) =>
      number % 4 === 0 ? add(`piped-${number}`, 30_000) : number % 4 === 1 ? '/npm/absent/-/absent-1.0.0.tgz' : small,
    )
    const { answers, rest } = await converse(url, paths.map((path) => get(path)).join(''), { expected: paths.length })
    assert.equal(rest.length, 0)
    assert.equal(answers.length, paths.length)
    for (const [number, path] of paths.entries()) {
      const answer = answers[number]
      assert.equal(answer?.status, path.includes('absent') ? 404 : 200, path)
      if (answer?.status === 200) isWhole(path, answer.body)
    }
  })

  await t.test('send garbage behind a request: it never gets into the answer', async () => {
    for (const garbage of [
      '\0\0\0\0\r\n\r\n',
      'GET\r\n\r\n',
      `${get(small, 'Content-Length: x')}`,
      '}'.repeat(100_000),
    ]) {
      const { answers, rest } = await converse(url, get(large), { later: garbage })
      const [first, ...others] = answers
      const whole = bodies.get(large) ?? new Uint8Array()
      assert.equal(first?.status, 200)
      assert.ok(first.body.equals(whole.subarray(0, first.body.length)), 'what came of the body is right')
      for (const { status } of others) assert.equal(status, 400)
      assert.equal(rest.length, 0)
    }
  })

  // what is asked in two ways below is remembered by now
  for (let round = 0; round < 2; round += 1)
    assert.equal((await converse(url, get(small), { expected: 1 })).answers[0]?.status, 200)
  const host = 'Host: localhost'
  const post = (...lines: readonly string[]): string =>
    [`POST /npm/-/npm/v1/security/audits HTTP/1.1`, ...lines].join('\r\n')
  const inside = get(small)
  /** What is sent, and the statuses that are truthful for it. */
  const smuggled: readonly (readonly [what: string, sent: string, ...statuses: number[]])[] = [
    ['both lengths', post(host, 'Content-Length: 4', 'Transfer-Encoding: chunked', '', `0\r\n\r\n${inside}`), 400],
    ['two lengths', post(host, 'Content-Length: 0', `Content-Length: ${inside.length}`, '', inside), 400],
    ['the same length twice', post(host, 'Content-Length: 0', 'Content-Length: 0', '', ''), 400, 404, 502],
    ['a list of lengths', post(host, `Content-Length: 0, ${inside.length}`, '', inside), 400],
    ['a signed length', post(host, `Content-Length: +${inside.length}`, '', inside), 400],
    ['a length in hex', post(host, 'Content-Length: 0x10', '', inside), 400],
    ['a length below zero', post(host, 'Content-Length: -1', '', inside), 400],
    ['a huge length', post(host, 'Content-Length: 99999999999999999999', '', inside), 400],
    ['a GET with a body', get(small, `Content-Length: ${inside.length}`) + inside, 400],
    ['a GET with chunks', `${get(small, 'Transfer-Encoding: chunked')}0\r\n\r\n${inside}`, 400],
    ['another coding', post(host, 'Transfer-Encoding: gzip, chunked', '', `0\r\n\r\n${inside}`), 400],
    ['chunked twice', post(host, 'Transfer-Encoding: chunked, chunked', '', `0\r\n\r\n${inside}`), 400],
    ['a coding misspelt', post(host, 'Transfer-Encoding: xchunked', '', `0\r\n\r\n${inside}`), 400],
    [
      'a coding behind a tab',
      post(host, 'Transfer-Encoding:\tchunked', 'Content-Length: 4', '', `0\r\n\r\n${inside}`),
      400,
    ],
    ['a space before the colon', post(host, 'Content-Length : 5', '', inside), 400],
    ['a folded field', get(small, 'X-One: a', ' Transfer-Encoding: chunked'), 400],
    ['a bare CR', get(small, 'X-One: a\rX-Two: b'), 400],
    ['a bare LF', `GET ${small} HTTP/1.1\nHost: localhost\n\n`, 400],
    ['a NUL', get(small, 'X-One: a\0b'), 400],
    ['a chunk size that is none', post(host, 'Transfer-Encoding: chunked', '', `z\r\n${inside}`), 400],
    ['a huge chunk', post(host, 'Transfer-Encoding: chunked', '', `ffffffffffffffffff\r\n${inside}`), 400],
    ['a chunk that ends in LF', post(host, 'Transfer-Encoding: chunked', '', `1\nx\n0\n\n${inside}`), 400],
    ['two hosts', get(small, 'Host: other.example.org'), 400],
    ['no host', `GET ${small} HTTP/1.1\r\n\r\n`, 400],
    ['a host with a path', `GET ${small} HTTP/1.1\r\nHost: localhost/x\r\n\r\n`, 400],
    ['a host with a user', `GET ${small} HTTP/1.1\r\nHost: a@localhost\r\n\r\n`, 400],
    ['no version', `GET ${small}\r\n\r\n`, 200, 400],
    ['another version', `GET ${small} HTTP/3.7\r\n${host}\r\n\r\n`, 400, 505],
    ['a method that is none', `GE\0T ${small} HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ['a publication', `PUT ${small} HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\n\r\n`, 405],
    ['a deletion', `DELETE ${small} HTTP/1.1\r\n${host}\r\n\r\n`, 405],
    ['a tunnel', `CONNECT localhost:22 HTTP/1.1\r\n${host}\r\n\r\n`, 400, 405],
    ['an upgrade', get(small, 'Connection: upgrade', 'Upgrade: websocket'), 200, 400],
    ['two requests as one header', `GET ${small} HTTP/1.1\r\n${host}\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a thousand fields', get(small, ...Array.from({ length: 3000 }, (_, number) => `X-${number}: y`)), 431],
    ['a long address', get(`/npm/${'a'.repeat(20_000)}`), 431],
    ['an address of 5000', get(`/npm/${'a'.repeat(5_000)}`), 400],
  ]
  await t.test(`send ${smuggled.length} requests that could be understood in two ways`, async () => {
    await Promise.all(
      smuggled.map(async ([what, sent, ...statuses]) => {
        const { answers, rest } = await converse(url, sent)
        assert.ok(answers.length <= 1, `${what}: one answer, not ${answers.map(({ status }) => status).join()}`)
        assert.equal(rest.length, 0, `${what}: ${rest.toString('latin1', 0, 200)}`)
        const [answer] = answers
        // closing the connection without a word is truthful too
        if (answer !== undefined) assert.ok(statuses.includes(answer.status), `${what}: ${answer.status}`)
        if (answer?.status !== 200) assert.ok(!answer?.body.equals(Buffer.from(bodies.get(small) ?? '')), what)
      }),
    )
    await isServed(small)
  })

  const up = [
    '..',
    '%2e%2e',
    '.%2e',
    '%2E.',
    '%252e%252e',
    '..%00',
    '..%c0%af',
    '%c0%ae%c0%ae',
    '..%5c',
    '..\\',
    '%u002e%u002e',
  ]
  const slash = ['/', '%2f', '%2F', '%252f', '%5c', '\\', '%c0%af', '%e0%80%af', '//']
  await t.test(`ask for what lies elsewhere, in ${up.length * slash.length * 2} spellings`, async () => {
    const targets = up.flatMap((dots) =>
      slash.flatMap((line) => [
        `/npm/${`${dots}${line}`.repeat(6)}pkgmirror.yaml`,
        `/npm/small/-/${`${dots}${line}`.repeat(3)}catalog.db`,
      ]),
    )
    await Promise.all(
      targets.map(async (target) => {
        const [answer, ...more] = (await converse(url, get(target), { expected: 1, silence: 5000 })).answers
        assert.ok([400, 404].includes(answer?.status ?? 0), `${target}: ${answer?.status}`)
        assert.ok(
          more.length === 0 && answer?.body.includes(secret) === false && !answer.body.includes('SQLite format'),
        )
      }),
    )
    for (const asked of upstream.requests)
      assert.doesNotMatch(asked.path, /\.\.|%2e%2e|%00|%5c|\\/i, 'upstream is not asked so')
  })

  await t.test('ask for a thousand ranges', async () => {
    const ranges = Array.from({ length: 1000 }, (_, number) => `${number * 2}-${number * 2}`).join()
    for (const [field, statuses] of [
      [`bytes=${ranges}`, [200, 206, 416]],
      [`bytes=${'0-,'.repeat(1000)}0-`, [200, 206, 416]],
      [`bytes=${'-1,'.repeat(4000)}-1`, [200, 206, 416]],
      [`bytes=${`${ranges},`.repeat(4)}`, [431]],
      ['bytes=9007199254740993-99999999999999999999999', [200, 416]],
    ] as const) {
      for (const path of [small, large]) {
        const { answers, rest } = await converse(url, get(path, `Range: ${field}`), { expected: 1 })
        const [answer] = answers
        assert.ok(answer !== undefined && statuses.some((status) => status === answer.status), `${answer?.status}`)
        assert.equal(rest.length, 0)
        if (answer.status === 200) isWhole(path, answer.body)
      }
    }
  })

  await isServed(small, large)
  await running.stop()
  assert.equal(running.said(), '', 'none of it was a fault')
})
