import assert from 'node:assert/strict'
import { createServer as createNetServer, type Server, type Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Credentials, Network } from '../../src/config/types.ts'
import { MirrorError } from '../../src/errors.ts'
import type { Ask, Client, Received } from '../../src/upstream/client.ts'
import { type ClientOptions, createClient, type Reachable } from '../../src/upstream/http.ts'
import {
  type Asked,
  bytesOf,
  file,
  type Script,
  startUpstream,
  status,
  text,
  type Upstream,
} from '../fakes/upstream.ts'

const network = (more: Partial<Network> = {}): Network => ({
  timeouts: { connect: 2000, headers: 2000, idle: 2000 },
  concurrency: { host: 8, total: 16 },
  retries: 0,
  ...more,
})
const reachable = (upstream: string, more: Partial<Reachable> = {}): Reachable => ({
  name: 'main',
  upstreams: [upstream],
  credentials: [],
  network: network(),
  allowHosts: [],
  ...more,
})

let upstream: Upstream
let other: Upstream
const clients: Client[] = []
before(async () => {
  upstream = await startUpstream()
  other = await startUpstream()
})
beforeEach(() => {
  upstream.reset()
  other.reset()
})
after(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await Promise.all([upstream.close(), other.close()])
})

function clientFor(more: Partial<Reachable> = {}, options: Partial<ClientOptions> = {}): Client {
  const client = createClient([reachable(upstream.url, more)], { version: '1.2.3', wait: async () => {}, ...options })
  clients.push(client)
  return client
}
const asking = (path: string, more: Partial<Ask> = {}): Ask => ({
  url: path.startsWith('/') ? upstream.url + path : path,
  repo: 'main',
  guarded: false,
  ...more,
})
async function bytes(received: Received): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of received.body) pieces.push(piece)
  return Buffer.concat(pieces)
}
const read = async (client: Client, ask: Ask): Promise<Buffer> => bytes(await client.ask(ask))
async function failure(promise: Promise<unknown>): Promise<MirrorError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof MirrorError, String(error))
  return error
}
function asked(at: Upstream, index = 0): Asked {
  const found = at.requests.at(index)
  assert.ok(found !== undefined, 'nothing was asked')
  return found
}
const serve = (script: Script): string => {
  const path = `/p${Math.random().toString(36).slice(2)}`
  upstream.set(path, script)
  return path
}
/** A server that says exactly these bytes and then ends the connection. */
async function raw(answer: string, then: 'end' | 'reset' | 'hold' = 'end'): Promise<{ url: string; close(): void }> {
  const sockets = new Set<Socket>()
  const server: Server = createNetServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(answer)
      if (then === 'end') socket.end()
      if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 50)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    url: `http://127.0.0.1:${address.port}`,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('an answer', () => {
  it('has the raw bytes, the status and the header fields', async () => {
    const body = bytesOf(300_000)
    const path = serve(file(body, { headers: { 'content-encoding': 'gzip', 'x-many': ['a', 'b'] } }))
    const received = await clientFor().ask(asking(path))
    assert.equal(received.status, 200)
    assert.equal(received.headers['x-many'], 'a, b')
    assert.equal(received.headers['content-encoding'], 'gzip')
    assert.deepEqual(await bytes(received), Buffer.from(body))
  })

  it('is what a status says, whatever it is', async () => {
    const received = await clientFor().ask(asking(serve(status(418))))
    assert.equal(received.status, 418)
    await received.discard()
  })

  it('asks for bytes as they are, under our own name', async () => {
    await read(clientFor(), asking(serve(text('x')), { headers: { accept: 'text/html' } }))
    const { headers } = asked(upstream)
    const { connection: _, host: __, ...said } = headers
    assert.deepEqual(said, {
      accept: 'text/html',
      'accept-encoding': 'identity',
      'user-agent': 'pkgmirror/1.2.3',
      via: '1.1 pkgmirror',
    })
  })

  it('lets a caller ask for another coding', async () => {
    await read(clientFor(), asking(serve(text('x')), { headers: { 'accept-encoding': 'gzip' } }))
    assert.equal(asked(upstream).headers['accept-encoding'], 'gzip')
  })

  it('passes a body on', async () => {
    const path = serve(text('ok'))
    await read(clientFor(), asking(path, { method: 'POST', body: Buffer.from('{"a":1}') }))
    assert.equal(Buffer.from(asked(upstream).body).toString(), '{"a":1}')
  })

  for (const [name, script, method] of [
    ['HEAD', file(bytesOf(200_000)), 'HEAD'],
    ['204', status(204), 'GET'],
    ['304', status(304, { headers: { 'content-length': '200000' } }), 'GET'],
  ] as const) {
    it(`has no body after ${name}, and gives its slot back at once`, async () => {
      const client = clientFor({ network: network({ concurrency: { host: 1, total: 1 } }) })
      const path = serve(script)
      for (let round = 0; round < 3; round++) {
        const received = await client.ask(asking(path, { method }))
        assert.equal((await bytes(received)).length, 0)
      }
    })
  }

  it('is not asked for while offline', async () => {
    const error = await failure(clientFor({}, { online: () => false }).ask(asking(serve(text('x')))))
    assert.equal(error.code, 'UNREACHABLE')
    assert.equal(upstream.count(), 0)
  })
})

