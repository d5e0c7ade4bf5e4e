// The mirror against a registry with the habits of real ones.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import { oci } from '../../../src/ecosystems/oci/index.ts'
import { cooldown, day, hour, minute, openTestMirror, rule } from '../../builders/mirror.ts'
import { put, realImage, shelf, startOciReplica, tag } from '../../replica/oci.ts'
import { describe as described, image, index, made, platform, types } from './builders.ts'
import { harbour, orchard } from './mirror.ts'

const manifest = (name: string, reference: string): string => `/${name}/manifests/${reference}`

describe('tags', () => {
  it('come whole from a registry that lists them in pages, and page by page to a client that asks so', async (t) => {
    const held = shelf()
    const one = image('one')
    put(held, one)
    for (let at = 0; at < 2500; at += 1) tag(held, `1.0.${String(at).padStart(4, '0')}`, one.manifest)
    const { at, up } = await harbour(t, { 'org/many': held }, { page: 300 })
    const all = JSON.parse((await at.get('/org/many/tags/list')).text) as { tags: string[] }
    assert.equal(all.tags.length, 2500)
    assert.equal(up.upstream.count('/v2/org/many/tags/list'), 9)
    const seen: string[] = []
    for (let query: string | undefined = 'n=700'; query !== undefined; ) {
      const { text, headers } = await at.get('/org/many/tags/list', { query })
      seen.push(...(JSON.parse(text) as { tags: string[] }).tags)
      const [, next] = /^<\/oci\/org\/many\/tags\/list\?([^>]*)>; rel="next"$/.exec(headers.link ?? '') ?? []
      query = next
    }
    assert.deepEqual(seen, all.tags)
  })

  it('that lead in a circle are refused', async (t) => {
    const { at, up } = await harbour(t, {})
    up.upstream.set('/v2/a/tags/list', {
      body: '{"name":"a","tags":["x"]}',
      headers: { link: '</v2/a/tags/list?n=1&last=x>; rel="next"' },
    })
    const { code, message } = await at.failure('/a/tags/list')
    assert.equal(code, 'UNREADABLE', message)
  })

  it('of a page that is missing are no list without it', async (t) => {
    const { at, up } = await harbour(t, {})
    up.upstream.set('/v2/a/tags/list?n=1000', {
      body: '{"name":"a","tags":["x"]}',
      headers: { link: '<https://registry.invalid/elsewhere?last=x>; rel="next"' },
    })
    up.upstream.set('/v2/a/tags/list?last=x', { status: 404, body: '' })
    assert.equal((await at.failure('/a/tags/list')).code, 'UPSTREAM_STATUS')
  })

  it('move as a whole, and keep their old bytes until the cooldown of their image has passed', async (t) => {
    const { shelf: held, orchard: before } = await orchard()
    const { at } = await harbour(
      t,
      { 'org/orchard': held, 'org/free': held },
      {},
      {
        policy: { cooldown: cooldown({ packages: [{ ...rule('pkg:oci/org/orchard'), cooldown: 3 * day }] }) },
      },
    )
    assert.equal((await at.get(manifest('org/orchard', 'latest'))).headers['docker-content-digest'], before.digest)
    await at.get(manifest('org/free', 'latest'))
    const after = await realImage({ 'hello.txt': 'orchard 2.0.0\n' })
    put(held, after)
    tag(held, 'latest', after.manifest)
    at.clock.pass(hour)
    const held1 = await at.get(manifest('org/orchard', 'latest'))
    assert.equal(held1.headers['docker-content-digest'], before.digest)
    assert.equal((await at.get(manifest('org/free', 'latest'))).headers['docker-content-digest'], after.manifest.digest)
    at.clock.pass(3 * day)
    const ripe = await at.get(manifest('org/orchard', 'latest'))
    assert.equal(ripe.headers['docker-content-digest'], after.manifest.digest)
  })

  it('that are new wait for the cooldown, those of the first list do not', async (t) => {
    const { shelf: held, x64 } = await orchard()
    const { at } = await harbour(t, { 'org/orchard': held }, {}, { policy: { cooldown: cooldown({ default: day }) } })
    assert.match((await at.get('/org/orchard/tags/list')).text, /"1\.2\.0"/)
    assert.equal((await at.failure(manifest('org/orchard', '1.2.0'))).code, 'OK')
    tag(held, '1.3.0', x64.manifest)
    at.clock.pass(hour)
    assert.doesNotMatch((await at.get('/org/orchard/tags/list')).text, /1\.3\.0/)
    assert.equal((await at.failure(manifest('org/orchard', '1.3.0'))).code, 'COOLDOWN')
    at.clock.pass(2 * day)
    assert.match((await at.get('/org/orchard/tags/list')).text, /"1\.3\.0"/)
    assert.equal((await at.failure(manifest('org/orchard', '1.3.0'))).code, 'OK')
  })

  it('are served as they were when the registry limits requests', async (t) => {
    const { shelf: held, orchard: before } = await orchard()
    const { at, up } = await harbour(t, { 'org/orchard': held })
    await at.get(manifest('org/orchard', 'latest'))
    up.upstream.set('/v2/org/orchard/manifests/latest', { status: 429, body: '' })
    at.clock.pass(hour)
    const got = await at.get(manifest('org/orchard', 'latest'))
    assert.deepEqual([got.cache, got.headers['docker-content-digest']], ['STALE', before.digest])
  })
})

