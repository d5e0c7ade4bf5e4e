// What a sync holds: minimal version selection, pruning, retractions, and what proves all of it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import { rule, type TestMirror } from '../../builders/mirror.ts'
import { json, status, text } from '../../fakes/upstream.ts'
import { fileOf, listOf, proxyOf } from './builders.ts'

/** Modules and versions whose files of a kind are held. */
function held(at: TestMirror, kind: string): readonly string[] {
  const found: string[] = []
  for (const ref of at.mirror.catalog.refs.scan('go')) {
    const [, name, version] = new RegExp(`^/example\\.test/(.+)/@v/(v[^/]+)\\.${kind}$`).exec(ref.path) ?? []
    if (name !== undefined && isHeld(ref)) found.push(`${name}@${version}`)
  }
  return found.sort()
}
const messages = (faults: readonly { readonly error: Error }[]): readonly string[] =>
  faults.map(({ error }) => error.message)
const m = (name: string): string => `example.test/${name}`
const old = '// as of Go 1.16\n'

describe('a sync of modules', () => {
  test('holds the zips that are selected, and the go.mod of those that are not', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0', [`${m('b')} v1.1.0`, `${m('c')} v1.0.0`])
    add(m('b'), 'v1.1.0')
    add(m('b'), 'v1.2.0')
    add(m('b'), 'v1.9.0')
    add(m('c'), 'v1.0.0', [`${m('b')} v1.2.0`])
    publish()
    assert.deepEqual(messages((await at.sync([`${m('a')}@v1.0.0`])).faults), [])
    // b v1.1.0 is what a alone says, v1.2.0 what a project with c in its go.mod builds
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0', 'b@v1.1.0', 'b@v1.2.0', 'c@v1.0.0'])
    assert.deepEqual(held(at, 'mod'), ['a@v1.0.0', 'b@v1.1.0', 'b@v1.2.0', 'c@v1.0.0'])
    assert.deepEqual(held(at, 'info'), held(at, 'mod'))
  })

  test('prunes what the go.mod files of Go 1.17 and later leave out, unless all is followed', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0', [`${m('b')} v1.0.0`])
    add(m('b'), 'v1.0.0', [`${m('c')} v1.0.0`])
    add(m('c'), 'v1.0.0', [`${m('d')} v1.0.0`])
    add(m('d'), 'v1.0.0', [`${m('e')} v1.0.0`])
    add(m('e'), 'v1.0.0')
    publish()
    await at.sync([`${m('a')}@v1.0.0`])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0', 'b@v1.0.0', 'c@v1.0.0'])
    assert.deepEqual(held(at, 'mod').length, 5)
    await at.sync([{ name: m('a'), range: 'v1.0.0', follow: ['build', 'all'], from: { file: 'm.yaml' } }])
    assert.deepEqual(held(at, 'zip').length, 5)
  })

  test('goes down whole below modules of an older Go', async (t) => {
    const { at, up, log, add, publish } = await proxyOf(t)
    add(m('b'), 'v1.0.0', [`${m('c')} v1.0.0`])
    add(m('c'), 'v1.0.0', [`${m('d')} v1.0.0`])
    add(m('d'), 'v1.0.0', [`${m('e')} v1.0.0`])
    add(m('e'), 'v1.0.0')
    publish()
    // a go.mod without a go directive is one of Go 1.16, and is private here so that its digest need not be made again
    up.set(fileOf(m('b'), 'v1.0.0', 'mod'), text(`module ${m('b')}\nrequire ${m('c')} v1.0.0\n${old}`))
    const without = await at.reopen({
      repositories: [{ ecosystem: 'go', upstreams: [up.url], options: { sumdb: { key: log.key }, private: [m('b')] } }],
    })
    t.after(() => without.close())
    await without.sync([`${m('b')}@v1.0.0`])
    assert.deepEqual(held(without, 'zip'), ['b@v1.0.0', 'c@v1.0.0', 'd@v1.0.0', 'e@v1.0.0'])
  })

  test('holds every version of `keep` with its own build list', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0', [`${m('b')} v1.0.0`])
    add(m('a'), 'v1.1.0', [`${m('b')} v1.1.0`])
    add(m('a'), 'v2.0.0-rc.1')
    for (const version of ['v1.0.0', 'v1.1.0']) add(m('b'), version)
    publish()
    await at.sync([{ name: m('a'), keep: 2, from: { file: 'm.yaml' } }])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0', 'a@v1.1.0', 'b@v1.0.0', 'b@v1.1.0'])
  })

  test('follows nothing where it is told so', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0', [`${m('b')} v1.0.0`])
    add(m('b'), 'v1.0.0')
    publish()
    await at.sync([{ name: m('a'), range: 'v1.0.0', follow: [], from: { file: 'go.sum' } }])
    assert.deepEqual([held(at, 'zip'), held(at, 'mod')], [['a@v1.0.0'], ['a@v1.0.0']])
    await at.sync([
      { name: m('b'), range: 'v1.0.0', follow: [], options: { files: ['mod'] }, from: { file: 'go.sum' } },
    ])
    assert.deepEqual([held(at, 'zip'), held(at, 'mod')], [['a@v1.0.0'], ['a@v1.0.0', 'b@v1.0.0']])
  })

  test('passes over what the newest go.mod retracts', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0')
    add(m('a'), 'v1.1.0')
    add(m('a'), 'v1.2.0', [], 'retract [v1.1.0, v1.2.0]\n')
    publish()
    await at.sync([m('a')])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0'])
    await at.sync([`${m('a')}@v1.1.0`])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0', 'a@v1.1.0'])
  })

  test('takes what upstream calls the latest where nothing is tagged', async (t) => {
    const { at, up, add, publish } = await proxyOf(t)
    const pseudo = 'v0.0.0-20200101000000-abcdefabcdef'
    add(m('a'), pseudo)
    publish()
    up.set(`/${m('a')}/@latest`, json({ Version: pseudo }))
    await at.sync([m('a')])
    assert.deepEqual(held(at, 'zip'), [`a@${pseudo}`])
  })

  test('holds versions that no list names', async (t) => {
    const { at, up, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0', [`${m('b')} v1.0.0`])
    add(m('b'), 'v1.0.0')
    publish()
    up.set(listOf(m('b')), status(403))
    assert.deepEqual(messages((await at.sync([`${m('a')}@v1.0.0`])).faults), [])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0', 'b@v1.0.0'])
  })

  test('tells what it cannot have, and goes on', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0', [`${m('gone')} v1.0.0`, `${m('b')} v1.0.0`, `${m('odd')} master`])
    add(m('b'), 'v1.0.0')
    publish()
    const synced = await at.sync([`${m('a')}@v1.0.0`, `${m('none')}@v1`, `${m('a')}@>=v3.0.0`])
    const told = messages(synced.faults).join('\n')
    assert.match(told, /no index of go names .*gone/)
    assert.match(told, /requires example\.test\/odd@master/)
    assert.match(told, /none: no allowed version in its list satisfies v1/)
    assert.match(told, /a: no allowed version in its list satisfies >=v3\.0\.0/)
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0', 'b@v1.0.0'])
  })

  test('tells of a list that cannot be had, and goes on', async (t) => {
    const { at, up, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0')
    publish()
    up.set(listOf(m('a')), status(500))
    assert.deepEqual((await at.sync([`${m('a')}@v1.0.0`])).codes, ['UPSTREAM_STATUS'])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0'])
  })

  test('says a damaged go.mod to be damaged', async (t) => {
    const { at, up, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0')
    publish()
    up.set(fileOf(m('a'), 'v1.0.0', 'mod'), text('module example.test/evil\n'))
    assert.ok((await at.sync([`${m('a')}@v1.0.0`])).codes.includes('WRONG_DIGEST'))
  })

  test('does not look into what policy hides', async (t) => {
    const { at, add, publish } = await proxyOf(t, { policy: { deny: [rule('pkg:golang/example.test/b')] } })
    add(m('a'), 'v1.0.0', [`${m('b')} v1.0.0`])
    add(m('b'), 'v1.0.0', [`${m('c')} v1.0.0`])
    add(m('c'), 'v1.0.0')
    publish()
    const synced = await at.sync([`${m('a')}@v1.0.0`])
    assert.deepEqual([held(at, 'zip'), held(at, 'mod')], [['a@v1.0.0'], ['a@v1.0.0']])
    assert.deepEqual([...new Set(synced.codes)].sort(), ['DENIED', 'UNSATISFIED'])
  })

  test('has toolchains for the platforms that it is for', async (t) => {
    const { at, up, add, publish } = await proxyOf(t, {
      platforms: [
        { os: 'linux', cpu: 'x64' },
        { os: 'win32', cpu: 'arm64' },
      ],
    })
    const name = 'golang.org/toolchain'
    for (const platform of ['linux-amd64', 'windows-arm64', 'darwin-arm64']) add(name, `v0.0.1-go1.26.0.${platform}`)
    publish()
    up.reset()
    assert.deepEqual(messages((await at.sync(['toolchain@1.26.0'])).faults), [])
    const zips = up.requests.map(({ path }) => path).filter((path) => /\.(?:zip|mod|info)$/.test(path))
    assert.deepEqual(zips.sort(), [
      fileOf(name, 'v0.0.1-go1.26.0.linux-amd64', 'zip'),
      fileOf(name, 'v0.0.1-go1.26.0.windows-arm64', 'zip'),
    ])
    const nowhere = await at.sync(['toolchain@1.26.0'], { platforms: [] })
    assert.match(messages(nowhere.faults).join(), /name them under `platforms`/)
  })

  test('checks the digests of a lockfile', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(m('a'), 'v1.0.0')
    publish()
    const want = { name: m('a'), range: 'v1.0.0', follow: [], from: { file: 'go.sum', line: 1 } }
    const wrong = { ...want, digests: [{ h1: `h1:${'A'.repeat(43)}=` }] }
    assert.ok((await at.sync([wrong])).codes.includes('DISAGREEMENT'))
    assert.deepEqual(held(at, 'zip'), [])
    const [record] = at.mirror.catalog.facts.of('go', fileOf(m('a'), 'v1.0.0', 'zip'))
    await at.sync([{ ...want, digests: [record?.entry.digests ?? {}] }])
    assert.deepEqual(held(at, 'zip'), ['a@v1.0.0'])
  })

  test('refuses options and kinds that are none', async (t) => {
    const { at } = await proxyOf(t)
    const want = { name: m('a'), range: 'v1.0.0', from: { file: 'm.yaml', line: 3 } }
    assert.deepEqual((await at.sync([{ ...want, options: { files: ['exe'] } }])).codes, ['CONFIG'])
    assert.deepEqual((await at.sync([{ ...want, follow: ['dev'] }])).codes, ['CONFIG'])
  })
})
