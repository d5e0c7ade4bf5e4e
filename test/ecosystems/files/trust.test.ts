// What proves a file, and what happens when that changes: lists, signatures, digests of a manifest.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { isHeld } from '../../../src/catalog/rows.ts'
import type { Policy } from '../../../src/config/types.ts'
import { files } from '../../../src/ecosystems/files/index.ts'
import { hour, minute, openTestMirror, rule } from '../../builders/mirror.ts'
import { type Script, startUpstream, text } from '../../fakes/upstream.ts'
import { detached, digest, makeKey, type Signing } from './fixtures.ts'

const path = '/pool/kit.tgz'
const list = '/pool/SHA256SUMS'
const sums = (content: string, name = 'kit.tgz'): string => `${digest(content)}  ${name}\n`
const fresh = { headers: { 'cache-control': 'max-age=60' } }

async function mirrorOf(
  t: TestContext,
  routes: Readonly<Record<string, Script>>,
  more: {
    readonly options?: Readonly<Record<string, unknown>>
    readonly policy?: Partial<Policy>
    readonly keys?: readonly Uint8Array[]
  } = {},
) {
  const up = await startUpstream(routes)
  t.after(() => up.close())
  const folder = await mkdtemp(join(tmpdir(), 'keys-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const keyrings = (more.keys ?? []).map((bytes, index) => {
    writeFileSync(join(folder, `key-${index}`), bytes)
    return join(folder, `key-${index}`)
  })
  const options = { checksums: ['SHA256SUMS'], ...more.options }
  const at = await openTestMirror({
    ecosystems: [files],
    repositories: [{ ecosystem: 'files', upstreams: [up.url], options, keyrings }],
    policy: { freshFor: 'upstream', ...more.policy },
  })
  t.after(() => at.close())
  const proofOf = (of: string): string | undefined => {
    const ref = at.mirror.catalog.refs.get('files', of, '', 0)
    return isHeld(ref) ? ref.proof : undefined
  }
  return { up, at, proofOf }
}

describe('a list', () => {
  test('vouches for what lies beside it, wherever the list is configured to be', async (t) => {
    const routes = {
      [path]: text('kit'),
      [list]: text(sums('kit')),
      '/sums/all.sha256': text(sums('kit', '../pool/kit.tgz')),
    }
    const { at, proofOf } = await mirrorOf(t, routes)
    assert.equal((await at.get(path)).text, 'kit')
    assert.equal(proofOf(path), 'digest')
    const beside = { [path]: text('kit'), [`${path}.sha256`]: text(`${digest('kit')}  /home/build/kit.tgz\n`) }
    const { at: other, proofOf: proven } = await mirrorOf(t, beside, { options: { checksums: ['*.sha256'] } })
    await other.get(path)
    assert.equal(proven(path), 'digest')
  })

  test('that states another digest is a refusal, and nothing is kept', async (t) => {
    const { at } = await mirrorOf(t, { [path]: text('evil'), [list]: text(sums('kit')) })
    assert.equal((await at.failure(path)).code, 'WRONG_DIGEST')
    assert.deepEqual((await at.sync(['pool/kit.tgz'])).codes, ['WRONG_DIGEST'])
  })

  test('is asked what it states now: a file that changed with it is fetched anew', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('one'), [list]: text(sums('one'), fresh) })
    await at.get(path)
    up.set(path, text('two'))
    up.set(list, text(sums('two'), fresh))
    assert.equal((await at.get(path)).text, 'one')
    at.clock.pass(minute)
    assert.equal((await at.get(path)).text, 'two')
  })

  test('proves what was kept before without it, without another request', async (t) => {
    const { up, at, proofOf } = await mirrorOf(t, { [path]: text('kit', fresh) })
    await at.get(path)
    assert.equal(proofOf(path), 'first-seen')
    up.set(list, text(sums('kit')))
    at.clock.pass(hour)
    await at.get(path)
    assert.deepEqual([proofOf(path), up.count(path)], ['digest', 1])
  })

  test('that forgets a file does not free it: other bytes are refused, the old ones stay', async (t) => {
    const { up, at } = await mirrorOf(t, { [path]: text('kit'), [list]: text(sums('kit')) })
    await at.get(path)
    up.set(list, text(sums('bolt', 'bolt.tgz')))
    up.set(path, text('evil'))
    at.clock.pass(hour)
    const got = await at.get(path)
    assert.deepEqual([got.text, got.cache], ['kit', 'STALE'])
    assert.deepEqual((await at.sync(['pool/kit.tgz'])).codes, ['REPLACED'])
  })

  test('that is a web page is an error, and no file is served for want of it', async (t) => {
    const { at } = await mirrorOf(t, { [path]: text('kit'), [list]: text('<html>sign in</html>') })
    assert.equal((await at.failure(path)).code, 'UNREADABLE')
  })

  test('does not name everything: the rest has the proof it has, unless policy wants more', async (t) => {
    const routes = { '/pool/notes.txt': text('notes'), [list]: text(sums('kit')) }
    const { at, proofOf } = await mirrorOf(t, routes)
    await at.get('/pool/notes.txt')
    assert.equal(proofOf('/pool/notes.txt'), 'first-seen')
    const { at: strict } = await mirrorOf(t, routes, { policy: { require: 'digest' } })
    assert.equal((await strict.failure('/pool/notes.txt')).code, 'REQUIREMENT')
  })

  test('is shown without what is denied, and then without its signature', async (t) => {
    const key = await makeKey()
    const both = sums('kit') + sums('bolt', 'bolt.tgz')
    const routes = { [list]: text(both), [`${list}.asc`]: text(await detached(both, key)) }
    const { at } = await mirrorOf(t, routes, {
      policy: { deny: [rule('pkg:generic/pool/bolt.tgz')] },
      keys: [key.public],
    })
    assert.equal((await at.get(list)).text, sums('kit'))
    assert.equal((await at.failure(`${list}.asc`)).code, 'NOT_FOUND')
    const { at: open } = await mirrorOf(t, routes, { keys: [key.public] })
    assert.equal((await open.get(list)).text, both)
    assert.match((await open.get(`${list}.asc`)).text, /BEGIN PGP SIGNATURE/)
  })
})