describe('redirects', () => {
  it('are followed, and the answer tells where it came from', async () => {
    const end = serve(text('here'))
    const received = await clientFor().ask(asking(serve({ redirect: end, status: 307 })))
    assert.equal(received.url, upstream.url + end)
    assert.equal(String(await bytes(received)), 'here')
  })

  it('are followed five times, not six', async () => {
    const end = serve(text('here'))
    let at = end
    for (let hop = 0; hop < 5; hop++) at = serve({ redirect: at })
    assert.equal(String(await read(clientFor(), asking(at))), 'here')
    const error = await failure(clientFor().ask(asking(serve({ redirect: at }))))
    assert.equal(error.code, 'UNREACHABLE')
  })

  it('of a POST are answers', async () => {
    const received = await clientFor().ask(asking(serve({ redirect: '/x', status: 308 }), { method: 'POST' }))
    assert.equal(received.status, 308)
    await received.discard()
  })

  it('without a Location are answers', async () => {
    const received = await clientFor().ask(asking(serve(status(302))))
    assert.equal(received.status, 302)
    await received.discard()
  })

  it('to a host that is not listed are refused, with the fix', async () => {
    const error = await failure(clientFor().ask(asking(serve({ redirect: 'https://files.example.org/x?sig=SECRET' }))))
    assert.equal(error.code, 'HOST_REFUSED')
    assert.match(error.message, /files\.example\.org/)
    assert.match(error.hint, /repositories: \{ main: \{ allow_hosts: \["files\.example\.org"\] \} \}/)
    assert.doesNotMatch(JSON.stringify([error.message, error.facts]), /SECRET/)
  })

  for (const location of [
    'http://127.0.0.1:1/',
    'http://127.0.0.1/latest',
    'http://localhost/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://2130706433/',
    'ftp://files.example.org/x',
    'file:///etc/passwd',
    'http://user:pw@files.example.org/',
    'http://files.example.org./',
  ]) {
    it(`to ${location} are refused though every public host is allowed`, async () => {
      const client = createClient([reachable('http://mirror.example.org', { allowHosts: ['*'] })], {
        version: '1',
        lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
      })
      clients.push(client)
      const { port } = new URL(upstream.url)
      upstream.set('/to', { redirect: location })
      const error = await failure(client.ask(asking(`http://mirror.example.org:${port}/to`)))
      assert.equal(error.code, 'HOST_REFUSED')
    })
  }

  it('may lead to another origin that is listed exactly', async () => {
    other.set('/file', text('there'))
    const client = clientFor({ allowHosts: [new URL(other.url).host] })
    assert.equal(String(await read(client, asking(serve({ redirect: `${other.url}/file` })))), 'there')
  })
})

