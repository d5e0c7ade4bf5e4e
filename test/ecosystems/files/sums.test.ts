// The list of checksums that is made here, of everything that is held and shown.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { files } from '../../../src/ecosystems/files/index.ts'
import { openTestMirror } from '../../builders/mirror.ts'
import { type Script, startUpstream, text } from '../../fakes/upstream.ts'
import { digest } from './fixtures.ts'

const sums = '/SHA256SUMS.mirror'
const kept = { headers: { 'cache-control': 'max-age=60' } }
const lasting = (body: string): Script => text(body, kept)

async function mirrorOf(t: TestContext, routes: Readonly<Record<string, Script>>) {
  const up = await startUpstream(routes)
  t.after(() => up.close())
  const at = await openTestMirror({
    ecosystems: [files],
    repositories: [{ ecosystem: 'files', upstreams: [up.url], options: { checksums: ['SHA256SUMS'] } }],
    policy: { freshFor: 'upstream' },
  })
  t.after(() => at.close())
  return { at, up }
}

describe('SHA256SUMS.mirror', () => {
  const list = `${digest('one')}  a.bin\n`
  const routes = {
    '/pool/SHA256SUMS': lasting(list),
    '/pool/a.bin': lasting('one'),
    '/pool/a%20b.bin': lasting('two'),
    '/Z.bin': lasting('three'),
    '/d?id=7': lasting('an answer to a query'),
  }
  const lines = [`${digest('three')}  Z.bin\n`, `${digest('two')}  pool/a b.bin\n`, `${digest('one')}  pool/a.bin\n`]

  test('is not there while nothing is held', async (t) => {
    const { at } = await mirrorOf(t, routes)
    assert.equal((await at.failure(sums)).code, 'NOT_FOUND')
  })

  test('names each file that is held with its digest, in order of bytes, online and offline', async (t) => {
    const { at, up } = await mirrorOf(t, routes)
    for (const path of ['/pool/a.bin', '/pool/a b.bin', '/Z.bin']) await at.get(path)
    await at.get('/d', { query: 'id=7' })
    await at.mirror.flights.idle()
    assert.equal((await at.get(sums)).text, lines.join(''))
    at.offline = true
    assert.equal((await at.get(sums)).text, lines.join(''))
    assert.equal(up.count(sums), 0)
  })

  test('holds as many files as there are', async (t) => {
    const { at } = await mirrorOf(t, routes)
    await at.get('/Z.bin')
    await at.mirror.flights.idle()
    const ref = at.mirror.catalog.refs.get('files', '/Z.bin', '', 0)
    assert.ok(ref !== undefined)
    const paths = Array.from({ length: 1203 }, (_, count) => `/f/${String(count).padStart(4, '0')}`)
    for (const path of paths) at.mirror.catalog.refs.put({ ...ref, path })
    const { text: shown } = await at.get(sums)
    const names = shown
      .trim()
      .split('\n')
      .map((line) => line.slice(65).trim())
    assert.deepEqual(names, ['Z.bin', ...paths.map((path) => path.slice(1))])
  })
})
