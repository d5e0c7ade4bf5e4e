// A whole mirror of the recorded registry: policy over every index and every path, and the tags that clients go by.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ecosystems } from '../../../src/ecosystems/index.ts'
import {
  cooldown,
  day,
  openTestMirror,
  rule,
  sha256,
  type TestMirror,
  type TestMirrorOptions,
} from '../../builders/mirror.ts'
import { json, text } from '../../fakes/upstream.ts'
import { type Kind, recorded, startGemReplica } from '../../replica/rubygems.ts'

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

async function mirrorOf(
  t: TestContext,
  kind: Kind,
  options: Partial<TestMirrorOptions> & { readonly times?: 'api' } = {},
) {
  const { upstream } = await startGemReplica(kind)
  t.after(() => upstream.close())
  const { times = 'info', ...more } = options
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'rubygems', mount: '/gem', upstreams: [upstream.url], options: { times } }],
    ecosystems,
    ...more,
  })
  t.after(() => at.close())
  return { at, upstream }
}

/** orchard 1.2.0 was published on 2024-05-12, 2.0.0.rc1 a day later, 1.1.0 a day before. */
const now = Date.UTC(2024, 4, 12, 20)
const lists = ['/versions', '/names', '/specs.4.8.gz', '/latest_specs.4.8.gz', '/prerelease_specs.4.8.gz']