describe('addresses out of documents', () => {
  it('on the upstream itself may be private', async () => {
    assert.equal(String(await read(clientFor(), asking(serve(text('x')), { guarded: true }))), 'x')
  })

  it('on other hosts that are not listed are refused before anything is sent', async () => {
    const error = await failure(clientFor().ask(asking(`${other.url}/x`, { guarded: true })))
    assert.equal(error.code, 'HOST_REFUSED')
    assert.equal(other.count(), 0)
  })

  it('whose name has one private address among public ones are refused', async () => {
    const client = clientFor(
      { allowHosts: ['*.example.org'] },
      {
        lookup: (_name, _options, callback) =>
          callback(null, [
            { address: '198.41.0.4', family: 4 },
            { address: '10.0.0.1', family: 4 },
          ]),
      },
    )
    const error = await failure(client.ask(asking('http://files.example.org/x', { guarded: true })))
    assert.equal(error.code, 'HOST_REFUSED')
    assert.match(error.hint, /repositories: \{ main: \{ allow_hosts: \["files\.example\.org"\] \} \}/)
    assert.doesNotMatch(error.message, /10\.0\.0\.1/)
  })

  it('cannot ride on a connection that was opened for a trusted address', async () => {
    const { port } = new URL(upstream.url)
    const client = clientFor(
      { allowHosts: [`*.example.org:${port}`] },
      { lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]) },
    )
    const path = serve(text('x'))
    const url = `http://files.example.org:${port}${path}`
    assert.equal(String(await read(client, asking(url))), 'x')
    assert.equal((await failure(client.ask(asking(url, { guarded: true })))).code, 'HOST_REFUSED')
  })
})

describe('credentials', () => {
  const secret: Credentials = { username: 'jo', password: 'pw', headers: { 'X-Api-Key': 'k' } }
  const sent = (at: Upstream) => {
    const { authorization, 'x-api-key': key, 'x-own': own } = asked(at, -1).headers
    return { authorization, key, own }
  }
  const basic = `Basic ${Buffer.from('jo:pw').toString('base64')}`
  const nothing = { authorization: undefined, key: undefined, own: undefined }

  it('go to the upstream', async () => {
    await read(clientFor({ credentials: [secret] }), asking(serve(text('x'))))
    assert.deepEqual(sent(upstream), { authorization: basic, key: 'k', own: undefined })
  })

  it('do not follow to another origin, and neither do fields of the request', async () => {
    other.set('/file', text('x'))
    const client = clientFor({ credentials: [secret], allowHosts: [new URL(other.url).host] })
    const headers = { authorization: 'Bearer t', 'x-own': 'o', range: 'bytes=0-0', cookie: 'c=1' }
    await read(client, asking(serve({ redirect: `${other.url}/file` }), { headers }))
    assert.deepEqual(sent(upstream), { authorization: 'Bearer t', key: 'k', own: 'o' })
    assert.deepEqual(sent(other), nothing)
    assert.equal(asked(other).headers.cookie, undefined)
    assert.equal(asked(other).headers.range, 'bytes=0-0')
  })

  it('come back when a redirect leads back', async () => {
    const end = serve(text('x'))
    other.set('/back', { redirect: upstream.url + end })
    const client = clientFor({ credentials: [secret], allowHosts: [new URL(other.url).host] })
    await read(client, asking(serve({ redirect: `${other.url}/back` })))
    assert.deepEqual(sent(other), nothing)
    assert.equal(sent(upstream).authorization, basic)
  })

  it('of a scope that names the other origin are sent there', async () => {
    other.set('/files/a', text('x'))
    const client = clientFor({
      credentials: [secret, { url: `${other.url}/files`, bearer: 'there' }],
      allowHosts: [new URL(other.url).host],
    })
    await read(client, asking(serve({ redirect: `${other.url}/files/a` })))
    assert.equal(sent(other).authorization, 'Bearer there')
  })
})

