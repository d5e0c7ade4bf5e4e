import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseRelease, releaseEntries } from '../../../src/ecosystems/debian/release.ts'
import { formatStanza } from '../../../src/formats/deb822.ts'
import { clearSigned, docOf, makeKey, readEntries, releaseText, sha } from './archive.ts'

const entriesOf = (folder: string, text: string) => [...releaseEntries(folder, parseRelease(text))]

test('an index is vouched for at its plain name and by hash, upstream asked by hash', () => {
  const folder = '/dists/bookworm/main/binary-amd64'
  const digests = { sha256: sha('x') }
  const hash = `${folder}/by-hash/SHA256/${sha('x')}`
  assert.deepEqual(entriesOf('/dists/bookworm', releaseText({ 'main/binary-amd64/Packages.gz': 'x' })), [
    { path: `${folder}/Packages.gz`, url: hash, digests, size: 1 },
    { path: hash, digests, size: 1 },
  ])
})

test('every listed algorithm has its by-hash path, all with the strong digests', () => {
  const fields = ['MD5Sum', 'SHA1', 'SHA256', 'SHA512'] as const
  const hex = (field: string) => sha('x', field.toLowerCase().replace('sum', ''))
  const text = formatStanza([
    ['Acquire-By-Hash', 'yes'],
    ...fields.map((field) => [field, `\n${hex(field)} 1 Packages`] as const),
  ])
  const entries = entriesOf('', text)
  assert.deepEqual(
    new Set(entries.map(({ path }) => path)),
    new Set(['/Packages', ...fields.map((field) => `/by-hash/${field}/${hex(field)}`)]),
  )
  for (const { digests } of entries) assert.deepEqual(digests, { sha256: hex('SHA256'), sha512: hex('SHA512') })
})

test('without Acquire-By-Hash there are plain names alone', () => {
  const text = releaseText({ 'main/source/Sources': 'x' }, { 'Acquire-By-Hash': 'no' })
  assert.deepEqual(entriesOf('/dists/a', text), [
    { path: '/dists/a/main/source/Sources', digests: { sha256: sha('x') }, size: 1 },
  ])
})

test('a file that only a weak digest names is not vouched for', () => {
  const text = `${releaseText({ good: 'x' })}MD5Sum:\n ${sha('y', 'md5')} 1 weak\n`
  assert.deepEqual(
    entriesOf('/dists/a', text).map(({ path }) => path.split('/').at(-1)),
    ['good', sha('x')],
  )
})

test('a root that lists itself does not vouch for itself', () => {
  assert.deepEqual(entriesOf('', releaseText({ Release: '', InRelease: '', 'Release.gpg': '' })), [])
})

test('a flat root speaks of what lies beside it', () => {
  const text = releaseText({ './Packages': 'x', 'deeper/Packages': 'y' }, { 'Acquire-By-Hash': 'no' })
  assert.deepEqual(
    entriesOf('/flat', text).map(({ path }) => path),
    ['/flat/Packages'],
  )
})

for (const [what, code, block] of [
  ['a path that leaves the suite', 'BAD_PATH', `${sha('x')} 1 ../../etc/passwd`],
  ['an absolute path', 'BAD_PATH', `${sha('x')} 1 /etc/passwd`],
  ['a digest of the wrong length', 'UNREADABLE', `${sha('x').slice(1)} 1 a`],
  ['a negative size', 'UNREADABLE', `${sha('x')} -1 a`],
  ['two digests for one path', 'UNREADABLE', `${sha('x')} 1 a\n${sha('y')} 1 a`],
] as const) {
  test(`refuses ${what}`, () => {
    assert.throws(() => parseRelease(`SHA256:\n ${block.replace('\n', '\n ')}\n`), { code })
  })
}

test('refuses a date in local time', () => {
  assert.throws(() => parseRelease('Date: Fri, 02 Jan 2026 12:00:00 +0200\n'), { code: 'UNREADABLE' })
  assert.equal(parseRelease('Date: Fri, 02 Jan 2026 12:00:00 +0000\n').date, Date.UTC(2026, 0, 2, 12))
})

test('InRelease and Release say the same', async () => {
  const key = await makeKey()
  const text = releaseText({ 'main/binary-amd64/Packages.gz': 'x' })
  const clear = await readEntries(docOf('/dists/bookworm/InRelease', await clearSigned(text, key)))
  assert.deepEqual(clear, await readEntries(docOf('/dists/bookworm/Release', text)))
  assert.equal(clear.length, 2)
})

test('reads a real InRelease', async () => {
  const bytes = readFileSync(new URL('../../fixtures/debian/bookworm-security.InRelease', import.meta.url))
  const entries = await readEntries(docOf('/dists/bookworm-security/InRelease', bytes))
  const plain = entries.find(({ path }) => path === '/dists/bookworm-security/main/binary-amd64/Packages.xz')
  assert.match(plain?.url ?? '', /^\/dists\/bookworm-security\/main\/binary-amd64\/by-hash\/SHA256\/[0-9a-f]{64}$/)
})
