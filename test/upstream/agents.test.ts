// Connections through TLS with our own authorities and keys, and through outbound proxies.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http'
import { createServer as createSecureServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import type { Network } from '../../src/config/types.ts'
import { MirrorError } from '../../src/errors.ts'
import { createClient } from '../../src/upstream/http.ts'
import { startUpstream, text, type Upstream } from '../fakes/upstream.ts'

// An authority made for this test, and what it signed for registry.example.org and 127.0.0.1, valid from 2020 to 2120:
// openssl ca -selfsign -startdate 20200101000000Z -enddate 21200101000000Z …
const authority = `-----BEGIN CERTIFICATE-----
MIIBVTCB/KADAgECAgIQADAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IGF1
dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOVGVzdCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQz
+70qQwbr9MHNYWLXgJ9KH7DhQPzup6gYU4mY9lAANTns526PdbhyD7TbSL8DEPMj
L58EOCIKVmVVOPcm2MJgozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSD
jiExPWwKgSi1+fwLwjHGYRj2lzAKBggqhkjOPQQDAgNIADBFAiAfQxLvWwA84t4t
8BPBIql0TR9MwO62orPmZEVXEeHAKQIhAPCmxZfcmfFd0CWyPu1TX/6V0SGVjw84
HziqNV8U9/uG
-----END CERTIFICATE-----
`
const serverCertificate = `-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgICEAEwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOVGVzdCBh
dXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBExDzAN
BgNVBAMMBnNlcnZlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLxXjWi1gfyY
p0AjN85crO46R2ETxpP7cQirJ2GEL50Y7iOKw9SebOGEb6h4NWMv8JdffhtknaDi
yNFgc6GI8FWjdDByMCUGA1UdEQQeMByCFHJlZ2lzdHJ5LmV4YW1wbGUub3JnhwR/
AAABMAkGA1UdEwQCMAAwHQYDVR0OBBYEFLObnOkveyMVinGeWBGDtScgDuR5MB8G
A1UdIwQYMBaAFIOOITE9bAqBKLX5/AvCMcZhGPaXMAoGCCqGSM49BAMCA0cAMEQC
IAW9bp5ATqSGdPe4FcPZcE+Bz1L43139PjX8ezlXy00AAiAcU2b0BsEtwSYrLi47
VytAuiFLASNX/t8MfqPHzkQWGA==
-----END CERTIFICATE-----
`
const serverKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLUHy6mznACg64LTy
DrkaJW/dajn1y7D7Dfcc3OUj15mhRANCAAS8V41otYH8mKdAIzfOXKzuOkdhE8aT
+3EIqydhhC+dGO4jisPUnmzhhG+oeDVjL/CXX34bZJ2g4sjRYHOhiPBV
-----END PRIVATE KEY-----
`
const clientCertificate = `-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgICEAIwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOVGVzdCBh
dXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBExDzAN
BgNVBAMMBmNsaWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN1gpZVAGsGF
75xwT8epfpNbq/EdiPjbnl7z7t+ipzSLJnSVoSY/waPRoh3mFODhOyEmBqBc5fwL
XRMbV86eVOGjdDByMCUGA1UdEQQeMByCFHJlZ2lzdHJ5LmV4YW1wbGUub3JnhwR/
AAABMAkGA1UdEwQCMAAwHQYDVR0OBBYEFBkl+L1QS1jt037KdXVhb0TBb6q/MB8G
A1UdIwQYMBaAFIOOITE9bAqBKLX5/AvCMcZhGPaXMAoGCCqGSM49BAMCA0gAMEUC
IQDrGiN4ez5y0mI557U1AmxFljXY2Qqm/bx99o/nvbX8VAIgNMoI9+aeggTEhP5u
NfkdASTxkXzfTdBt9gdwkZ7wk3s=
-----END CERTIFICATE-----
`
const clientKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghVpQPwuaRvEGxut9
PDSEM4yuVeMD2aoyF8vYoyaqwbmhRANCAATdYKWVQBrBhe+ccE/HqX6TW6vxHYj4
255e8+7foqc0iyZ0laEmP8Gj0aId5hTg4TshJgagXOX8C10TG1fOnlTh
-----END PRIVATE KEY-----
`

interface Proxy {
  readonly url: string
  /** `METHOD target`, in order. */
  readonly asked: string[]
  readonly headers: IncomingHttpHeaders[]
  close(): Promise<void>
}

/** A proxy that tunnels CONNECT and forwards absolute addresses, all to one port of loopback; `status` turns it away. */
async function startProxy(port: () => number, status = 200): Promise<Proxy> {
  const asked: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    if (status !== 200) return void response.writeHead(status).end()
    const { pathname } = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...passed } = request.headers
    forward({ port: port(), path: pathname, headers: passed }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    }).end()
  })
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    headers.push(request.headers)
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} no\r\n\r\n`)
    const there = connect(port(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 ok\r\n\r\n')
      socket.pipe(there).pipe(socket)
    })
    for (const end of [socket, there]) end.on('error', () => void there.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    headers,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

let folder: string
let secure: Server
let subject: string | undefined
let upstream: Upstream
const portOf = (server: Server): number => (server.address() as AddressInfo).port
const files = { authority, clientCertificate, clientKey }
const fileOf = (name: keyof typeof files): string => join(folder, `${name}.pem`)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pkgmirror-'))
  for (const [name, pem] of Object.entries(files)) await writeFile(join(folder, `${name}.pem`), pem)
  upstream = await startUpstream({ '/x': text('plain') })
  secure = createSecureServer(
    { cert: serverCertificate, key: serverKey, ca: authority, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { subject: name } = (request.socket as TLSSocket).getPeerCertificate()
      subject = String(name?.CN)
      response.end('secure')
    },
  )
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
})
after(async () => {
  secure.close()
  secure.closeAllConnections()
  await upstream.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  subject = undefined
})

/** Asks once and returns the body as text. */
async function read(url: string, network: Partial<Network>, more: { guarded?: boolean; allowHosts?: string[] } = {}) {
  const client = createClient(
    [
      {
        name: 'main',
        upstreams: ['https://registry.example.org'],
        credentials: [],
        allowHosts: more.allowHosts ?? [],
        network: {
          timeouts: { connect: 2000, headers: 2000, idle: 2000 },
          concurrency: { host: 1, total: 1 },
          retries: 0,
          ...network,
        },
      },
    ],
    { version: '1' },
  )
  try {
    const received = await client.ask({ url, repo: 'main', guarded: more.guarded ?? false })
    let body = ''
    for await (const piece of received.body) body += Buffer.from(piece).toString()
    return body
  } finally {
    await client.close()
  }
}
async function failure(promise: Promise<unknown>): Promise<MirrorError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof MirrorError, String(error))
  return error
}

describe('a server with a certificate of an authority of our own', () => {
  it('is not trusted by itself, and the error says what to set', async () => {
    const error = await failure(read(`https://127.0.0.1:${portOf(secure)}/`, {}))
    assert.equal(error.code, 'UNREACHABLE')
    assert.match(error.message, /certificate is not trusted/)
    assert.match(error.hint, /`ca`/)
  })

  it('is trusted once the authority is named', async () => {
    assert.equal(await read(`https://127.0.0.1:${portOf(secure)}/`, { ca: fileOf('authority') }), 'secure')
    assert.equal(subject, 'undefined')
  })

  it('is shown our certificate', async () => {
    const keys = { ca: fileOf('authority'), cert: fileOf('clientCertificate'), key: fileOf('clientKey') }
    await read(`https://127.0.0.1:${portOf(secure)}/`, keys)
    assert.equal(subject, 'client')
  })

  it('is trusted by NODE_EXTRA_CA_CERTS, also when another authority is named', async () => {
    const script = `
      const { createClient } = await import(process.argv[1])
      const network = { ca: process.argv[2], timeouts: { connect: 2000, headers: 2000, idle: 2000 }, concurrency: { host: 1, total: 1 }, retries: 0 }
      const client = createClient([{ name: 'main', upstreams: [], credentials: [], allowHosts: [], network }], { version: '1' })
      const received = await client.ask({ url: process.argv[3], repo: 'main', guarded: false })
      for await (const piece of received.body) process.stdout.write(piece)
      await client.close()`
    const { href } = new URL('../../src/upstream/http.ts', import.meta.url)
    const url = `https://127.0.0.1:${portOf(secure)}/`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, href, fileOf('clientCertificate'), url],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: fileOf('authority') } },
    )
    assert.equal(stdout, 'secure')
  })

  it('is not asked with a file that is no certificate or is not there', async () => {
    const url = `https://127.0.0.1:${portOf(secure)}/`
    assert.equal((await failure(read(url, { ca: join(folder, 'missing.pem') }))).code, 'CONFIG')
    assert.equal((await failure(read(url, { cert: fileOf('clientKey'), key: fileOf('clientKey') }))).code, 'CONFIG')
  })
})

