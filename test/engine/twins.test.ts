import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { item, mirrorOf } from '../builders/mirror.ts'
import { json } from '../fakes/upstream.ts'

const open: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

test('a document that is asked for again gets a twin in every coding, each of the very same bytes', async (t) => {
  const { at } = await mirrorOf(t, { '/index/a': json({ files: [item('a.bin', 'a')], padding: 'twin '.repeat(4000) }) })
  const first = await at.get('/index/a')
  assert.deepEqual(Object.keys(first.twins ?? {}), ['gzip'])
  await at.get('/index/a')
  await at.mirror.flights.idle()

  const { twins = {}, bytes, etag } = await at.get('/index/a')

  assert.deepEqual(Object.keys(twins).sort(), ['br', 'gzip', 'zstd'])
  assert.equal(etag, first.etag)
  for (const [coding, twin] of Object.entries(twins)) {
    const compressed = Buffer.concat(await Array.fromAsync(at.mirror.store.stream(twin.sha256)))
    assert.equal(compressed.length, twin.size)
    assert.deepEqual(open[coding]?.(compressed), bytes)
  }
})
