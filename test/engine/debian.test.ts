// The real declarations of Debian under the engine, over a small signed archive: what the test ecosystems cannot show.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { day, noon, openTestMirror, sha256, type TestMirror } from '../builders/mirror.ts'
import { addSuite, binary, type Files, makeKey, rfcDate } from '../ecosystems/debian/archive.ts'
import { file, startUpstream, type Upstream } from '../fakes/upstream.ts'

const key = await makeKey()
const root = '/dists/stable/InRelease'
const list = 'main/binary-amd64/Packages'
const packages = `/dists/stable/${list}.gz`
const poolOf = (version: string): string => `/pool/main/t/tool/tool_${version}_amd64.deb`

/** The archive with one version of one package, at its own date. */
async function publish(up: Upstream, version: string, date: number): Promise<Files> {
  const files: Files = new Map()
  const body = `tool_${version}_amd64`
  const stanza = binary('tool', version).replace('Size: 4', `Size: ${body.length}`)
  await addSuite(files, '/dists/stable', { [list]: [stanza] }, key, { Date: rfcDate(date), Suite: 'stable' })
  const index = files.get(packages) ?? Buffer.alloc(0)
  files.set(`/dists/stable/main/binary-amd64/by-hash/SHA256/${sha256(index)}`, index)
  files.set(poolOf(version), Buffer.from(body))
  for (const [path, bytes] of files) up.set(path, file(bytes, { etag: true }))
  return files
}

async function archive(t: TestContext): Promise<{ up: Upstream; at: TestMirror }> {
  const up = await startUpstream()
  t.after(() => up.close())
  const repository = {
    ecosystem: 'debian',
    upstreams: [up.url],
    options: { suites: ['stable'], architectures: ['amd64'] },
  }
  const empty = await openTestMirror({ repositories: [repository], ecosystems })
  const ring = join(empty.data, 'test.gpg')
  await writeFile(ring, key.public)
  const at = await empty.reopen({ repositories: [{ ...repository, keyrings: [ring] }] })
  t.after(() => at.close())
  return { up, at }
}

const byHash = (files: Files): string => [...files.keys()].find((path) => path.includes('/by-hash/')) ?? ''

test('a suite flips as a whole, and what carries its digest in its path stays', async (t) => {
  const { up, at } = await archive(t)
  const old = await publish(up, '1.0', noon - 2 * day)
  for (const path of [root, packages, byHash(old), poolOf('1.0')])
    assert.ok((await at.get(path)).bytes.equals(old.get(path) ?? Buffer.alloc(0)), path)
  const proofs = [...at.mirror.catalog.refs.scan('debian')]
    .filter((ref) => ref.sha256 !== undefined)
    .map((ref) => ref.proof)
  assert.deepEqual([...new Set(proofs)], ['signature'])

  const next = await publish(up, '2.0', noon - day)
  assert.ok((await at.get(root)).bytes.equals(next.get(root) ?? Buffer.alloc(0)))
  up.reset()
  assert.ok((await at.get(packages)).bytes.equals(next.get(packages) ?? Buffer.alloc(0)))
  assert.ok((await at.get(byHash(next))).bytes.equals(next.get(packages) ?? Buffer.alloc(0)))
  assert.ok((await at.get(byHash(old))).bytes.equals(old.get(packages) ?? Buffer.alloc(0)))
  assert.equal((await at.get(poolOf('1.0'))).text, 'tool_1.0_amd64')
  assert.equal(up.count(), 0)
  assert.equal((await at.get(poolOf('2.0'))).text, 'tool_2.0_amd64')
})

test('an older signed root is refused, and a sync says so', async (t) => {
  const { up, at } = await archive(t)
  const next = await publish(up, '2.0', noon - day)
  await at.get(root)
  await publish(up, '1.0', noon - 2 * day)
  const got = await at.get(root)
  assert.equal(got.cache, 'STALE')
  assert.ok(got.bytes.equals(next.get(root) ?? Buffer.alloc(0)))
  at.clock.pass(1)
  assert.deepEqual((await at.sync(['tool'])).codes, ['ROLLBACK'])
})

test('a no-op sync is one request', async (t) => {
  const { up, at } = await archive(t)
  await publish(up, '1.0', noon - 2 * day)
  const first = await at.sync(['tool'])
  assert.deepEqual([first.codes, first.flipped.length], [[], 1])
  up.reset()
  at.clock.pass(1)
  const second = await at.sync(['tool'])
  assert.deepEqual([second.codes, second.flipped], [[], []])
  assert.deepEqual(
    up.requests.map((asked) => asked.path),
    [root],
  )
  at.offline = true
  assert.equal((await at.get(poolOf('1.0'))).text, 'tool_1.0_amd64')
})