describe('digests', () => {
  it('are stated of every manifest and blob, also while it arrives', async (t) => {
    const { shelf: held, orchard: top, x64 } = await orchard()
    const { at } = await harbour(t, { 'org/orchard': held })
    const [, layer] = x64.blobs
    for (const path of [manifest('org/orchard', top.digest), `/org/orchard/blobs/${layer?.digest}`]) {
      const opened = await at.open(path)
      assert.equal(opened.headers['docker-content-digest'], path.slice(path.indexOf('sha256:')))
      assert.equal((await at.get(path)).headers['docker-content-digest'], path.slice(path.indexOf('sha256:')))
    }
  })

  it('of a tag that do not fit what upstream states are refused', async (t) => {
    const { shelf: held, orchard: top } = await orchard()
    const { at, up } = await harbour(t, { 'org/orchard': held })
    up.upstream.set('/v2/org/orchard/manifests/1.2.0', {
      body: top.bytes,
      type: top.type,
      headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
    })
    assert.equal((await at.failure(manifest('org/orchard', '1.2.0'))).code, 'WRONG_DIGEST')
  })

  it('of a tag need no second request for its manifest', async (t) => {
    const { shelf: held, orchard: top } = await orchard()
    const { at, up } = await harbour(t, { 'org/orchard': held })
    await at.get(manifest('org/orchard', '1.2.0'))
    const got = await at.get(manifest('org/orchard', top.digest))
    assert.equal(got.type, types.index)
    assert.equal(up.upstream.count(`/v2/org/orchard/manifests/${top.digest}`), 0)
  })

  it('of sha512 are checked as such', async (t) => {
    const { createHash } = await import('node:crypto')
    const held = shelf()
    const blob = made('long', types.layer)
    const long = `sha512:${createHash('sha512').update('long').digest('hex')}`
    held.blobs.set(long, blob)
    const { at } = await harbour(t, { a: held })
    const path = `/a/blobs/${long}`
    assert.deepEqual([(await at.get(path)).text, (await at.get(path)).headers['docker-content-digest']], ['long', long])
    held.blobs.set(long.replace(/.$/, '0'), blob)
    const wrong = `/a/blobs/${long.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`
    held.blobs.set(wrong.slice(9), blob)
    assert.equal((await at.failure(wrong)).code, 'WRONG_DIGEST')
  })
})

