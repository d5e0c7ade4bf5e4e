// The documents of a module proxy that are not signed: lists, descriptions of versions, zips; and what is asked of upstream.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { digestOf } from '../../../src/ecosystems/go/archive.ts'
import { go } from '../../../src/ecosystems/go/index.ts'
import { isPrivate, logFor } from '../../../src/ecosystems/go/options.ts'
import { escaped, isModulePath, unescaped } from '../../../src/ecosystems/go/paths.ts'
import { file, json, status, text } from '../../fakes/upstream.ts'
import { h1, moduleZip } from '../../replica/module-zip.ts'
import { createSumdb } from '../../replica/sumdb.ts'
import { fileOf, listOf, proxyOf } from './builders.ts'

const kit = 'example.test/Kit'
const latestOf = '/example.test/!kit/@latest'
const kindOf = (path: string) => go.routes.find((route) => route.match(path) !== undefined)?.kind

describe('paths', () => {
  test('keep capital letters apart by an exclamation mark, in one spelling only', () => {
    assert.equal(escaped('github.com/BurntSushi/toml'), 'github.com/!burnt!sushi/toml')
    assert.equal(unescaped('github.com/!burnt!sushi/toml'), 'github.com/BurntSushi/toml')
    for (const bad of ['github.com/BurntSushi', 'a!', 'a!!b', 'a!1', '!B']) assert.equal(unescaped(bad), undefined, bad)
  })

  test('are those of modules at versions, and no others are asked of upstream', () => {
    for (const path of [
      '/Example.test/kit/@v/list',
      '/example.test/kit/@v/v1.zip',
      '/example.test/kit/@v/master.zip',
      '/example.test/kit/@v/v1.0.0+meta.mod',
      '/example.test/kit/@v/v1.0.0.ziphash',
      '/example.test/kit/v1.0.0.zip',
      '/kit/@v/list',
      '/example.test/.kit/@v/list',
      '/example.test/kit./@v/list',
      '/example.test/@v/x/@v/list',
      '/sumdb/sum.test/tile/8/data/000',
      '/sumdb/sum.test/tile/8/0/0',
      '/sumdb/sum.test/lookup/example.test/kit@master',
      '/sumdb/sum.test/other',
    ]) {
      assert.equal(kindOf(path), undefined, path)
    }
    assert.equal(kindOf('/example.test/kit/@v/master.info'), 'index')
    assert.equal(kindOf('/gopkg.in/yaml.v3/@v/v3.0.1.zip'), 'artifact')
    assert.ok(!isModulePath(`example.test/${'x'.repeat(600)}`))
  })

  test('with an escaped exclamation mark are the same', async (t) => {
    const { at, add, publish } = await proxyOf(t)
    add(kit, 'v1.0.0')
    publish()
    assert.equal((await at.get(decodeURIComponent('/example.test/%21kit/@v/list'))).text, 'v1.0.0\n')
  })
})

describe('a list', () => {
  test('loses what is no tagged version', async (t) => {
    const { at, up } = await proxyOf(t)
    up.set(listOf(kit), text('v1.0.0\nv0.0.0-20200101000000-abcdefabcdef\nv1\n\nv1.0.0\nv1.1.0 2020-01-01T00:00:00Z\n'))
    assert.equal((await at.get(listOf(kit))).text, 'v1.0.0\nv1.1.0\n')
  })

  test('may be empty, and is no web page', async (t) => {
    const { at, up } = await proxyOf(t)
    up.set(listOf(kit), text(''))
    assert.equal((await at.get(listOf(kit))).text, '')
    up.set(listOf('example.test/other'), text('<html>\nv1.0.0\n</html>\n'))
    assert.equal((await at.failure(listOf('example.test/other'))).code, 'UNREADABLE')
    up.set(listOf('example.test/third'), text('sign in first\n'))
    assert.equal((await at.failure(listOf('example.test/third'))).code, 'UNREADABLE')
  })

  test('that is forbidden is not there', async (t) => {
    const { at, up } = await proxyOf(t)
    up.set(listOf(kit), status(403))
    assert.equal((await at.failure(listOf(kit))).code, 'NOT_FOUND')
  })
})