describe('a body that breaks off', () => {
  const whole = bytesOf(200_000)
  for (const [name, step] of [
    ['short of its Content-Length', file(whole, { truncateAt: 150_000 })],
    [
      'short of its Content-Length on a closing connection',
      file(whole, { truncateAt: 150_000, headers: { connection: 'close' } }),
    ],
    ['without its last chunk', file(whole, { chunked: true, truncateAt: 150_000 })],
    [
      'without its last chunk on a closing connection',
      file(whole, { chunked: true, truncateAt: 9, headers: { connection: 'close' } }),
    ],
    ['below a Content-Length that lies', file(whole, { wrongLength: 300_000 })],
    ['at its first byte', file(whole, { truncateAt: 0 })],
  ] as const) {
    it(`${name} is TRUNCATED`, async () => {
      const received = await clientFor().ask(asking(serve(step)))
      assert.equal((await failure(bytes(received))).code, 'TRUNCATED')
    })
  }

  it('before it is read is TRUNCATED when it is read', async () => {
    const received = await clientFor().ask(asking(serve(file(whole, { truncateAt: 10 }))))
    await sleep(60)
    assert.equal((await failure(bytes(received))).code, 'TRUNCATED')
  })

  it('by a reset is TRUNCATED', async () => {
    const server = await raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'reset')
    const received = await clientFor().ask(asking(`${server.url}/`))
    assert.equal((await failure(bytes(received))).code, 'TRUNCATED')
    server.close()
  })

  it('where nobody stated a length is taken as its end, and the answer states none', async () => {
    const server = await raw('HTTP/1.0 200 OK\r\n\r\nabc')
    const received = await clientFor().ask(asking(`${server.url}/`))
    assert.equal(received.headers['content-length'], undefined)
    assert.equal(String(await bytes(received)), 'abc')
    server.close()
  })

  it('is not fetched again by the client', async () => {
    const path = serve(file(whole, { truncateAt: 10, etag: true }))
    const client = clientFor({ network: network({ retries: 3 }) })
    await failure(read(client, asking(path)))
    assert.equal(upstream.count(path), 1)
  })
})

