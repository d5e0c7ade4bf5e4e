// A full tree: what its signed Manifest says of its own age, and what a mirror makes of an upstream that stands still or goes back.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Policy } from '../../../src/config/types.ts'
import { gentoo } from '../../../src/ecosystems/gentoo/index.ts'
import { day, hour, noon, openTestMirror } from '../../builders/mirror.ts'
import { folder } from '../../clients/place.ts'
import { startUpstream, text } from '../../fakes/upstream.ts'
import { clearSigned, line, makeKey } from './fixtures.ts'

const top = '/tree/Manifest'

async function treeOf(t: TestContext, policy: Partial<Policy> = {}, own: object = {}) {
  const key = await makeKey()
  const up = await startUpstream({ '/distfiles/layout.conf': text('[structure]\n0=flat\n') })
  t.after(() => up.close())
  const keyring = path.join(folder(t), 'tree.gpg')
  writeFileSync(keyring, key.public)
  const at = await openTestMirror({
    ecosystems: [gentoo],
    repositories: [
      {
        ecosystem: 'gentoo',
        upstreams: [up.url],
        keyrings: [keyring],
        options: { tree: `${up.url}/plain`, manifests: 'full', ...own },
      },
    ],
    policy: { freshFor: hour, staleIfError: 0, ...policy },
  })
  t.after(() => at.close())
  const publish = async (time: number) => {
    const stamp = new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
    const signed = await clearSigned(`${line('MANIFEST', 'app-x/Manifest.gz', 'x')}TIMESTAMP ${stamp}\n`, key)
    up.set('/plain/Manifest', text(signed))
  }
  return { at, publish }
}

describe('the signed Manifest at the top', () => {
  test('that is three days old is refused: upstream or a cache stands still', async (t) => {
    const { at, publish } = await treeOf(t)
    await publish(noon - 2 * day)
    await at.get(top)
    at.clock.pass(day - 1)
    await at.get(top)
    at.clock.pass(2 * hour)
    const { code, message } = await at.failure(top)
    assert.equal(code, 'EXPIRED', message)
    assert.match(message, /is of 2025-12-31T12:00:00\.000Z, and counts until 2026-01-03T12:00:00\.000Z/)
    await publish(noon + day)
    at.clock.pass(hour)
    await at.get(top)
  })

  test('may be older where the repository or policy says so, which is told', async (t) => {
    const { at, publish } = await treeOf(t, {}, { valid_for: '2w' })
    await publish(noon - 10 * day)
    await at.get(top)
    const { at: other, publish: again } = await treeOf(t, { expired: 'serve' })
    await again(noon - 10 * day)
    await other.get(top)
    assert.deepEqual(
      other.events.flatMap((event) => (event.type === 'warning' ? [event.error.code] : [])),
      ['EXPIRED'],
    )
  })

  test('is never replaced by an older one, and never by one of tomorrow', async (t) => {
    const { at, publish } = await treeOf(t)
    await publish(noon - hour)
    await at.get(top)
    at.clock.pass(2 * hour)
    await publish(noon - 2 * hour)
    assert.equal((await at.failure(top)).code, 'ROLLBACK')
    await publish(noon + 3 * day)
    assert.equal((await at.failure(top)).code, 'NOT_YET_VALID')
  })
})

describe('a Manifest', () => {
  test('that states other bytes of another package’s distfile spoils neither silently', async (t) => {
    const up = await startUpstream({
      '/distfiles/layout.conf': text('[structure]\n0=flat\n'),
      '/distfiles/kit-1.tar.xz': text('the kit'),
      '/plain/app-x/kit/Manifest': text(line('DIST', 'kit-1.tar.xz', 'the kit')),
      '/plain/app-x/evil/Manifest': text(line('DIST', 'kit-1.tar.xz', 'evil')),
    })
    t.after(() => up.close())
    const at = await openTestMirror({
      ecosystems: [gentoo],
      repositories: [{ ecosystem: 'gentoo', upstreams: [up.url], options: { tree: `${up.url}/plain` } }],
    })
    t.after(() => at.close())
    assert.deepEqual((await at.sync(['app-x/kit'])).codes, [])
    assert.deepEqual((await at.sync(['app-x/evil'])).codes, ['DISAGREEMENT'])
    up.set('/plain/app-x/evil/Manifest', text(''))
    at.clock.pass(day)
    await at.get('/tree/app-x/evil/Manifest')
    assert.equal((await at.get('/distfiles/kit-1.tar.xz')).text, 'the kit')
  })

  test('that states other bytes than were kept has them fetched anew, and proves those that it states', async (t) => {
    const file = '/distfiles/kit-1.tar.xz'
    const up = await startUpstream({
      '/distfiles/layout.conf': text('[structure]\n0=flat\n'),
      [file]: text('the kit'),
      '/plain/app-x/kit/Manifest': text(line('DIST', 'kit-1.tar.xz', 'the kit')),
    })
    t.after(() => up.close())
    const at = await openTestMirror({
      ecosystems: [gentoo],
      repositories: [{ ecosystem: 'gentoo', upstreams: [up.url], options: { tree: `${up.url}/plain` } }],
      policy: { freshFor: hour },
    })
    t.after(() => at.close())
    const proof = () => at.mirror.catalog.refs.get('gentoo', file, '', 0)
    await at.get(file)
    await at.mirror.flights.idle()
    assert.notEqual(proof()?.proof, 'digest')
    await at.get('/tree/app-x/kit/Manifest')
    await at.get(file)
    assert.equal(proof()?.proof, 'digest')
    assert.equal(up.count(file), 1)
    up.set(file, text('made anew'))
    up.set('/plain/app-x/kit/Manifest', text(line('DIST', 'kit-1.tar.xz', 'made anew')))
    at.clock.pass(day)
    await at.get('/tree/app-x/kit/Manifest')
    assert.equal((await at.get(file)).text, 'made anew')
  })

  test('leads to no file outside of distfiles', async (t) => {
    const up = await startUpstream({ '/distfiles/layout.conf': text('[structure]\n0=flat\n') })
    t.after(() => up.close())
    const at = await openTestMirror({
      ecosystems: [gentoo],
      repositories: [{ ecosystem: 'gentoo', upstreams: [up.url], options: { tree: `${up.url}/plain` } }],
    })
    t.after(() => at.close())
    for (const [count, name] of ['../../x', '..\\x2f..\\x2fx', '\\x00', 'a/b', '.', '..'].entries()) {
      up.set(`/plain/app-x/p${count}/Manifest`, text(line('DIST', name, 'x')))
      assert.equal((await at.failure(`/tree/app-x/p${count}/Manifest`)).code, 'UNREADABLE', name)
    }
  })
})