describe('@latest', () => {
  test('is the newest release, else the newest pre-release, else what upstream says', async (t) => {
    const { at, up, add, publish } = await proxyOf(t)
    const pseudo = 'v0.0.0-20200101000000-abcdefabcdef'
    const versionOf = async (): Promise<string> => JSON.parse((await at.get(latestOf)).text).Version
    up.set(latestOf, json({ Version: pseudo }))
    assert.equal(await versionOf(), pseudo)
    add(kit, 'v2.0.0-rc.1')
    assert.equal(await versionOf(), 'v2.0.0-rc.1')
    add(kit, 'v1.9.0')
    add(kit, 'v1.10.0')
    publish()
    assert.equal(await versionOf(), 'v1.10.0')
  })

  test('is not there where nothing is', async (t) => {
    const { at } = await proxyOf(t)
    assert.equal((await at.failure(latestOf)).code, 'NOT_FOUND')
  })
})

describe('.info', () => {
  test('describes the version that was asked for', async (t) => {
    const { at, up } = await proxyOf(t)
    const path = fileOf(kit, 'v1.0.0', 'info')
    for (const body of [
      '{"Version":"v1.0.1"}',
      '{"Version":"master"}',
      '{}',
      '[]',
      'no',
      `{"Version":"v1.0.0","x":"${'x'.repeat(70_000)}"}`,
    ]) {
      up.set(path, text(body))
      assert.equal((await at.failure(path)).code, 'UNREADABLE', body.slice(0, 80))
    }
    up.set(path, json({ Version: 'v1.0.0', Time: 'never' }))
    await at.get(path)
    up.reset()
    at.clock.pass(1e9)
    await at.get(path)
    assert.deepEqual(up.requests, [], 'what is held is right for ever')
  })

  test('of a branch is asked for each time', async (t) => {
    const { at, up } = await proxyOf(t)
    const path = fileOf(kit, 'master', 'info')
    for (const version of ['v1.0.0', 'v1.0.1']) {
      up.set(path, json({ Version: version }))
      assert.equal(JSON.parse((await at.get(path)).text).Version, version)
    }
  })
})

describe('a zip', () => {
  const prefix = `${kit}@v1.0.0/`
  const path = fileOf(kit, 'v1.0.0', 'zip')
  const doc = (bytes: Uint8Array) => ({
    path,
    url: '',
    type: '',
    size: bytes.length,
    digests: {},
    headers: {},
    beside: new Map(),
    bytes: async () => bytes,
    async *stream(from = 0, to = bytes.length) {
      yield bytes.subarray(from, to)
    },
  })

  test('has the digest of its names and contents, in the order of their bytes', async () => {
    // the example of the package that defines it, and names whose order differs by the unit that is compared
    const files = { 'b.go': 'b', 'a/z.go': 'z', 'A.go': 'A', 'é.go': 'e', 'a.go': '' }
    assert.equal(await digestOf(doc(moduleZip(prefix, files))), h1(prefix, files))
  })

  test('with files outside its module, a broken one, or none at all is refused', async () => {
    const bad: Record<string, Uint8Array> = {
      'another module': moduleZip('example.test/other@v1.0.0/', { 'a.go': 'a' }),
      'no zip': Buffer.from('no zip'),
      'a folder above': moduleZip(`${prefix}../`, { 'a.go': 'a' }),
      'a line end': moduleZip(prefix, { 'é\nb.go': 'a' }),
    }
    const damaged = moduleZip(prefix, { 'a.go': 'a longer text' })
    damaged.writeUInt8(
      (damaged.at(damaged.length - 22 - prefix.length - 4 - 46 + 16) ?? 0) ^ 1,
      damaged.length - 22 - prefix.length - 4 - 46 + 16,
    )
    bad['a wrong checksum'] = damaged
    for (const [what, bytes] of Object.entries(bad)) {
      await assert.rejects(digestOf(doc(bytes)), { code: 'UNREADABLE' }, what)
    }
    await assert.rejects(digestOf({ ...doc(Buffer.alloc(0)), size: 600 * 1024 * 1024 }), { code: 'TOO_LARGE' })
  })

  test('of a private module is looked into, since nobody states its digest', async (t) => {
    const { at, up } = await proxyOf(t, { own: { private: ['example.test'] } })
    up.set(path, file(moduleZip('example.test/other@v1.0.0/', { 'a.go': 'a' })))
    assert.equal((await at.failure(path)).code, 'UNREADABLE')
    up.set(path, text('<html>sign in</html>'))
    assert.equal((await at.failure(path)).code, 'UNREADABLE')
    up.set(path, file(moduleZip(prefix, { 'a.go': 'a' })))
    await at.get(path)
    const mod = fileOf(kit, 'v1.0.0', 'mod')
    up.set(mod, text('<html>\nsign in\n</html>'))
    assert.equal((await at.failure(mod)).code, 'UNREADABLE')
    up.set(mod, text('module example.test/Kit\n'))
    await at.get(mod)
  })
})