async function shown(at: TestMirror, path: string): Promise<string> {
  const { bytes } = await at.get(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')
}

test('a version that waits for its cooldown is in no index and at no path', async (t) => {
  const { at } = await mirrorOf(t, 'with everything', { now, policy: { cooldown: cooldown({ default: day }) } })
  for (const young of ['1.2.0', '2.0.0.rc1']) {
    for (const path of ['/info/orchard', ...lists])
      assert.ok(!(await shown(at, path)).includes(young), `${path} says ${young}`)
    for (const path of [`/gems/orchard-${young}.gem`, `/quick/Marshal.4.8/orchard-${young}.gemspec.rz`])
      assert.equal((await at.failure(path)).code, 'COOLDOWN', path)
  }
  assert.match(await shown(at, '/info/orchard'), /^1\.1\.0 /m)
  const page = await at.get('/info/orchard')
  assert.match(await shown(at, '/versions'), new RegExp(`^orchard 1\\.1\\.0 ${md5(page.bytes)}$`, 'm'))
  assert.equal((await at.get('/gems/orchard-1.1.0.gem')).bytes.length, 4096)
})

test('a matured version appears by the clock', async (t) => {
  const { at } = await mirrorOf(t, 'with everything', {
    now,
    policy: { cooldown: cooldown({ default: day }), freshFor: 99 * day },
  })
  assert.doesNotMatch(await shown(at, '/versions'), /orchard \S*1\.2\.0/)
  at.clock.pass(day)
  assert.match(await shown(at, '/versions'), /^orchard 1\.1\.0,1\.2\.0 /m)
  assert.match(await shown(at, '/info/orchard'), /^1\.2\.0 /m)
})

test('a denied platform is in no index, others of its version are', async (t) => {
  const { at } = await mirrorOf(t, 'with everything', {
    policy: { deny: [rule('pkg:gem/Stone_Fruit@=%200.3.1-java')] },
  })
  const page = await at.get('/info/Stone_Fruit')
  assert.match(page.text, /^0\.3\.1-x86_64-linux /m)
  assert.match(
    await shown(at, '/versions'),
    new RegExp(`^Stone_Fruit 0\\.3\\.1,0\\.3\\.1-x86_64-linux ${md5(page.bytes)}$`, 'm'),
  )
  for (const path of ['/info/Stone_Fruit', ...lists]) assert.doesNotMatch(await shown(at, path), /java/, path)
  assert.equal((await at.failure('/gems/Stone_Fruit-0.3.1-java.gem')).code, 'DENIED')
})

test('a gem that is denied as a whole is nowhere', async (t) => {
  const { at } = await mirrorOf(t, 'with everything', { policy: { deny: [rule('pkg:gem/orchard')] } })
  for (const path of lists) assert.doesNotMatch(await shown(at, path), /orchard/, path)
  for (const path of [
    '/info/orchard',
    '/gems/orchard-1.2.0.gem',
    '/quick/Marshal.4.8/orchard-1.2.0.gemspec.rz',
    '/api/v1/versions/orchard.json',
  ])
    assert.equal((await at.failure(path)).code, 'DENIED', path)
})

test('where pages have no times the web API dates versions, when it is asked to', async (t) => {
  const { at, upstream } = await mirrorOf(t, 'with the compact index alone', {
    now,
    times: 'api',
    policy: { cooldown: cooldown({ default: day }) },
  })
  upstream.set(
    '/api/v1/versions/orchard.json',
    json([
      { number: '1.2.0', platform: 'ruby', created_at: '2024-05-12T09:06:40.000Z' },
      { number: '1.1.0', platform: 'ruby', created_at: '2024-05-11T09:06:40.000Z' },
    ]),
  )
  const page = await shown(at, '/info/orchard')
  assert.match(page, /^1\.1\.0 /m)
  assert.doesNotMatch(page, /^1\.2\.0 /m)
  assert.equal((await at.failure('/gems/orchard-1.2.0.gem')).code, 'COOLDOWN')
  assert.doesNotMatch((await at.get('/api/v1/versions/orchard.json')).text, /1\.2\.0/)
})

test('what nothing dates is as old as its first sight, the first page is baseline', async (t) => {
  const { at, upstream } = await mirrorOf(t, 'with the compact index alone', {
    now,
    policy: { cooldown: cooldown({ default: day }) },
  })
  assert.match(await shown(at, '/info/pip'), /^1\.0\.0 /m)
  const page = upstream.url && readFileSync(`${recorded}/info/pip`, 'utf8').replace(/,created_at:\S+/g, '')
  upstream.set('/info/pip', text(`${page}1.1.0 |checksum:${'ab'.repeat(32)}\n`))
  at.clock.pass(1000)
  assert.doesNotMatch(await shown(at, '/info/pip'), /^1\.1\.0 /m)
  at.clock.pass(day)
  assert.match(await shown(at, '/info/pip'), /^1\.1\.0 /m)
})

test('texts have their MD5 as tag and a digest, as clients want them', async (t) => {
  const { at } = await mirrorOf(t, 'with everything')
  for (const path of ['/versions', '/names', '/info/orchard']) {
    const { etag, headers, bytes } = await at.get(path)
    assert.equal(etag, `"${md5(bytes)}"`, path)
    const digest = createHash('sha256').update(bytes).digest('base64')
    assert.deepEqual([headers['repr-digest'], headers.digest], [`sha-256=:${digest}:`, `sha-256=${digest}`])
  }
})

test('a gem of other bytes than its page states is refused, and a specification that disagrees with it', async (t) => {
  const { at, upstream } = await mirrorOf(t, 'with everything')
  upstream.set('/gems/pip-1.0.0.gem', text('another gem'))
  assert.equal((await at.failure('/gems/pip-1.0.0.gem')).code, 'WRONG_DIGEST')
  upstream.set('/quick/Marshal.4.8/pip-1.0.0.gemspec.rz', {
    body: readFileSync(`${recorded}/quick/Marshal.4.8/apple-1.0.4.gemspec.rz`),
  })
  assert.equal((await at.failure('/quick/Marshal.4.8/pip-1.0.0.gemspec.rz')).code, 'DISAGREEMENT')
})

test('a page cannot vouch for a file of another gem', async (t) => {
  const { at, upstream } = await mirrorOf(t, 'with everything')
  upstream.set(
    '/info/evil',
    text(`---\n1.0 |checksum:${'ab'.repeat(32)}\n1.0-../../pip-1.0.0 |checksum:${'ab'.repeat(32)}\n`),
  )
  await at.get('/info/evil')
  assert.equal((await at.get('/gems/pip-1.0.0.gem')).bytes.length, 4096)
  assert.equal((await at.failure('/gems/evil-2.0.gem')).code, 'NOT_FOUND')
})

test('the dependency API is not there, so that clients go on to what is', async (t) => {
  const { at, upstream } = await mirrorOf(t, 'with everything')
  for (const path of [
    '/api/v1/dependencies',
    '/api/v1/gems',
    '/latest_specs.4.8',
    '/info/a b',
    '/info/..',
    '/gems/orchard.gem',
  ])
    assert.equal((await at.failure(path, { query: 'gems=pip' })).code, 'NO_ROUTE', path)
  assert.equal(upstream.count(), 0)
})

test('digests of a lockfile vouch for each platform’s gem, and for no specification', async (t) => {
  const { at } = await mirrorOf(t, 'with everything')
  const want = (version: string, platform: string) => ({
    name: 'Stone_Fruit',
    range: `= ${version}-${platform}`,
    follow: [],
    digests: [
      {
        sha256: sha256(
          readFileSync(`${recorded}/gems/Stone_Fruit-0.3.1${platform === 'ruby' ? '' : `-${platform}`}.gem`),
        ),
      },
    ],
    from: { file: 'Gemfile.lock', line: 4 },
  })
  const { faults, items } = await at.sync([want('0.3.1', 'ruby'), want('0.3.1', 'java')])
  assert.deepEqual(faults, [])
  const proofs = items.map(({ path, proof }) => `${path} ${proof}`).sort()
  assert.deepEqual(proofs, [
    '/gems/Stone_Fruit-0.3.1-java.gem lockfile',
    '/gems/Stone_Fruit-0.3.1.gem lockfile',
    '/info/Stone_Fruit first-seen',
    '/quick/Marshal.4.8/Stone_Fruit-0.3.1-java.gemspec.rz first-seen',
    '/quick/Marshal.4.8/Stone_Fruit-0.3.1.gemspec.rz first-seen',
  ])
})
