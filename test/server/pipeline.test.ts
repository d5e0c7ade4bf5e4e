import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import type { Served } from '../../src/engine/served.ts'
import type { App } from '../../src/server/front.ts'
import { listen } from '../../src/server/listen.ts'
import { item } from '../builders/mirror.ts'
import { bench, bytesOf, eventually, fakeStore, growingBody } from './harness.ts'
import { site } from './site.ts'

const ask = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
const last = 'Connection: close\r\n'

/** Requests written in one go; resolves with everything that was answered. */
async function pipelined(port: number, paths: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(paths.map((path, index) => ask(path, index === paths.length - 1 ? last : '')).join(''))
  return Buffer.concat(await Array.fromAsync(socket)).toString('latin1')
}

/** The bodies of answers with a stated length, in order. */
function bodies(answers: string): readonly string[] {
  const found: string[] = []
  for (let at = 0; at < answers.length; ) {
    const end = answers.indexOf('\r\n\r\n', at) + 4
    const length = Number(/content-length: (\d+)/i.exec(answers.slice(at, end))?.[1])
    found.push(answers.slice(end, end + length))
    at = end + length
  }
  return found
}

test('files that are asked for ahead are fetched side by side, and answered in order', async (t) => {
  const names = Array.from({ length: 12 }, (_, index) => `f-${index}`)
  const bodyOf = (name: string) => `${name} `.repeat(20_000 + name.length)
  const held: ServerResponse[] = []
  let most = 0
  const upstream = createServer((request, response) => {
    const name = request.url?.split('/').at(-1) ?? ''
    if (name === 'a') {
      response.end(JSON.stringify({ files: names.map((each) => item(each, bodyOf(each))) }))
      return
    }
    // nobody is answered before four have asked, and the last comer is answered first
    held.push(response)
    response.once('close', () => held.splice(held.indexOf(response), 1))
    most = Math.max(most, held.length)
    if (held.length < 4) return
    for (const each of [...held].reverse()) each.end(bodyOf(each.req.url?.split('/').at(-1) ?? ''))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.after(() => upstream.close())
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const { port } = await site(t, {}, { policy: { freshFor: 60_000 } }, () => [{ ecosystem: 'shelf', upstreams: [url] }])
  const answers = await pipelined(
    port,
    names.map((name) => `/shelf/files/a/${name}`),
  )
  assert.deepEqual(bodies(answers), names.map(bodyOf))
  assert.ok(most >= 4)
})

/** An application that answers when it is told to. */
async function onCommand(t: { after(end: () => Promise<void>): void }) {
  const under: { path: string; end(): void }[] = []
  let begun = 0
  const app: App = {
    handle({ url = '' }, response) {
      begun += 1
      under.push({ path: url, end: () => void response.end(url) })
    },
  }
  const listening = await listen(app, ['127.0.0.1:0'])
  t.after(() => listening.close(0))
  return { under, begun: () => begun, port: listening.ports[0] ?? 0 }
}

test('no more than twelve requests of one connection are under way, and each is answered', async (t) => {
  const { under, begun, port } = await onCommand(t)
  const paths = Array.from({ length: 40 }, (_, index) => `/${index}`)
  const answers = pipelined(port, paths)
  await eventually(() => begun() === 12)
  assert.equal(begun(), 12)
  under.shift()?.end()
  await eventually(() => begun() === 13)
  assert.equal(begun(), 13)
  while (begun() < 40 || under.length > 0) {
    under.pop()?.end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(bodies(await answers), paths)
})

test('closing waits for the answers under way, and ends their connections with them', async () => {
  const under: (() => void)[] = []
  const listening = await listen({ handle: (_, response) => void under.push(() => response.end('done')) }, [
    '127.0.0.1:0',
  ])
  const socket = connect(listening.ports[0] ?? 0, '127.0.0.1')
  socket.write(ask('/one') + ask('/two'))
  await eventually(() => under.length === 2)
  const closed = listening.close(600_000)
  socket.write(ask('/three'))
  await eventually(() => under.length === 3)
  for (const end of under) end()
  const text = Buffer.concat(await Array.fromAsync(socket)).toString('latin1')
  await closed
  assert.deepEqual(bodies(text), ['done', 'done', 'done'])
  assert.match(text, /Connection: close[\s\S]*done$/)
})

test('a connection whose last answer was begun before is closed once that has left', async () => {
  const under: (() => void)[] = []
  const whole = 'x'.repeat(3_000_000)
  const listening = await listen({ handle: (_, response) => void under.push(() => response.end(whole)) }, [
    '127.0.0.1:0',
  ])
  const socket = connect(listening.ports[0] ?? 0, '127.0.0.1')
  socket.write(ask('/one'))
  await eventually(() => under.length === 1)
  const closed = listening.close(600_000)
  under[0]?.()
  await new Promise((resolve) => setTimeout(resolve, 150))
  const text = Buffer.concat(await Array.fromAsync(socket)).toString('latin1')
  await closed
  assert.deepEqual(bodies(text), [whole])
})

test('what a client asked for ahead is not begun once it has gone', async (t) => {
  const { under, begun, port } = await onCommand(t)
  const socket = connect(port, '127.0.0.1')
  socket.write(Array.from({ length: 30 }, (_, index) => ask(`/${index}`)).join(''))
  await eventually(() => begun() === 12)
  socket.destroy()
  await once(socket, 'close')
  // a new connection is served by then
  const other = pipelined(port, ['/other'])
  await eventually(() => under.some(({ path }) => path === '/other'))
  for (const each of under) each.end()
  assert.match(await other, /\/other/)
  assert.equal(begun(), 13)
})

test('an answer that waits behind another holds nothing of its body', async () => {
  const store = fakeStore()
  const slow = growingBody(10)
  const large = bytesOf(2_000_000)
  const blob = store.add(large)
  const answers: Record<string, Served> = {
    '/slow': { type: 'a/b', headers: {}, body: slow },
    '/large': { type: 'a/b', headers: {}, body: blob },
  }
  const server = await bench(store, (path) => answers[path] ?? { type: 'a/b', headers: {}, body: new Uint8Array() })
  try {
    const got = server.raw(ask('/slow') + ask('/large', last))
    await eventually(() => store.opens === 1)
    assert.equal(store.reads, 0)
    slow.arrive(Buffer.from('0123456789'))
    slow.finish()
    assert.equal((await got).slice(-large.length), large.toString('latin1'))
  } finally {
    await server.close()
  }
})
