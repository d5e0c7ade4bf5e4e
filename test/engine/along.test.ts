// What a check may do besides looking at its own document: prove others along with it, and remember; and what routes may say of
// single paths: that they stay, that nobody vouches for them, and what dates them.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { isHeld } from '../../src/catalog/rows.ts'
import { type AnyEcosystem, route } from '../../src/contract.ts'
import { MirrorError } from '../../src/errors.ts'
import { npmVersions } from '../../src/versions/npm.ts'
import { cooldown, day, openTestMirror, sha256, type TestMirrorOptions } from '../builders/mirror.ts'
import { verified } from '../builders/verify.ts'
import { startUpstream, status, text } from '../fakes/upstream.ts'

/** `/head/N` is right when it holds the number of its leaves and these are what it says; leaves prove nothing by themselves. */
const tree: AnyEcosystem = {
  id: 'tree',
  title: 'Tree',
  purl: 'tree',
  repos: [],
  options: v.strictObject({}),
  versions: npmVersions,
  routes: [
    route('/head/:name', {
      kind: 'index',
      async check(doc, _p, _repo, trust) {
        const [size = '', ...leaves] = Buffer.from(await doc.bytes())
          .toString()
          .trim()
          .split('\n')
        const newest = Number(trust.recall('newest') ?? 0)
        for (const leaf of leaves) {
          const bytes = await (await trust.unproven(`/leaf/${leaf}`))?.bytes()
          if (Buffer.from(bytes ?? []).toString() !== `leaf ${leaf}`) throw new MirrorError('WRONG_DIGEST', leaf)
        }
        // others run meanwhile
        await sleep(5)
        trust.remember('newest', String(newest + Number(size)))
        trust.proven('its leaves')
      },
    }),
    route('/leaf/:name', {
      kind: 'artifact',
      check: async (doc) => {
        throw new MirrorError('NO_SIGNATURE', `${doc.path} proves nothing by itself`)
      },
    }),
    route('/right/:name', { kind: 'index', stays: (p) => p.name !== 'now' }),
    route('/list/:name', {
      kind: 'index',
      known: ({ name }) => ({ name }),
      async *read(doc, { name }) {
        for (const version of Buffer.from(await doc.bytes())
          .toString()
          .trim()
          .split(' ')) {
          yield { path: `/file/${name}/${version}`, name, version }
        }
      },
    }),
    route('/sum/:name/:version', {
      kind: 'index',
      async *read(doc, { name, version }) {
        const digest = Buffer.from(await doc.bytes()).toString()
        yield { path: `/file/${name}/${version}`, name, version, digests: { sha256: digest } }
      },
    }),
    route('/file/:name/:version', {
      kind: 'artifact',
      known: ({ name, version }) => ({ name, version }),
      vouchers: ({ name, version }) => (name === 'own' ? undefined : [`/sum/${name}/${version}`]),
      dates: ({ name }) => [`/list/${name}`],
    }),
  ],
  name: (name) => name,
  want: (name) => ({ name }),
  async *closure() {},
  setup: () => [],
}

async function treeOf(t: TestContext, options: Partial<TestMirrorOptions> = {}) {
  const up = await startUpstream()
  t.after(() => up.close())
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'tree', upstreams: [up.url] }],
    ecosystems: [tree],
    ...options,
  })
  t.after(() => at.close())
  const holds = (path: string): boolean => isHeld(at.mirror.catalog.refs.get('tree', path, '', 0))
  return { up, at, holds }
}

