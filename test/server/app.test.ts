import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyEcosystem } from '../../src/contract.ts'
import { createAddresses } from '../../src/server/addresses.ts'
import { alone } from '../../src/server/alone.ts'
import { createApp } from '../../src/server/app.ts'
import { createHits } from '../../src/server/hits.ts'
import { listen } from '../../src/server/listen.ts'
import { createResponder } from '../../src/server/respond.ts'
import { newest } from '../../src/server/states.ts'
import { item, minute, rule } from '../builders/mirror.ts'
import { shelf } from '../builders/shelf.ts'
import { json, startUpstream } from '../fakes/upstream.ts'
import { site } from './site.ts'

const index = (version: string) => json({ files: [{ ...item(`a-${version}`, version), version }] })

test('a fresh document is answered again without upstream, until its time is over', async (t) => {
  const { up, at, ask } = await site(
    t,
    { '/index/a': [index('1.0.0'), index('2.0.0')] },
    { policy: { freshFor: minute } },
  )
  await ask('/shelf/index/a')
  const again = await ask('/shelf/index/a')
  const asked = up.count('/index/a')
  at.clock.pass(2 * minute)
  const later = await ask('/shelf/index/a')
  assert.deepEqual([asked, again.headers['x-cache'], again.text.includes('a-1.0.0')], [1, 'HIT', true])
  assert.ok(later.text.includes('a-2.0.0'))
})

test('a client that wants to know anew is not given a remembered answer', async (t) => {
  const { at, ask } = await site(t, { '/index/a': [index('1.0.0'), index('2.0.0')] }, { policy: { freshFor: minute } })
  await ask('/shelf/index/a')
  await ask('/shelf/index/a')
  at.clock.pass(4000)
  const renewed = await ask('/shelf/index/a', { headers: { 'cache-control': 'no-cache' } })
  assert.ok(renewed.text.includes('a-2.0.0'))
  assert.ok((await ask('/shelf/index/a')).text.includes('a-2.0.0'))
})

test('a remembered answer is none to another method, nor to a request that is refused', async (t) => {
  const { ask, port } = await site(t, { '/index/a': index('1.0.0') }, { policy: { freshFor: minute } })
  for (let round = 0; round < 2; round += 1) assert.equal((await ask('/shelf/index/a')).status, 200)
  const host = `127.0.0.1:${port}`
  const asked = await Promise.all([
    ask('/shelf/index/a', { method: 'DELETE' }),
    ask('/shelf/index/a', { method: 'PUT' }),
    ask('/shelf/index/a', { headers: { host, 'content-length': '1' } }),
    ask('/shelf/index/a', { method: 'HEAD' }),
  ])
  assert.deepEqual(
    asked.map(({ status }) => status),
    [405, 405, 400, 200],
  )
})

test('documents name the address that the client used, when it is ours, and never a stranger’s', async (t) => {
  const { ask, port } = await site(t, { '/index/a': index('1.0.0') }, { policy: { freshFor: minute } })
  const baseFor = async (host: string) =>
    (JSON.parse((await ask('/shelf/index/a', { headers: { host } })).text) as { base: string }).base
  for (let round = 0; round < 2; round += 1) {
    assert.equal(await baseFor(`localhost:${port}`), `http://localhost:${port}/shelf`)
    assert.equal(await baseFor(`127.0.0.1:${port}`), `http://127.0.0.1:${port}/shelf`)
    assert.equal(await baseFor('evil.example.org'), `http://127.0.0.1:${port}/shelf`)
  }
})

test('what policy denies is refused with its rule, and not kept by anybody', async (t) => {
  const { ask } = await site(t, { '/index/a': index('6.6.6') }, { policy: { deny: [rule('pkg:shelf/a@6.6.6')] } })
  const { status, headers, text } = await ask('/shelf/files/a/a-6.6.6')
  assert.deepEqual([status, headers['x-cache'], headers['cache-control']], [403, 'DENIED', 'no-store'])
  assert.match(text, /a@6\.6\.6 is denied by pkg:shelf\/a@6\.6\.6 \(test\.yaml:1\)/)
})

