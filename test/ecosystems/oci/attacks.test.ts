// What a registry, or whoever may push to one, can try: lead elsewhere, hand over something else, or never end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import { startUpstream } from '../../fakes/upstream.ts'
import { put, shelf, tag } from '../../replica/oci.ts'
import { artifact, describe as described, image, made, types } from './builders.ts'
import { harbour, orchard } from './mirror.ts'

const secret = { username: 'me', password: 'hunter2' }

describe('a registry', () => {
  it('that wants the login at another host gets no token from there, and the login stays here', async (t) => {
    const thief = await startUpstream()
    t.after(() => thief.close())
    const { at, up } = await harbour(t, {}, {}, { settings: { credentials: [secret] } })
    const realms: readonly (readonly [realm: string, code: string])[] = [
      // over plain HTTP a login goes to the registry itself alone
      [`${thief.url}/token`, 'UPSTREAM_AUTH'],
      [`${thief.url.replace('http:', 'https:')}/token`, 'HOST_REFUSED'],
    ]
    for (const [realm, code] of realms) {
      up.upstream.otherwise(() => ({
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${realm}",service="x",scope="repository:a:pull"` },
        body: '',
      }))
      assert.equal((await at.failure('/a/manifests/1')).code, code)
    }
    assert.equal(thief.count(), 0)
  })

  it('whose next page lies elsewhere is asked for it itself', async (t) => {
    const other = await startUpstream()
    t.after(() => other.close())
    const { at, up } = await harbour(t, {})
    up.upstream.set('/v2/a/tags/list?n=1000', {
      body: '{"name":"a","tags":["x"]}',
      headers: { link: `<${other.url}/v2/b/tags/list?last=x>; rel="next"` },
    })
    up.upstream.set('/v2/a/tags/list?last=x', { body: '{"name":"a","tags":["y"]}' })
    assert.deepEqual(JSON.parse((await at.get('/a/tags/list')).text), { name: 'a', tags: ['x', 'y'] })
    assert.equal(other.count(), 0)
  })

  it('that redirects to an address of its network is not followed', async (t) => {
    const { at, up } = await harbour(t, {})
    const { digest } = made('layer', types.layer)
    up.upstream.set(`/v2/a/blobs/${digest}`, { status: 307, redirect: 'http://169.254.169.254/latest/meta-data' })
    assert.equal((await at.failure(`/a/blobs/${digest}`)).code, 'HOST_REFUSED')
  })

  it('that has other bytes under a digest is refused, of blobs, manifests and what is listed as referring', async (t) => {
    const { shelf: held, orchard: top, x64, sbom } = await orchard()
    const { at, up } = await harbour(t, { 'org/orchard': held }, { referrers: true })
    const { digest: layer } = x64.blobs[1] ?? x64.manifest
    const evil = image('evil').manifest
    up.upstream.set(`/v2/org/orchard/blobs/${layer}`, { body: 'evil' })
    for (const digest of [x64.manifest.digest, sbom.manifest.digest])
      up.upstream.set(`/v2/org/orchard/manifests/${digest}`, { body: evil.bytes, type: evil.type })
    for (const path of [`blobs/${layer}`, `manifests/${x64.manifest.digest}`, `manifests/${sbom.manifest.digest}`])
      assert.equal((await at.failure(`/org/orchard/${path}`)).code, 'WRONG_DIGEST', path)
    const { codes } = await at.sync([`org/orchard@${top.digest}`])
    assert.ok(
      codes.every((code) => code === 'WRONG_DIGEST'),
      codes.join(),
    )
    assert.equal(isHeld(at.mirror.catalog.refs.get('oci', `/org/orchard/blobs/${layer}`, '', 0)), false)
  })
})

describe('whoever may push', () => {
  it('cannot have a mirror fetch layers from addresses of their own', async (t) => {
    const other = await startUpstream({ '/layer': { body: 'evil' } })
    t.after(() => other.close())
    const held = shelf()
    const config = made({ architecture: 'amd64', os: 'linux' }, types.config)
    const foreign = made('evil', 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')
    const layers = [described(foreign, { urls: [`${other.url}/layer`] })]
    const manifest = made(
      { schemaVersion: 2, mediaType: types.manifest, config: described(config), layers },
      types.manifest,
    )
    held.blobs.set(config.digest, config)
    tag(held, '1', manifest)
    const { at } = await harbour(t, { a: held })
    const { codes, items } = await at.sync(['a:1'])
    assert.deepEqual(codes, [])
    assert.ok(!items.some(({ path }) => path.endsWith(foreign.digest)))
    assert.equal(other.count(), 0)
  })

  const bombs: Readonly<Record<string, string>> = {
    'nested without end': `{"schemaVersion":2,"manifests":${'['.repeat(1_000_000)}`,
    'with a name that every object has': '{"schemaVersion":2,"manifests":[],"__proto__":{"layers":[]},"constructor":1}',
    'larger than any': `{"schemaVersion":2,"manifests":[],"annotations":{"x":"${'x'.repeat(9 * 1024 * 1024)}"}}`,
    'with a size below nothing': `{"schemaVersion":2,"manifests":[{"mediaType":"x","size":-1,"digest":"sha256:${'0'.repeat(64)}"}]}`,
    'with a digest that is a path':
      '{"schemaVersion":2,"manifests":[{"mediaType":"x","size":1,"digest":"sha256:../../x"}]}',
  }
  for (const [what, text] of Object.entries(bombs)) {
    it(`cannot spoil the mirror with an index ${what}`, async (t) => {
      const held = shelf()
      tag(held, '1', made(text, types.index))
      const { at } = await harbour(t, { a: held })
      const { code } = await at.failure('/a/manifests/1')
      // what is merely odd is passed on as it is, and means nothing
      if (what.startsWith('with a name')) assert.equal(code, 'OK')
      else assert.ok(['UNREADABLE', 'TOO_LARGE'].includes(code), code)
      assert.equal(({} as { layers?: unknown }).layers, undefined)
      assert.deepEqual(await at.leftovers(), [])
    })
  }

  it('cannot have what refers to itself followed for ever', async (t) => {
    const held = shelf()
    const top = image('top')
    put(held, top)
    tag(held, '1', top.manifest)
    let subject = top.manifest
    for (let depth = 0; depth < 30; depth += 1) {
      const next = artifact(subject, 'application/spdx+json', { depth })
      put(held, next)
      subject = next.manifest
    }
    const { at } = await harbour(t, { a: held }, { referrers: true })
    const { codes, items } = await at.sync(['a:1'])
    assert.deepEqual(codes, [])
    assert.ok(items.filter(({ path }) => path.includes('/manifests/sha256')).length <= 6)
  })
})