describe('a proxy', () => {
  const plainPort = () => Number(new URL(upstream.url).port)
  const proxied = async (status: number, port: () => number, work: (proxy: Proxy) => Promise<void>) => {
    const proxy = await startProxy(port, status)
    await work(proxy).finally(() => proxy.close())
  }

  it('is given whole addresses of http upstreams, whose names it resolves', () =>
    proxied(200, plainPort, async (proxy) => {
      assert.equal(await read('http://mirror.example.org/x', { proxy: proxy.url }), 'plain')
      assert.deepEqual(proxy.asked, ['GET http://mirror.example.org/x'])
    }))

  it('tunnels to https upstreams, whose certificates are judged as ever', () =>
    proxied(
      200,
      () => portOf(secure),
      async (proxy) => {
        const url = 'https://registry.example.org/'
        assert.equal(await read(url, { proxy: proxy.url, ca: fileOf('authority') }), 'secure')
        assert.deepEqual(proxy.asked, ['CONNECT registry.example.org:443'])
        assert.match((await failure(read(url, { proxy: proxy.url }))).message, /certificate is not trusted/)
      },
    ))

  it('gets its user name and password, which the upstream does not', () =>
    proxied(200, plainPort, async (proxy) => {
      upstream.reset()
      await read('http://mirror.example.org/x', { proxy: proxy.url.replace('//', '//jo:pw@') })
      assert.equal(proxy.headers[0]?.['proxy-authorization'], `Basic ${Buffer.from('jo:pw').toString('base64')}`)
      assert.equal(upstream.requests[0]?.headers['proxy-authorization'], undefined)
    }))

  for (const url of ['http://mirror.example.org/x', 'https://registry.example.org/']) {
    it(`that wants a password for ${url} is named, its secrets are not`, () =>
      proxied(407, plainPort, async (proxy) => {
        const error = await failure(read(url, { proxy: proxy.url.replace('//', '//jo:SECRET@') }))
        assert.equal(error.code, 'UNREACHABLE')
        assert.match(error.message, /the proxy answered 407/)
        assert.doesNotMatch(JSON.stringify([error.message, error.facts, String(error.cause)]), /SECRET/)
      }))
  }

  it('is not asked for private addresses out of documents', () =>
    proxied(200, plainPort, async (proxy) => {
      for (const url of ['http://127.0.0.1/x', 'http://localhost/x', 'http://[::1]/x', 'http://169.254.169.254/x']) {
        const error = await failure(read(url, { proxy: proxy.url }, { guarded: true, allowHosts: ['*'] }))
        assert.equal(error.code, 'HOST_REFUSED')
      }
      assert.deepEqual(proxy.asked, [])
    }))

  it('comes from the environment when that is asked for, and NO_PROXY is kept', () =>
    proxied(200, plainPort, async (proxy) => {
      const before = { ...process.env }
      Object.assign(process.env, { http_proxy: proxy.url, no_proxy: '127.0.0.1' })
      try {
        assert.equal(await read('http://mirror.example.org/x', { proxy: 'env' }), 'plain')
        assert.equal(await read(`${upstream.url}/x`, { proxy: 'env' }), 'plain')
        assert.equal(await read(`${upstream.url}/x`, {}), 'plain')
      } finally {
        for (const name of ['http_proxy', 'no_proxy']) {
          if (before[name] === undefined) delete process.env[name]
          else process.env[name] = before[name]
        }
      }
      assert.equal(proxy.asked.length, 1)
    }))
})