describe('options', () => {
  const parse = (given: unknown) => v.parse(go.options, given)
  const own = createSumdb('sum.corp')

  test('have the public database unless they say otherwise', () => {
    assert.equal(parse({}).sumdb.length, 1)
    assert.deepEqual(parse({ sumdb: { enabled: false } }).sumdb, [])
    assert.deepEqual(parse({ sumdb: [] }).sumdb, [])
    assert.equal(parse({ sumdb: { key: own.key } }).sumdb[0]?.name, 'sum.corp')
    assert.deepEqual(
      parse(parse({ sumdb: [{ key: own.key, url: 'https://a.test/' }, {}] })).sumdb.map(({ url }) => url),
      ['https://a.test', undefined],
    )
  })

  test('are refused without a key, with another one, or with a pattern that is none', () => {
    for (const bad of [
      { sumdb: { name: 'sum.other' } },
      { sumdb: { name: 'sum.other', key: own.key } },
      { sumdb: { key: 'sum.corp+00000000+AAAA' } },
      { sumdb: { key: own.key, url: 'no address' } },
      { sumdb: { key: own.key, more: 1 } },
      { private: ['[a'] },
      { other: true },
    ]) {
      assert.ok(!v.safeParse(go.options, bad).success, JSON.stringify(bad))
    }
  })

  test('have patterns that stand for a module and all below it', () => {
    const options = { sumdb: [], private: ['corp.test/*', 'exact.test/one'] }
    for (const name of ['corp.test/a', 'corp.test/a/b', 'exact.test/one', 'exact.test/one/v2']) {
      assert.ok(isPrivate(name, options), name)
    }
    for (const name of ['corp.test', 'other.test/a', 'exact.test/oneself', 'exact.test']) {
      assert.ok(!isPrivate(name, options), name)
    }
  })

  test('name the database that vouches for a module', () => {
    const options = parse({ sumdb: [{ key: own.key, modules: ['corp.test'] }, {}], private: ['corp.test/secret'] })
    assert.equal(logFor('corp.test/a', options)?.name, 'sum.corp')
    assert.equal(logFor('example.test/a', options), options.sumdb[1])
    assert.equal(logFor('corp.test/secret/a', options), undefined)
  })

  test('are what clients are set up with', () => {
    const at = (given: unknown) =>
      go.setup({ repo: { name: 'go', upstreams: [], options: parse(given) }, base: 'https://m.test/go' })[0]?.env
    assert.deepEqual(at({}), { GOPROXY: 'https://m.test/go', GOTOOLCHAIN: 'local' })
    assert.equal(at({ sumdb: { enabled: false } })?.GOSUMDB, 'off')
    assert.equal(at({ sumdb: { key: own.key } })?.GOSUMDB, own.key)
    const both = at({ sumdb: [{ key: own.key, modules: ['corp.test'] }, {}], private: ['secret.test/*'] })
    assert.deepEqual([both?.GOSUMDB, both?.GONOSUMDB], [undefined, 'secret.test/*,corp.test'])
  })
})
