import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { listen } from '../../src/server/listen.ts'
import { readPlain } from '../../src/server/plain.ts'
import { item, minute } from '../builders/mirror.ts'
import { file, json } from '../fakes/upstream.ts'
import { bytesOf } from './harness.ts'
import { site } from './site.ts'

const ask = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`

interface Talk {
  readonly socket: Socket
  /** Sends, and resolves with the next whole answers. */
  say(text: string, answers?: number, empty?: boolean): Promise<readonly string[]>
}

/** One connection, kept alive. */
async function talk(t: TestContext, port: number): Promise<Talk> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  t.after(() => socket.destroy())
  const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<string>
  let rest = ''
  async function next(): Promise<string> {
    for (;;) {
      const end = rest.indexOf('\r\n\r\n') + 4
      const head = rest.slice(0, end)
      const length = head.startsWith('HTTP/1.1 304') ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (end >= 4 && rest.length >= end + length) {
        const answer = rest.slice(0, end + length)
        rest = rest.slice(end + length)
        return answer
      }
      const { value, done } = await pieces.next()
      if (done === true) return rest
      rest += value
    }
  }
  return {
    socket,
    async say(text, answers = 1) {
      socket.write(text)
      const got: string[] = []
      while (got.length < answers) got.push(await next())
      return got
    },
  }
}

const undated = (answer: string | undefined): string | undefined =>
  answer?.replace(/^Date: .*$/m, (line) => (Number.isNaN(Date.parse(line.slice(6))) ? line : 'Date: one'))

const small = 'small '.repeat(20)
const large = bytesOf(60_000).toString('latin1')
const files = { small, large }
const routes = () => ({
  '/index/a': json({
    files: Object.entries(files).map(([name, body]) => item(name, Buffer.from(body, 'latin1'))),
    padding: ' '.repeat(5000),
  }),
  ...Object.fromEntries(
    Object.entries(files).map(([name, body]) => [`/files/a/${name}`, file(Buffer.from(body, 'latin1'))]),
  ),
})
const fresh = { policy: { freshFor: minute } }

/** Node answers the first request of a connection, and every one that closes it. */
for (const [what, path, fields] of [
  ['a small file', '/shelf/files/a/small', ''],
  ['a file that is not copied', '/shelf/files/a/large', ''],
  ['a document', '/shelf/index/a', ''],
  ['a compressed document', '/shelf/index/a', 'Accept-Encoding: br;q=0.1, gzip\r\n'],
  ['an unchanged file', '/shelf/files/a/small', `If-None-Match: "${sha(small)}"\r\n`],
  ['a changed one', '/shelf/files/a/small', 'If-None-Match: "other"\r\n'],
  ['a condition that fails', '/shelf/files/a/small', 'If-Match: "other"\r\n'],
  ['a part', '/shelf/files/a/large', 'Range: bytes=10-19\r\n'],
] as const) {
  test(`${what} is the same, field by field, whether Node or the socket answers`, async (t) => {
    const { at, port } = await site(t, routes(), fresh)
    const warm = await talk(t, port)
    await warm.say(ask(path, 'Accept: */*\r\n'))
    // the answer is whole a moment before its bytes are held
    await at.mirror.flights.idle()
    await warm.say(ask(path, fields))
    const { say } = await talk(t, port)
    const [byNode] = await say(ask(path, fields))
    const [atOnce] = await say(ask(path, fields))
    assert.match(byNode ?? '', /^HTTP\/1\.1 \d{3} [\s\S]*Keep-Alive: timeout=65/)
    assert.equal(undated(atOnce), undated(byNode))
  })
}

function sha(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex')
}

test('after the first of a connection, plain requests that are known are answered without Node', async (t) => {
  const made: string[] = []
  const listening = await listen(
    {
      handle: ({ url, method }, response) => {
        made.push(`${method} ${url}`)
        response.end('by Node')
      },
      answer({ url, special }) {
        if (special || url !== '/known') return undefined
        return { head: Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n'), body: Buffer.from('here') }
      },
    },
    ['127.0.0.1:0'],
  )
  t.after(() => listening.close(0))
  const { say } = await talk(t, listening.ports[0] ?? 0)
  const bodies: (string | undefined)[] = []
  for (const text of [
    ask('/known'),
    ask('/known'),
    ask('/other'),
    ask('/known', 'Range: bytes=0-1\r\n'),
    ask('/known'),
    ask('/known').replace('GET', 'OPTIONS'),
    // after what is not plain, Node alone knows where a request ends
    ask('/known'),
  ])
    bodies.push((await say(text))[0]?.split('\r\n\r\n')[1])
  assert.deepEqual(bodies, ['by Node', 'here', 'by Node', 'by Node', 'here', 'by Node', 'by Node'])
  assert.deepEqual(made, ['GET /known', 'GET /other', 'GET /known', 'OPTIONS /known', 'GET /known'])
})

test('what is written to the catalog is seen by the next request of a connection', async (t) => {
  const index = (version: string) => json({ files: [{ ...item(`a-${version}`, version), version }] })
  const { at, port } = await site(t, { '/index/a': [index('1.0.0'), index('2.0.0')] }, fresh)
  const { say } = await talk(t, port)
  const versions: unknown[] = []
  for (const pass of [0, 0, 0, 2 * minute, 0]) {
    at.clock.pass(pass)
    versions.push(/a-(\d)/.exec((await say(ask('/shelf/index/a')))[0] ?? '')?.[1])
  }
  assert.deepEqual(versions, ['1', '1', '1', '2', '2'])
})

test('answers to what is sent in one go come in order, held or not', async (t) => {
  const { port } = await site(t, routes(), fresh)
  const { say } = await talk(t, port)
  await say(ask('/shelf/files/a/small'))
  await say(ask('/shelf/files/a/small'))
  const paths = ['files/a/small', 'files/a/large', 'files/a/small', 'files/a/none', 'index/a', 'files/a/small']
  const answers = await say(paths.map((path) => ask(`/shelf/${path}`)).join(''), paths.length)
  const shown = answers.map((answer) => {
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    return body === small ? 'small' : body === large ? 'large' : answer.slice(9, 12)
  })
  assert.deepEqual(shown, ['small', 'large', 'small', '404', '200', 'small'])
})

test('a request may come in any pieces', async (t) => {
  const { port } = await site(t, routes(), fresh)
  const { say, socket } = await talk(t, port)
  socket.setNoDelay(true)
  for (let round = 0; round < 3; round++) await say(ask('/shelf/files/a/small'))
  for (const byte of ask('/shelf/files/a/small').slice(0, -1)) {
    socket.write(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const [answer] = await say('\n')
  assert.ok(answer?.endsWith(small))
  assert.ok((await say(ask('/shelf/files/a/small')))[0]?.endsWith(small))
})

test('a body between two requests is no request', async (t) => {
  const { port } = await site(t, routes(), fresh)
  const { say } = await talk(t, port)
  for (let round = 0; round < 3; round++) await say(ask('/shelf/files/a/small'))
  const hidden = ask('/shelf/files/a/small')
  const post = `POST /shelf/index/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`
  const [refused, answer] = await say(post + ask('/shelf/files/a/large'), 2)
  assert.match(refused ?? '', /^HTTP\/1\.1 405 /)
  assert.ok(answer?.endsWith(large))
})

test('a client that takes nothing is not read any further', async (t) => {
  const { at, port } = await site(t, routes(), fresh)
  const { say, socket } = await talk(t, port)
  for (let round = 0; round < 3; round++) await say(ask('/shelf/files/a/large'))
  const before = at.events.length
  const many = 2000
  socket.pause()
  const request = ask('/shelf/files/a/large')
  for (let sent = 0; sent < many; sent++) socket.write(request)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const answered = at.events.slice(before).filter(({ type }) => type === 'answered').length
  assert.ok(answered < many / 2, `${answered} of ${many} were answered`)
})

test('only heads about which no two readers disagree are read here', () => {
  const plain = [
    ask('/a'),
    ask('/a%2fb?x=1&y', 'Accept: */*\r\nUser-Agent: x (y; z)\r\n'),
    ask('/', 'Connection: Keep-Alive\r\nX-Empty:\r\n'),
  ]
  const others = [
    ask('/a').replace('GET', 'HEAD'),
    ask('/a').replace('GET', 'get'),
    ask('http://localhost/a'),
    ask('/a#b'),
    ask('/a b'),
    ask('/a\u00e9'),
    ask('/a').replace('1.1', '1.0'),
    ask('/a').replace('Host: localhost\r\n', ''),
    ask('/a', 'Host: other\r\n'),
    ask('/a', 'host: localhost\r\n'),
    ask('/a', 'Accept: a\r\nAccept: b\r\n'),
    ask('/a', 'Content-Length: 0\r\n'),
    ask('/a', 'Content-Length : 3\r\n'),
    ask('/a', 'Transfer-Encoding: chunked\r\n'),
    ask('/a', 'TRANSFER-ENCODING: identity\r\n'),
    ask('/a', 'Connection: close\r\n'),
    ask('/a', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'),
    ask('/a', 'Expect: 100-continue\r\n'),
    ask('/a', 'X-A: b\r\n folded\r\n'),
    ask('/a', 'X-A: b\rc\r\n'),
    ask('/a', 'X-A: b\nX-B: c\r\n'),
    ask('/a', 'X-A: \u0000\r\n'),
    ask('/a', 'no colon\r\n'),
    ask('/a', ': no name\r\n'),
    ask('/a').replaceAll('\r\n', '\n'),
    `\r\n${ask('/a')}`,
  ]
  assert.deepEqual(
    plain.filter((head) => readPlain(head) === undefined),
    [],
  )
  assert.deepEqual(
    others.filter((head) => readPlain(head) !== undefined),
    [],
  )
  for (const field of ['Range: bytes=0-1', 'If-Range: "a"', 'Cache-Control: no-cache', 'Pragma: no-cache'])
    assert.equal(readPlain(ask('/a', `${field}\r\n`))?.special, true)
})