describe('manifests', () => {
  const refused: Readonly<Record<string, readonly [content: object | string, type: string]>> = {
    'with layers and manifests at once': [{ schemaVersion: 2, manifests: [], layers: [] }, types.index],
    'whose type contradicts the answer': [{ schemaVersion: 2, mediaType: types.manifest, manifests: [] }, types.index],
    'of schema 1': [{ schemaVersion: 1, fsLayers: [] }, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    'that say schema 1': [{ schemaVersion: 1, manifests: [] }, types.index],
    'with a digest in capitals': [
      { schemaVersion: 2, manifests: [{ mediaType: types.manifest, size: 1, digest: `sha256:${'A'.repeat(64)}` }] },
      types.index,
    ],
    'in two spellings of a field': [{ schemaVersion: 2, manifests: [], Manifests: [] }, types.index],
    'that are a page of a portal': ['<html>', 'text/html'],
  }
  for (const [what, [content, type]] of Object.entries(refused)) {
    it(`${what} are refused`, async (t) => {
      const held = shelf()
      tag(held, 'x', made(content, type))
      const { at } = await harbour(t, { a: held })
      assert.equal((await at.failure('/a/manifests/x')).code, 'UNREADABLE')
      assert.deepEqual(await at.leftovers(), [])
    })
  }

  it('that somebody has fetched as a plain blob are still manifests', async (t) => {
    const { shelf: held, orchard: top } = await orchard()
    held.blobs.set(top.digest, top)
    const { at } = await harbour(t, { 'org/orchard': held })
    assert.equal((await at.get(`/org/orchard/blobs/${top.digest}`)).type, 'application/octet-stream')
    assert.equal((await at.get(manifest('org/orchard', top.digest))).type, types.index)
  })
})

describe('names and references', () => {
  const invalid: Readonly<Record<string, readonly [status: number, code: string]>> = {
    '/Org/kit/manifests/1': [400, 'NAME_INVALID'],
    '/a/manifests/b/manifests/1': [400, 'NAME_INVALID'],
    '/a/manifests/-x': [400, 'MANIFEST_INVALID'],
    [`/a/blobs/sha256:${'A'.repeat(64)}`]: [400, 'DIGEST_INVALID'],
    '/a/blobs/sha256:00': [400, 'DIGEST_INVALID'],
    '/a/blobs/uploads/': [405, 'UNSUPPORTED'],
    '/a/manifests/nope': [404, 'MANIFEST_UNKNOWN'],
    [`/a/blobs/sha256:${'0'.repeat(64)}`]: [404, 'BLOB_UNKNOWN'],
    '/nobody/tags/list': [404, 'NAME_UNKNOWN'],
    [`/a/referrers/sha256:${'0'.repeat(64)}`]: [404, 'UNSUPPORTED'],
  }
  for (const [path, expected] of Object.entries(invalid)) {
    it(`${path} is refused as ${expected[1]}`, async (t) => {
      const { at } = await harbour(t, { a: shelf() })
      const error: unknown = await at.get(path).catch((thrown: unknown) => thrown)
      const { status, body } = oci.refuse?.(error as never, path) ?? { status: 0, body: '{}' }
      const [first] = (JSON.parse(body) as { errors: { code: string }[] }).errors
      assert.deepEqual([status, first?.code], expected)
    })
  }

  it('whose bytes are denied are refused by tag too', async (t) => {
    const { shelf: held, orchard: top } = await orchard()
    const deny = [rule(`pkg:oci/org/orchard@${top.digest}`)]
    const { at } = await harbour(t, { 'org/orchard': held }, {}, { policy: { deny } })
    assert.equal((await at.failure(manifest('org/orchard', 'latest'))).code, 'DENIED')
    assert.equal((await at.failure(manifest('org/orchard', '1.1.0'))).code, 'OK')
  })

  it('that policy denies are refused as DENIED, by tag and by digest', async (t) => {
    const { shelf: held, orchard: top, arm64 } = await orchard()
    const deny = [rule('pkg:oci/org/orchard@<1.2'), rule(`pkg:oci/org/orchard@${arm64.manifest.digest}`)]
    const { at } = await harbour(t, { 'org/orchard': held }, {}, { policy: { deny } })
    assert.equal((await at.failure(manifest('org/orchard', '1.1.0'))).code, 'DENIED')
    assert.equal((await at.failure(manifest('org/orchard', arm64.manifest.digest))).code, 'DENIED')
    assert.equal((await at.failure(manifest('org/orchard', top.digest))).code, 'OK')
    assert.deepEqual(JSON.parse((await at.get('/org/orchard/tags/list')).text), {
      name: 'org/orchard',
      tags: ['1.2.0', 'latest'],
    })
  })
})

describe('tokens', () => {
  const tokens = { username: 'me', password: 'hunter2' }

  it('are asked for by name, kept, renewed when they are no longer good, and not shown to the host of the blobs', async (t) => {
    const { shelf: held, x64 } = await orchard()
    const { at, up } = await harbour(
      t,
      { 'org/orchard': held, 'org/other': held },
      { tokens, redirects: true },
      {
        settings: { credentials: [tokens] },
      },
    )
    const [config, layer] = x64.blobs
    const allow = new URL(up.files.url).host
    assert.equal((await at.failure(`/org/orchard/blobs/${config?.digest}`)).code, 'HOST_REFUSED')
    const open = await openTestMirror({
      ecosystems: [oci],
      repositories: [{ ecosystem: 'oci', upstreams: [up.url], allowHosts: [allow], credentials: [tokens] }],
    })
    t.after(() => open.close())
    up.upstream.reset()
    const given = up.given.length
    await open.get(manifest('org/orchard', '1.2.0'))
    await open.get(`/org/orchard/blobs/${config?.digest}`)
    assert.deepEqual(up.given.slice(given), ['repository:org/orchard:pull'])
    up.expire()
    await open.get(`/org/orchard/blobs/${layer?.digest}`)
    await open.get(manifest('org/other', '1.2.0'))
    assert.deepEqual(up.given.slice(given), [
      'repository:org/orchard:pull',
      'repository:org/orchard:pull',
      'repository:org/other:pull',
    ])
    assert.ok(up.files.requests.length >= 2)
    assert.ok(up.files.requests.every(({ headers }) => headers.authorization === undefined))
  })

  it('that cannot be had are our trouble and no challenge to the client', async (t) => {
    const { shelf: held } = await orchard()
    const { at } = await harbour(t, { 'org/orchard': held }, { tokens })
    assert.equal((await at.failure(manifest('org/orchard', '1.2.0'))).code, 'UPSTREAM_AUTH')
  })
})

describe('blobs', () => {
  it('are fetched once for all names of a registry, and not shared with one of other credentials', async (t) => {
    const { shelf: held, x64 } = await orchard()
    const up = await startOciReplica({ a: held, b: held })
    t.after(() => up.close())
    const secret = [{ username: 'me', password: 'hunter2' }]
    const at = await openTestMirror({
      ecosystems: [oci],
      repositories: [
        { ecosystem: 'oci', name: 'one', upstreams: [up.url] },
        { ecosystem: 'oci', name: 'two', upstreams: [up.url] },
        { ecosystem: 'oci', name: 'private', upstreams: [up.url], credentials: secret },
      ],
    })
    t.after(() => at.close())
    const digest = x64.blobs[1]?.digest ?? ''
    const asked = () => up.upstream.requests.filter(({ path }) => path.endsWith(digest)).length
    await at.get(`/a/blobs/${digest}`, { repo: 'private' })
    await at.get(`/a/blobs/${digest}`, { repo: 'one' })
    assert.equal(asked(), 2)
    await at.get(`/b/blobs/${digest}`, { repo: 'one' })
    await at.get(`/b/blobs/${digest}`, { repo: 'two' })
    assert.equal(asked(), 2)
  })

  it('that break off go on where they were', async (t) => {
    const held = shelf()
    const blob = made('x'.repeat(300_000), types.layer)
    held.blobs.set(blob.digest, blob)
    const { at, up } = await harbour(t, { a: held })
    up.upstream.set(`/v2/a/blobs/${blob.digest}`, [
      { body: blob.bytes, etag: '"x"', truncateAt: 200_000 },
      { body: blob.bytes, etag: '"x"' },
    ])
    assert.equal((await at.get(`/a/blobs/${blob.digest}`)).bytes.length, 300_000)
    assert.equal(up.upstream.requests.at(-1)?.headers.range, 'bytes=200000-')
  })
})

describe('referrers', () => {
  it('are listed, and by kind when that is asked for', async (t) => {
    const { shelf: held, orchard: top, sbom } = await orchard()
    const { at } = await harbour(t, { 'org/orchard': held }, { referrers: true })
    const path = `/org/orchard/referrers/${top.digest}`
    const all = JSON.parse((await at.get(path)).text) as { manifests: { digest: string }[] }
    assert.deepEqual(
      all.manifests.map(({ digest }) => digest),
      [sbom.manifest.digest],
    )
    const none = await at.get(path, { query: 'artifactType=application/x' })
    assert.deepEqual((JSON.parse(none.text) as { manifests: object[] }).manifests, [])
    assert.equal(none.headers['oci-filters-applied'], 'artifactType')
  })

  it('of a registry that does not know the question are not there, and under a tag for clients that look', async (t) => {
    const { shelf: held, orchard: top, sbom } = await orchard()
    const list = index([described(sbom.manifest, { artifactType: 'application/spdx+json' })])
    tag(held, top.digest.replace(':', '-'), list)
    const { at } = await harbour(t, { 'org/orchard': held })
    assert.equal((await at.failure(`/org/orchard/referrers/${top.digest}`)).code, 'NOT_FOUND')
    assert.equal((await at.get(manifest('org/orchard', top.digest.replace(':', '-')))).bytes.equals(list.bytes), true)
  })
})

describe('a sync', () => {
  const pathsOf = (items: readonly { readonly path: string }[]) =>
    items.map(({ path }) => path.replace(/^\/[^/]+\/[^/]+/, ''))

  for (const referrers of [true, undefined]) {
    it(`takes the platforms that are wanted and what refers to the image, ${referrers ? 'by question' : 'by tag'}`, async (t) => {
      const { shelf: held, orchard: top, x64, arm64, sbom } = await orchard()
      if (referrers === undefined) tag(held, top.digest.replace(':', '-'), index([described(sbom.manifest)]))
      const { at } = await harbour(t, { 'org/orchard': held }, referrers ? { referrers } : {})
      const platforms = [{ os: 'linux', cpu: 'x64' }]
      const { items, codes } = await at.sync(['org/orchard:1.2.0'], { platforms })
      const paths = pathsOf(items)
      assert.deepEqual(codes, [])
      for (const { manifest: one, blobs } of [x64, sbom]) {
        assert.ok(paths.includes(`/manifests/${one.digest}`))
        for (const { digest } of blobs) assert.ok(paths.includes(`/blobs/${digest}`))
      }
      assert.ok(!paths.includes(`/manifests/${arm64.manifest.digest}`))
      at.offline = true
      const bytes = (await at.get(manifest('org/orchard', '1.2.0'))).bytes
      assert.ok(bytes.equals(top.bytes))
      assert.equal((await at.failure(manifest('org/orchard', arm64.manifest.digest))).code, 'NOT_HELD')
    })
  }

  it('says when there is no image for a machine', async (t) => {
    const { shelf: held } = await orchard()
    const { at } = await harbour(t, { 'org/orchard': held })
    const { codes } = await at.sync(['org/orchard:1.2.0'], { platforms: [{ os: 'linux', cpu: 's390x' }] })
    assert.deepEqual(codes, ['UNSATISFIED'])
  })

  it('takes the newest of a range, tags by glob, and a digest', async (t) => {
    const held = shelf()
    const images = new Map<string, string>()
    for (const name of ['1.2.0', '1.3.0', '1.4.0', '1.4.1-alpine', '1.5.0-rc.1', '2.0.0', 'latest']) {
      const one = image(name)
      put(held, one)
      tag(held, name, one.manifest)
      images.set(name, one.manifest.digest)
    }
    const { at } = await harbour(t, { 'org/kit': held })
    const tagsOf = async (want: Parameters<typeof at.sync>[0][number]) =>
      pathsOf((await at.sync([want])).items)
        .flatMap((path) => /^\/manifests\/([^:]+)$/.exec(path)?.[1] ?? [])
        .sort()
    const from = { file: 'test.yaml' }
    assert.deepEqual(await tagsOf({ name: 'org/kit', range: '^1.2 || latest', keep: 2, from }), [
      '1.3.0',
      '1.4.0',
      'latest',
    ])
    assert.deepEqual(await tagsOf('org/kit:*-alpine'), ['1.4.1-alpine'])
    assert.deepEqual(await tagsOf('org/kit:>=1.5.0-rc.1'), ['1.5.0-rc.1'])
    assert.deepEqual(await tagsOf(`org/kit@${images.get('2.0.0')}`), [])
    assert.ok(isHeld(at.mirror.catalog.refs.get('oci', manifest('org/kit', images.get('2.0.0') ?? ''), '', 0)))
  })

  it('of one image that fails does not hold the others back', async (t) => {
    const { shelf: good } = await orchard()
    const { shelf: bad } = await orchard()
    const { at, up } = await harbour(t, { 'org/good': good, 'org/bad': bad })
    const wants = ['org/good:latest', 'org/bad:latest']
    await at.sync(wants)
    const [fine, broken] = [await realImage({ 'hello.txt': 'fine\n' }), await realImage({ 'hello.txt': 'broken\n' })]
    put(good, fine)
    tag(good, 'latest', fine.manifest)
    put(bad, broken)
    tag(bad, 'latest', broken.manifest)
    up.upstream.set(`/v2/org/bad/blobs/${broken.blobs[1]?.digest}`, { status: 500, body: '' })
    at.clock.pass(minute)
    const { flipped } = await at.sync(wants)
    assert.deepEqual(flipped, ['org/good:latest'])
  })

  it('knows platforms by variants, and keeps attestations with their image', async (t) => {
    const held = shelf()
    const [v6, v7, attestation] = [
      image('v6', { architecture: 'arm' }),
      image('v7', { architecture: 'arm' }),
      image('att'),
    ]
    put(held, v6, v7, attestation)
    const about = {
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': v7.manifest.digest,
      },
    }
    const top = index([
      described(v6.manifest, platform('arm', 'v6')),
      described(v7.manifest, platform('arm', 'v7')),
      described(attestation.manifest, about),
    ])
    tag(held, '1', top)
    const { at } = await harbour(t, { 'org/kit': held })
    const paths = pathsOf((await at.sync(['org/kit:1'], { platforms: [{ os: 'linux', cpu: 'armv7' }] })).items)
    const holds = (one: { readonly digest: string }) => paths.includes(`/manifests/${one.digest}`)
    assert.deepEqual([holds(v6.manifest), holds(v7.manifest), holds(attestation.manifest)], [false, true, true])
  })
})
