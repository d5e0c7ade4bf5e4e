import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatManifest, type ManifestEntry, readManifest } from '../../src/formats/tree-manifest.ts'

const base = 'https://mirror.example.org'
const digest = 'a'.repeat(64)
const entry = (path: string, more: Partial<ManifestEntry> = {}): ManifestEntry => ({
  path,
  sha256: digest,
  size: 3,
  fields: {},
  ...more,
})

async function* pieces(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const textOf = (entries: readonly ManifestEntry[]): string => [...formatManifest(base, entries)].join('')

async function read(text: string, size?: number) {
  const reader = await readManifest(pieces(text, size), 'MANIFEST')
  return { base: reader.base, entries: await Array.fromAsync(reader.entries) }
}

describe('the MANIFEST of a tree', () => {
  it('is read as it was written', async () => {
    const entries = [
      entry('a b/ü'),
      entry('v2/m', { size: 0, fields: { 'content-type': 'application/json', digest: 'sha256:0' } }),
    ]
    assert.deepEqual(await read(textOf(entries)), { base, entries })
  })

  it('is read as it was written, whatever the names', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => `x${Buffer.from(text).toString('hex')}`)
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name), fc.integer({ min: 1, max: 50 }), async (names, size) => {
        const entries = names.sort().map((one) => entry(one))
        assert.deepEqual((await read(textOf(entries), size)).entries, entries)
      }),
      { numRuns: 30 },
    )
  })

  const good = textOf([entry('a'), entry('b', { fields: { x: 'y' } })])
  const broken: Readonly<Record<string, string>> = {
    'something else': '<html>\n',
    nothing: '',
    'one that breaks off within an entry': good.slice(0, 90),
    'one that breaks off between entries': good.slice(0, good.indexOf(`${digest} 3 b`)),
    'one with another count': good.replace('end 2 6', 'end 2 7'),
    'one that climbs': good.replace(' 3 a\n', ' 3 ../a\n'),
    'one with a file that a server obeys': good.replace(' 3 a\n', ' 3 .htaccess\n'),
    'one that is not sorted': good.replace(' 3 a\n', ' 3 c\n'),
    'one with a path twice': good.replace(' 3 a\n', ' 3 b\n'),
    'one with a short digest': good.replace(digest, digest.slice(1)),
    'one with a field that is none': good.replace(' x: y', ' x y'),
    'one with a long line': good.replace(' x: y', ` x: ${'y'.repeat(9000)}`),
    'one with many fields': good.replace(' x: y\n', ' x: y\n'.repeat(30)),
  }
  for (const [what, text] of Object.entries(broken)) {
    it(`is refused: ${what}`, () => assert.rejects(read(text), { code: 'UNREADABLE' }))
  }

  it('names the line', async () => {
    await assert.rejects(read(good.replace(' 3 b\n', ' x b\n')), (error: { facts?: { line?: number } }) => {
      assert.equal(error.facts?.line, 5)
      return true
    })
  })
})