describe('a check', () => {
  test('proves other documents with its own, and they are held with it', async (t) => {
    const { up, at, holds } = await treeOf(t)
    up.set('/head/one', text('1\na\nb\n'))
    for (const leaf of ['a', 'b']) up.set(`/leaf/${leaf}`, text(`leaf ${leaf}`))
    await at.get('/head/one')
    const ref = at.mirror.catalog.refs.get('tree', '/leaf/a', '', 0)
    assert.deepEqual([ref?.proof, ref?.proven], ['signature', 'its leaves'])
    assert.equal((await at.get('/leaf/b')).text, 'leaf b')
    up.reset()
    await at.get('/head/one')
    assert.deepEqual(
      up.requests.map(({ path }) => path),
      ['/head/one'],
      'what is held is not asked for again',
    )
    assert.equal(holds('/leaf/c'), false)
  })

  test('that fails keeps none of them', async (t) => {
    const { up, at, holds } = await treeOf(t)
    up.set('/head/one', text('1\na\nb\n'))
    up.set('/leaf/a', text('leaf a'))
    up.set('/leaf/b', text('something else'))
    assert.equal((await at.failure('/head/one')).code, 'WRONG_DIGEST')
    for (const path of ['/head/one', '/leaf/a', '/leaf/b']) assert.equal(holds(path), false, path)
    up.set('/leaf/b', text('leaf b'))
    await at.get('/head/one')
    assert.deepEqual(await at.leftovers(), [])
  })

  test('is told what upstream does not have, and fails with what upstream fails with', async (t) => {
    const { up, at } = await treeOf(t)
    up.set('/head/one', text('1\na\n'))
    assert.equal((await at.failure('/head/one')).code, 'WRONG_DIGEST')
    up.set('/leaf/a', status(500))
    assert.equal((await at.failure('/head/one')).code, 'UPSTREAM_STATUS')
  })

  test('that raced with others remembers on top of what they remembered', async (t) => {
    const { up, at } = await treeOf(t)
    const names = Array.from({ length: 10 }, (_, index) => `n${index}`)
    for (const name of names) up.set(`/head/${name}`, text('1\n'))
    await Promise.all(names.map((name) => at.get(`/head/${name}`)))
    assert.equal(at.mirror.catalog.generations.recall('tree', 'newest'), '10')
  })

  test('finds in a verification what it needs, and what it remembered', async (t) => {
    const { up, at } = await treeOf(t)
    up.set('/head/one', text('1\na\n'))
    up.set('/leaf/a', text('leaf a'))
    await at.get('/head/one')
    up.reset()
    const wrong = (await verified(at)).filter(({ error }) => error !== undefined).map(({ path }) => path)
    // leaves of this ecosystem never prove themselves
    assert.deepEqual(wrong, ['/leaf/a'])
    assert.deepEqual(up.requests, [])
  })
})

describe('a path', () => {
  test('that stays is asked for once, by clients and by syncs', async (t) => {
    const { up, at } = await treeOf(t)
    for (const name of ['once', 'now']) {
      up.set(`/right/${name}`, text(name))
      await at.get(`/right/${name}`)
      at.clock.pass(day)
      await at.get(`/right/${name}`, { directives: { revalidate: true } })
    }
    assert.deepEqual([up.count('/right/once'), up.count('/right/now')], [1, 2])
  })

  test('for which nobody can vouch is taken as it is; others need their voucher', async (t) => {
    const { up, at } = await treeOf(t)
    for (const name of ['own', 'kit']) up.set(`/file/${name}/1.0.0`, text('file'))
    assert.equal((await at.get('/file/own/1.0.0')).text, 'file')
    assert.equal((await at.failure('/file/kit/1.0.0')).code, 'NOT_FOUND')
  })

  test('is not vouched for by what dates it, and not dated by what vouches for it', async (t) => {
    const { up, at } = await treeOf(t, { policy: { cooldown: cooldown({ default: 7 * day }) } })
    up.set('/list/kit', text('1.0.0'))
    up.set('/file/kit/1.0.0', text('file'))
    assert.equal((await at.failure('/file/kit/1.0.0')).code, 'NOT_FOUND')
    up.set('/sum/kit/1.0.0', text(sha256('file')))
    assert.equal((await at.get('/file/kit/1.0.0')).text, 'file', 'the first reading of a list is baseline')
    up.set('/file/kit/2.0.0', text('more'))
    up.set('/sum/kit/2.0.0', text(sha256('more')))
    assert.equal((await at.failure('/file/kit/2.0.0')).code, 'COOLDOWN')
    at.clock.pass(7 * day)
    assert.equal((await at.get('/file/kit/2.0.0')).text, 'more')
  })
})
