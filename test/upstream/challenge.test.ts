import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Credentials } from '../../src/config/types.ts'
import { parseChallenge } from '../../src/upstream/challenge.ts'
import type { Client } from '../../src/upstream/client.ts'
import { createClient } from '../../src/upstream/http.ts'
import { processorTime } from '../builders/processor-time.ts'
import { type Asked, json, type Step, startUpstream, text, type Upstream } from '../fakes/upstream.ts'

describe('a challenge', () => {
  for (const [field, expected] of [
    [undefined, undefined],
    ['', undefined],
    ['Basic realm="x"', undefined],
    ['Bearer', undefined],
    ['Bearer service="s"', undefined],
    ['Bearer realm="https://auth.example.org/t"', { realm: 'https://auth.example.org/t' }],
    [
      'bearer Realm="https://auth.example.org/t",service="registry",scope="repository:a/b:pull,push"',
      { realm: 'https://auth.example.org/t', service: 'registry', scope: 'repository:a/b:pull,push' },
    ],
    ['Basic realm="x", Bearer realm="y" , scope=z', { realm: 'y', scope: 'z' }],
    ['Bearer realm="y", Basic realm="x"', { realm: 'y' }],
    ['Bearer realm="a\\"b"', { realm: 'a"b' }],
    ['Bearer realm="y', undefined],
    [`Bearer realm="${'x'.repeat(5000)}"`, undefined],
  ] as const) {
    it(`${field?.slice(0, 80)} is understood`, () => assert.deepEqual(parseChallenge(field), expected))
  }

  it('of any text is understood in linear time', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(' ', ',', '=', '"', '\\', 'a', 'Bearer ', 'realm="')), (pieces) => {
        parseChallenge(pieces.join(''))
      }),
    )
    const started = processorTime()
    for (const piece of [' ', 'a ', '"', '\\', 'a=', 'a="\\']) parseChallenge(`Bearer ${piece.repeat(2000)}`)
    assert.ok(processorTime() - started < 200)
  })
})

describe('a registry that wants tokens', () => {
  let registry: Upstream
  let realm: Upstream
  const clients: Client[] = []
  before(async () => {
    registry = await startUpstream()
    realm = await startUpstream()
  })
  beforeEach(() => {
    registry.reset()
    realm.reset()
    const wants =
      (token: string) =>
      (asked: Asked): Step => {
        if (asked.headers.authorization === `Bearer ${token}`) return text(`for ${token}`)
        const challenge = `Bearer realm="${registry.url}/token",service="s",scope="repository:${token}:pull"`
        return text('no', { status: 401, headers: { 'www-authenticate': challenge } })
      }
    registry.set('/v2/a/blobs/1', wants('a'))
    registry.set('/v2/a/blobs/2', wants('a'))
    registry.set('/v2/b/blobs/1', wants('b'))
    registry.set('/token', (asked) => {
      const scope = new URL(asked.path, registry.url).searchParams.get('scope') ?? ''
      return json({ token: scope.split(':')[1], expires_in: 300 })
    })
  })
  after(async () => {
    await Promise.all(clients.map((client) => client.close()))
    await Promise.all([registry.close(), realm.close()])
  })

  async function read(client: Client, path: string): Promise<string> {
    const received = await client.ask({ url: registry.url + path, repo: 'main', guarded: false })
    let body = `${received.status} `
    for await (const piece of received.body) body += Buffer.from(piece).toString()
    return body
  }
  function clientFor(more: { credentials?: Credentials[]; allowHosts?: string[] } = {}): Client {
    const network = {
      timeouts: { connect: 2000, headers: 2000, idle: 2000 },
      concurrency: { host: 1, total: 1 },
      retries: 0,
    }
    const { credentials = [], allowHosts = [] } = more
    const client = createClient([{ name: 'main', upstreams: [registry.url], credentials, allowHosts, network }], {
      version: '1',
    })
    clients.push(client)
    return client
  }
  const challengedBy = (address: string): Step => ({
    status: 401,
    body: 'no',
    headers: { 'www-authenticate': `Bearer realm="${address}"` },
  })

  it('several scopes are asked for one by one', async () => {
    const challenge = `Bearer realm="${registry.url}/token",scope="repository:a:pull repository:b:pull"`
    registry.set('/v2/c/blobs/1', text('no', { status: 401, headers: { 'www-authenticate': challenge } }))
    await read(clientFor(), '/v2/c/blobs/1')
    const asked = registry.requests.find(({ path }) => path.startsWith('/token'))
    assert.deepEqual(new URL(asked?.path ?? '', registry.url).searchParams.getAll('scope'), [
      'repository:a:pull',
      'repository:b:pull',
    ])
  })

  it('gets one, and it is used again for what lies beside', async () => {
    const client = clientFor()
    assert.equal(await read(client, '/v2/a/blobs/1'), '200 for a')
    assert.equal(await read(client, '/v2/a/blobs/2'), '200 for a')
    assert.equal(await read(client, '/v2/b/blobs/1'), '200 for b')
    assert.equal(registry.count('/token'), 2)
    assert.equal(registry.count('/v2/a/blobs/2'), 1)
  })

  it('gives out a new one when the old one is refused', async () => {
    const client = clientFor()
    await read(client, '/v2/a/blobs/1')
    registry.set('/token', json({ access_token: 'a2' }))
    registry.set('/v2/a/blobs/1', (asked) =>
      asked.headers.authorization === 'Bearer a2' ? text('new') : challengedBy(`${registry.url}/token`),
    )
    assert.equal(await read(client, '/v2/a/blobs/1'), '200 new')
  })

  it('is asked twice at most: its refusal is the answer', async () => {
    registry.set('/token', json({ token: 'x' }))
    registry.set('/never', challengedBy(`${registry.url}/token`))
    assert.equal(await read(clientFor(), '/never'), '401 no')
    assert.equal(registry.count('/never'), 2)
  })

  it('gets our name and password at its token server', async () => {
    const client = clientFor({ credentials: [{ username: 'jo', password: 'pw' }] })
    await read(client, '/v2/a/blobs/1')
    const asked = registry.requests.find(({ path }) => path.startsWith('/token'))
    assert.equal(asked?.headers.authorization, `Basic ${Buffer.from('jo:pw').toString('base64')}`)
  })

  for (const [name, answer] of [
    ['no JSON', text('x')],
    ['no token', json({})],
    ['a token that is no text', json({ token: 1 })],
    ['a token that would break the header', json({ token: 'a\r\nx: y' })],
    ['an endless document', text('x'.repeat(100_000))],
    ['a refusal', json({ token: 'a' }, { status: 403 })],
  ] as const) {
    it(`answers 401 when the token server sends ${name}`, async () => {
      registry.set('/token', answer)
      assert.equal(await read(clientFor(), '/v2/a/blobs/1'), '401 no')
    })
  }

  it('may not send us to a host that is not listed', async () => {
    registry.set('/evil', challengedBy('https://evil.example.com/token'))
    await assert.rejects(read(clientFor(), '/evil'), { code: 'HOST_REFUSED' })
  })

  it('may not send us elsewhere without TLS', async () => {
    realm.set('/token', json({ token: 'a' }))
    registry.set('/plain', challengedBy(`${realm.url}/token`))
    const client = clientFor({
      credentials: [{ username: 'jo', password: 'pw' }],
      allowHosts: [new URL(realm.url).host],
    })
    assert.equal(await read(client, '/plain'), '401 no')
    assert.equal(realm.count(), 0)
  })
})