describe('an answer that is not proper', () => {
  for (const [name, answer] of [
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a coding that was not asked for', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-x\r\n'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`],
  ] as const) {
    it(`for ${name} is an error`, async () => {
      const server = await raw(answer)
      const error = await failure(read(clientFor(), asking(`${server.url}/`)))
      assert.match(error.code, /^(UNREACHABLE|UNREADABLE|TRUNCATED)$/)
      server.close()
    })
  }
})

describe('timeouts', () => {
  const hasty = network({ timeouts: { connect: 200, headers: 100, idle: 100 } })

  it('end the wait for an answer', async () => {
    const error = await failure(clientFor({ network: hasty }).ask(asking(serve(text('x', { delay: 5000 })))))
    assert.equal(error.code, 'TIMEOUT')
  })

  it('end the wait for the next bytes', async () => {
    const received = await clientFor({ network: hasty }).ask(asking(serve(text('x', { firstByteDelay: 5000 }))))
    assert.equal((await failure(bytes(received))).code, 'TIMEOUT')
  })

  it('do not count while the reader takes its time', async () => {
    const body = bytesOf(2_000_000)
    const received = await clientFor({ network: hasty }).ask(asking(serve(file(body))))
    let size = 0
    for await (const piece of received.body) {
      if (size === 0) await sleep(300)
      size += piece.length
    }
    assert.equal(size, body.length)
  })
})

describe('failures', () => {
  it('name the host and the reason', async () => {
    const server = await raw('')
    server.close()
    const error = await failure(clientFor().ask(asking(`${server.url}/a?token=SECRET`)))
    assert.equal(error.code, 'UNREACHABLE')
    assert.equal(error.message, `${new URL(server.url).host}: the connection was refused`)
    assert.equal(error.facts.url, `${server.url}/a`)
  })

  it('tell a name that does not resolve', async () => {
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    const client = clientFor({}, { lookup: (_name, _options, callback) => callback(missing, []) })
    const error = await failure(client.ask(asking('http://nowhere.example.org/')))
    assert.equal(error.message, 'nowhere.example.org: its name does not resolve')
  })

  it('never tell user names, passwords or queries', async () => {
    const error = await failure(clientFor().ask(asking('http://jo:SECRET@127.0.0.1:1/x?token=SECRET')))
    assert.doesNotMatch(JSON.stringify([error.message, error.facts, error.hint]), /SECRET/)
  })

  it('are told to who listens', async () => {
    const heard: string[] = []
    const client = clientFor(
      {},
      {
        events: {
          asked: (_ask, url) => heard.push(`asked ${url}`),
          answered: (_ask, code) => heard.push(`answered ${code}`),
          failed: (_ask, error) => heard.push(`failed ${error.code}`),
        },
      },
    )
    const path = serve({ redirect: 'http://files.example.org/' })
    await failure(client.ask(asking(`${path}?sig=SECRET`)))
    assert.deepEqual(heard, [`asked ${upstream.url}${path}`, 'answered 302', 'failed HOST_REFUSED'])
  })
})

describe('retries', () => {
  const patient = { network: network({ retries: 2 }) }

  for (const code of [408, 429, 500, 502, 503, 504]) {
    it(`follow a ${code}`, async () => {
      const path = serve([status(code), status(code), text('at last')])
      assert.equal(String(await read(clientFor(patient), asking(path))), 'at last')
      assert.equal(upstream.count(path), 3)
    })
  }

  it('end with the last answer', async () => {
    const path = serve(text('sorry', { status: 503 }))
    const received = await clientFor(patient).ask(asking(path))
    assert.equal(received.status, 503)
    assert.equal(String(await bytes(received)), 'sorry')
    assert.equal(upstream.count(path), 3)
  })

  for (const code of [200, 404, 401, 501]) {
    it(`do not follow a ${code}`, async () => {
      const path = serve(status(code))
      await (await clientFor(patient).ask(asking(path))).discard()
      assert.equal(upstream.count(path), 1)
    })
  }

  it('do not send a POST again', async () => {
    const path = serve(status(503))
    await (await clientFor(patient).ask(asking(path, { method: 'POST' }))).discard()
    assert.equal(upstream.count(path), 1)
  })

  it('start again from the first address, for a signed one may have expired', async () => {
    const end = serve([status(503), text('x')])
    const start = serve({ redirect: end })
    await read(clientFor(patient), asking(start))
    assert.equal(upstream.count(start), 2)
  })

  it('follow a refused connection, not a refused host', async () => {
    const server = await raw('')
    server.close()
    const waits: number[] = []
    const client = clientFor(patient, { wait: async (milliseconds) => void waits.push(milliseconds) })
    await failure(client.ask(asking(`${server.url}/`)))
    assert.equal(waits.length, 2)
    await failure(client.ask(asking(`${other.url}/`, { guarded: true })))
    assert.equal(waits.length, 2)
  })

  it('wait as long as upstream says, thirty seconds at most', async () => {
    const waits: number[] = []
    const client = clientFor(patient, { wait: async (milliseconds) => void waits.push(milliseconds) })
    const path = serve([
      status(429, { headers: { 'retry-after': '7' } }),
      status(503, { headers: { 'retry-after': '3600' } }),
      text('x'),
    ])
    await read(client, asking(path))
    assert.deepEqual(waits, [7000, 30_000])
  })

  it('stop waiting when the request is called off', async () => {
    const path = serve(status(503, { headers: { 'retry-after': '20' } }))
    const client = createClient([reachable(upstream.url, patient)], { version: '1' })
    clients.push(client)
    const error = await failure(client.ask(asking(path, { signal: AbortSignal.timeout(100) })))
    assert.equal(error.code, 'STOPPED')
  })
})

describe('slots', () => {
  const narrow = { network: network({ concurrency: { host: 2, total: 16 } }) }

  it('bound the requests at once', async () => {
    let now = 0
    let most = 0
    const path = serve(() => ({
      body: () => {
        most = Math.max(most, ++now)
        return 'x'
      },
      firstByteDelay: 20,
    }))
    const client = clientFor(narrow)
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const received = await client.ask(asking(path))
        await bytes(received)
        now--
      }),
    )
    assert.equal(most, 2)
  })

  it('are held until the body is done with', async () => {
    const client = clientFor({ network: network({ concurrency: { host: 1, total: 16 } }) })
    const path = serve(file(bytesOf(500_000)))
    const first = await client.ask(asking(path))
    let second: Received | undefined
    const waiting = client.ask(asking(path)).then((received) => {
      second = received
      return received
    })
    await sleep(50)
    assert.equal(second, undefined)
    await first.discard()
    await (await waiting).discard()
  })

  it('come back when a reader leaves early, and when a transfer breaks off', async () => {
    const client = clientFor({ network: network({ concurrency: { host: 1, total: 1 } }) })
    const large = serve(file(bytesOf(500_000)))
    const short = serve(file(bytesOf(500_000), { truncateAt: 10 }))
    for await (const _ of (await client.ask(asking(large))).body) break
    await failure(read(client, asking(short)))
    await failure(client.ask(asking(`${other.url}/`, { guarded: true })))
    assert.equal((await read(client, asking(large))).length, 500_000)
  })

  it('go to a waiting client before a sync', async () => {
    const client = clientFor({ network: network({ concurrency: { host: 1, total: 16 } }) })
    const order: string[] = []
    const fetch = async (name: string, priority: number) => {
      await read(client, asking(`${path}?${name}`, { priority }))
      order.push(name)
    }
    const path = serve(text('x', { delay: 10 }))
    await Promise.all([fetch('first', 0), fetch('sync-1', 0), fetch('sync-2', 0), fetch('client', 10)])
    assert.deepEqual(order, ['first', 'client', 'sync-1', 'sync-2'])
  })

  it('are not waited for once the request is called off', async () => {
    const client = clientFor({ network: network({ concurrency: { host: 1, total: 16 } }) })
    const path = serve(file(bytesOf(500_000)))
    const first = await client.ask(asking(path))
    const reason = new MirrorError('STOPPED', 'the run was stopped')
    const control = new AbortController()
    const waiting = failure(client.ask(asking(path, { signal: control.signal })))
    control.abort(reason)
    assert.equal(await waiting, reason)
    await first.discard()
    await (await client.ask(asking(path))).discard()
    assert.equal(upstream.count(path), 2)
  })
})

describe('a request that is called off', () => {
  it('while it waits for an answer is STOPPED', async () => {
    const path = serve(text('x', { delay: 5000 }))
    const error = await failure(clientFor().ask(asking(path, { signal: AbortSignal.timeout(50) })))
    assert.equal(error.code, 'STOPPED')
  })

  it('while its body is read is STOPPED', async () => {
    const path = serve(file(bytesOf(100_000), { bytesPerSecond: 50_000 }))
    const received = await clientFor().ask(asking(path, { signal: AbortSignal.timeout(100) }))
    assert.equal((await failure(bytes(received))).code, 'STOPPED')
  })

  it('while it waits to be sent again is STOPPED by the end of the client', async () => {
    const path = serve(status(503, { headers: { 'retry-after': '20' } }))
    const client = createClient([reachable(upstream.url, { network: network({ retries: 1 }) })], { version: '1' })
    const waiting = failure(client.ask(asking(path)))
    await sleep(50)
    await client.close()
    assert.equal((await waiting).code, 'STOPPED')
  })

  it('by the end of the client is STOPPED', async () => {
    const client = clientFor({ network: network({ concurrency: { host: 1, total: 1 } }) })
    const received = await client.ask(asking(serve(file(bytesOf(100_000), { bytesPerSecond: 50_000 }))))
    const waiting = failure(client.ask(asking(serve(text('x')))))
    const reading = failure(bytes(received))
    await client.close()
    assert.equal((await waiting).code, 'STOPPED')
    assert.equal((await reading).code, 'STOPPED')
  })
})

describe('discard', () => {
  it('keeps the connection after a short rest', async () => {
    const server = await startUpstream({ '/short': file(bytesOf(20_000)) })
    const client = clientFor()
    for (let round = 0; round < 3; round++) {
      await (await client.ask(asking(`${server.url}/short`))).discard()
      await sleep(5)
    }
    assert.equal(server.connections, 1)
    await server.close()
  })

  it('closes the connection where the rest is long or slow', async () => {
    const path = serve(file(bytesOf(1_000_000), { bytesPerSecond: 10_000 }))
    const received = await clientFor().ask(asking(path))
    const since = performance.now()
    await received.discard()
    // the rest alone takes a hundred seconds
    assert.ok(performance.now() - since < 20_000)
  })
})
