// What policy hides of modules, in every document that names versions and in every file; and what gives them an age.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cooldown, day, rule, type TestMirror } from '../../builders/mirror.ts'
import { json, status } from '../../fakes/upstream.ts'
import { fileOf, listOf, lookupOf, proxyOf } from './builders.ts'

const kit = 'example.test/Kit'
const latestOf = '/example.test/!kit/@latest'
const pseudo = 'v0.0.0-20200101000000-abcdefabcdef'
const waiting = { policy: { cooldown: cooldown({ default: 7 * day }) } }

/** The codes of everything that one version has. */
async function codes(at: TestMirror, version: string): Promise<readonly string[]> {
  const paths = [...['info', 'mod', 'zip'].map((kind) => fileOf(kit, version, kind)), lookupOf(kit, version)]
  const found: string[] = []
  for (const path of paths) found.push((await at.failure(path)).code)
  return found
}
const all = (code: string): readonly string[] => [code, code, code, code]

describe('a cooldown', () => {
  test('holds back what is new in a list, in every form, until its time has come', async (t) => {
    const { at, add, publish } = await proxyOf(t, waiting)
    add(kit, 'v1.0.0')
    publish()
    assert.equal((await at.get(listOf(kit))).text, 'v1.0.0\n')
    at.clock.pass(day)
    add(kit, 'v1.1.0')
    publish()
    assert.equal((await at.get(listOf(kit))).text, 'v1.0.0\n')
    assert.match((await at.get(latestOf)).text, /v1\.0\.0/)
    assert.deepEqual(await codes(at, 'v1.1.0'), all('COOLDOWN'))
    assert.deepEqual(await codes(at, 'v1.0.0'), all('OK'))
    at.clock.pass(7 * day)
    assert.equal((await at.get(listOf(kit))).text, 'v1.0.0\nv1.1.0\n')
    assert.match((await at.get(latestOf)).text, /v1\.1\.0/)
    assert.deepEqual(await codes(at, 'v1.1.0'), all('OK'))
  })

  test('looks at the list before it judges a file, and takes no record for a sight', async (t) => {
    const { at, add, publish } = await proxyOf(t, waiting)
    add(kit, 'v1.0.0')
    publish()
    await at.get(fileOf(kit, 'v1.0.0', 'zip'))
    add(kit, 'v1.1.0')
    publish()
    // asked for by its number, before anybody has looked at the list again
    assert.equal((await at.failure(fileOf(kit, 'v1.1.0', 'zip'))).code, 'COOLDOWN')
    assert.deepEqual(await codes(at, 'v1.1.0'), all('COOLDOWN'))
  })

  test('counts for what no list names from when it was asked for, whatever time its author wrote', async (t) => {
    const { at, up, add, publish } = await proxyOf(t, waiting)
    add(kit, pseudo)
    up.set(listOf(kit), status(404))
    publish()
    // both its name and its `.info` say that it is years old
    assert.deepEqual(await codes(at, pseudo), all('COOLDOWN'))
    at.clock.pass(7 * day)
    assert.deepEqual(await codes(at, pseudo), all('OK'))
  })

  test('keeps a sync from what waits, which it says', async (t) => {
    const { at, add, publish } = await proxyOf(t, waiting)
    add(kit, 'v1.0.0')
    publish()
    await at.get(listOf(kit))
    add(kit, 'v1.1.0')
    publish()
    at.clock.pass(day)
    const newest = await at.sync([kit])
    assert.deepEqual([newest.codes, newest.items.some(({ path }) => path.includes('v1.1.0'))], [[], false])
    const exact = await at.sync([`${kit}@v1.1.0`])
    assert.ok(exact.codes.includes('COOLDOWN'), exact.codes.join())
  })
})

describe('a deny rule', () => {
  test('hides a version everywhere, and @latest is the one before it', async (t) => {
    const { at, add, publish } = await proxyOf(t, { policy: { deny: [rule('pkg:golang/example.test/Kit@v1.1.0')] } })
    for (const version of ['v1.0.0', 'v1.1.0']) add(kit, version)
    publish()
    assert.deepEqual(await codes(at, 'v1.1.0'), all('DENIED'))
    assert.equal((await at.get(listOf(kit))).text, 'v1.0.0\n')
    assert.match((await at.get(latestOf)).text, /v1\.0\.0/)
  })

  test('of a module is answered with 403, so that nobody goes around the mirror', async (t) => {
    const { at, up, add, publish } = await proxyOf(t, { policy: { deny: [rule('pkg:golang/example.test/*')] } })
    add(kit, 'v1.0.0')
    publish()
    up.reset()
    for (const path of [listOf(kit), latestOf, fileOf(kit, 'v1.0.0', 'zip'), fileOf(kit, 'master', 'info')]) {
      assert.equal((await at.failure(path)).code, 'DENIED', path)
    }
    assert.deepEqual(up.requests, [])
  })

  test('is not got around by a branch, or by what upstream calls the latest', async (t) => {
    const { at, up, add, publish } = await proxyOf(t, {
      policy: { deny: [rule(`pkg:golang/example.test/Kit@${pseudo}`)] },
    })
    add(kit, pseudo)
    publish()
    up.set(listOf(kit), status(404))
    up.set(latestOf, json({ Version: pseudo }))
    up.set(fileOf(kit, 'master', 'info'), json({ Version: pseudo }))
    assert.equal((await at.failure(latestOf)).code, 'DENIED')
    assert.equal((await at.failure(fileOf(kit, 'master', 'info'))).code, 'DENIED')
  })
})