describe('a signature', () => {
  const signedRoutes = async (key: Signing, content = 'kit', signed = sums(content)) => ({
    [path]: text(content),
    [list]: text(sums(content), fresh),
    [`${list}.asc`]: text(await detached(signed, key), { headers: { 'cache-control': 'max-age=3600' } }),
  })

  test('of the list proves the files in it', async (t) => {
    const key = await makeKey()
    const { at, proofOf } = await mirrorOf(t, await signedRoutes(key), {
      keys: [key.public],
      policy: { require: 'signature' },
    })
    assert.equal((await at.get(path)).text, 'kit')
    assert.equal(proofOf(path), 'signature')
  })

  test('by another key, of another text, or none is refused with the list and all it names', async (t) => {
    const [key, stranger] = [await makeKey(), await makeKey()]
    const rows: readonly (readonly [routes: Readonly<Record<string, Script>>, code: string])[] = [
      [await signedRoutes(stranger), 'UNKNOWN_KEY'],
      [await signedRoutes(key, 'kit', sums('other')), 'BAD_SIGNATURE'],
      [{ [path]: text('kit'), [list]: text(sums('kit')) }, 'NO_SIGNATURE'],
    ]
    for (const [routes, code] of rows) {
      const { at } = await mirrorOf(t, routes, { keys: [key.public] })
      assert.equal((await at.failure(path)).code, code)
      assert.equal((await at.failure(list)).code, code)
    }
  })

  test('that is kept longer than its list is asked for again when the two do not fit', async (t) => {
    const key = await makeKey()
    const { up, at } = await mirrorOf(t, await signedRoutes(key), { keys: [key.public] })
    await at.get(path)
    for (const [each, script] of Object.entries(await signedRoutes(key, 'new'))) up.set(each, script)
    at.clock.pass(2 * minute)
    assert.equal((await at.get(path)).text, 'new')
  })

  test('of a single file is demanded where the options say so', async (t) => {
    const key = await makeKey()
    const options = { checksums: [], signed: ['pool/*.tgz'] }
    const routes = { [path]: text('kit'), [`${path}.asc`]: text(await detached('kit', key)) }
    const { at, proofOf } = await mirrorOf(t, routes, { options, keys: [key.public] })
    assert.equal((await at.get(path)).text, 'kit')
    assert.equal(proofOf(path), 'signature')
    const { at: bare } = await mirrorOf(t, { [path]: text('kit') }, { options, keys: [key.public] })
    assert.equal((await bare.failure(path)).code, 'NO_SIGNATURE')
    const { at: keyless } = await mirrorOf(t, routes, { options })
    assert.equal((await keyless.failure(path)).code, 'UNKNOWN_KEY')
  })
})

describe('a digest in a manifest', () => {
  test('is met by these bytes alone, and stays with the file', async (t) => {
    const pinned = `pool/kit.tgz sha256:${digest('kit')}`
    const { up, at, proofOf } = await mirrorOf(t, { [path]: text('kit') }, { options: { checksums: [] } })
    assert.deepEqual((await at.sync([pinned])).codes, [])
    assert.equal(proofOf(path), 'lockfile')
    up.set(path, text('evil'))
    at.clock.pass(hour)
    assert.equal((await at.get(path)).text, 'kit')
    const { at: other } = await mirrorOf(t, { [path]: text('evil') }, { options: { checksums: [] } })
    assert.deepEqual((await other.sync([pinned])).codes, ['WRONG_DIGEST'])
  })

  test('may come with another address', async (t) => {
    const { at } = await mirrorOf(t, { '/else/where?id=7': text('kit') }, { options: { checksums: [] } })
    const upstream = [...at.mirror.repos.values()][0]?.repo.upstreams[0]
    const [mounted] = at.mirror.repos.values()
    assert.ok(mounted !== undefined)
    const wanted = files.want(`pool/kit.tgz sha256:${digest('kit')}`, mounted.repo as never)
    const { codes } = await at.sync([{ ...wanted, url: `${upstream}/else/where?id=7`, from: { file: 'm.yaml' } }])
    assert.deepEqual(codes, [])
    assert.equal((await at.get(path)).text, 'kit')
  })
})