test('a client may say which upstream it means, if a repository mirrors that', async (t) => {
  const told: AnyEcosystem = { ...shelf, namespace: { query: 'ns', header: 'x-namespace' } }
  const other = await startUpstream({ '/index/a': index('2.0.0') })
  t.after(() => other.close())
  const { ask, up } = await site(t, { '/index/a': index('1.0.0') }, { ecosystems: [told] }, (own) => [
    { ecosystem: 'shelf', upstreams: [own] },
    { ecosystem: 'shelf', name: 'other', mount: '/shelf/other', upstreams: [other.url] },
  ])
  const [own, others] = [new URL(up.url).host, new URL(other.url).host]
  const asked = async (path: string) => {
    const { text, status, headers } = await ask(path)
    return [status, /a-\d/.exec(text)?.[0], headers['x-namespace']]
  }
  assert.deepEqual(await asked('/shelf/index/a'), [200, 'a-1', undefined])
  assert.deepEqual(await asked(`/shelf/index/a?ns=${own}`), [200, 'a-1', own])
  assert.deepEqual(await asked(`/shelf/index/a?ns=${others}`), [200, 'a-2', others])
  assert.deepEqual(await asked(`/shelf/other/index/a?ns=${others}`), [200, 'a-2', others])
  assert.deepEqual(await asked('/shelf/index/a?ns=169.254.169.254'), [403, undefined, undefined])
})

test('what is no path, no method or no mount of ours is refused with a reason', async (t) => {
  const { ask } = await site(t, {})
  const answers = [
    await ask('/nowhere'),
    await ask('/shelf/index/a', { method: 'PUT' }),
    await ask('/shelf/%2e%2e/x'),
    await ask('http://elsewhere.example.org/index/a'),
  ]
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers['x-pkgmirror-error']]),
    [
      [404, 'NO_ROUTE'],
      [405, 'METHOD'],
      [400, 'BAD_PATH'],
      [403, 'DENIED'],
    ],
  )
  assert.equal(answers[1]?.headers.allow, 'GET, HEAD')
})

test('as a forward proxy it answers for its own upstreams', async (t) => {
  const { up, ask } = await site(t, { '/index/a': index('1.0.0') })
  const { status, text } = await ask(`${up.url}/index/a`)
  assert.deepEqual([status, text.includes('a-1.0.0')], [200, true])
})

test('health is told, also offline, and HEAD has the length of GET', async (t) => {
  const { at, ask } = await site(t, { '/index/a': index('1.0.0') })
  const whole = await ask('/shelf/index/a')
  at.offline = true
  const head = await ask('/shelf/index/a', { method: 'HEAD' })
  const missing = await ask('/shelf/index/b')
  assert.deepEqual([head.headers['content-length'], head.text], [String(whole.text.length), ''])
  assert.deepEqual([missing.status, missing.headers['cache-control']], [404, 'no-store'])
  for (const path of ['/health', '/livez', '/readyz']) assert.equal((await ask(path)).status, 200)
})

test('a repository with a listener of its own is alone there, at the top', async (t) => {
  const { at, ask } = await site(t, { '/index/a': index('1.0.0') }, {}, (own) => [
    { ecosystem: 'shelf', upstreams: [own], listen: ['127.0.0.1:0'] },
    { ecosystem: 'shelf', name: 'other', upstreams: [own] },
  ])
  const [one, ...others] = alone(at.mirror)
  assert.ok(one !== undefined)
  assert.deepEqual([one.name, others], ['shelf', []])
  const responder = createResponder(at.mirror.store)
  const hits = createHits(at.mirror.catalog.refs.used, at.mirror.now)
  const app = createApp(
    one.mirror,
    newest(one.mirror),
    responder,
    createAddresses(undefined, [], () => listening.ports),
    hits,
  )
  const listening = await listen(app, one.listen)
  try {
    const [address = ''] = listening.addresses
    const shown = (await (await fetch(`${address}/index/a`)).json()) as { base: string }
    assert.equal(shown.base, address)
    assert.equal((await fetch(`${address}/other/index/a`)).status, 404)
    assert.equal((await ask('/other/index/a')).status, 200)
  } finally {
    await listening.close(100)
    hits.close()
    responder.close()
  }
})
