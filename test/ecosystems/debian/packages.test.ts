import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { binary, docOf, readEntries, sha, source } from './archive.ts'

const folder = '/dists/bookworm/main/binary-amd64'
const packages = (content: Uint8Array | string, name = 'Packages') => readEntries(docOf(`${folder}/${name}`, content))

test('a package is a file of the pool with what the closure needs', async () => {
  const depends = { Depends: 'libc6 (>= 2.34),\n libx', Essential: 'yes', 'Multi-Arch': 'foreign', Source: 'src (1)' }
  const [entry] = await packages(binary('hello', '1:2.0~rc1+b1', depends))
  assert.deepEqual(entry, {
    path: '/pool/main/h/hello/hello_2.0~rc1+b1_amd64.deb',
    name: 'hello',
    version: '1:2.0~rc1+b1',
    size: 4,
    digests: { sha256: sha('hello_1:2.0~rc1+b1_amd64') },
    data: {
      arch: 'amd64',
      depends: 'libc6 (>= 2.34),\n libx',
      source: 'src (1)',
      multiArch: 'foreign',
      essential: true,
    },
  })
})

test('a source package is its files, all named by the .dsc', async () => {
  const text = source('hello', '2.0-1', ['hello_2.0-1.dsc', 'hello_2.0.orig.tar.gz'])
  const [dsc, orig] = await readEntries(docOf('/dists/bookworm/main/source/Sources', text))
  assert.equal(dsc?.path, '/pool/main/h/hello/hello_2.0-1.dsc')
  assert.equal((dsc?.data as { files: unknown[] } | undefined)?.files.length, 2)
  assert.deepEqual(orig, {
    path: '/pool/main/h/hello/hello_2.0.orig.tar.gz',
    name: 'hello',
    version: '2.0-1',
    size: 4,
    digests: { sha256: sha('hello_2.0.orig.tar.gz') },
    data: { source: true },
  })
})

test('reads every compression by its content, whatever the name', async () => {
  const text = binary('hello', '1')
  const plain = await packages(text)
  for (const bytes of [gzipSync(text), zstdCompressSync(text)]) {
    assert.deepEqual(await packages(bytes, 'Packages.xz'), plain)
    assert.deepEqual(await packages(bytes, `by-hash/SHA256/${sha(bytes)}`), plain)
  }
})

test('a by-hash document that is no list of packages names nothing', async () => {
  const path = `by-hash/SHA256/${sha('x')}`
  assert.deepEqual(await packages('Archive: stable\nComponent: main\n', path), [])
  assert.deepEqual(await packages('bin/ls  utils/coreutils\n', path), [])
  assert.deepEqual(await packages('', path), [])
  assert.deepEqual(await packages(brotliCompressSync('x'.repeat(99)), path), [])
})

for (const file of [
  '../../../etc/passwd',
  'pool/../../x.deb',
  '/pool/x.deb',
  'pool//x.deb',
  'pool/./x.deb',
  'pool\\x.deb',
  'pool/\u0007.deb',
  'dists/bookworm/InRelease',
  'dists/bookworm/main/binary-amd64/Packages.gz',
  'flat/Release',
  'Packages',
  'project/trace/x',
  'x/by-hash/SHA256/00',
]) {
  test(`refuses a package at ${JSON.stringify(file)}`, async () => {
    const text = binary('evil', '1').replace(/^Filename: .*$/m, () => `Filename: ${file}`)
    await assert.rejects(packages(text), { code: 'BAD_PATH' })
    const listed = source('evil', '1', ['x.dsc'])
      .replace(/^Directory: .*$/m, 'Directory: .')
      .replace(' x.dsc', () => ` ${file}`)
    await assert.rejects(packages(listed), { code: 'BAD_PATH' })
  })
}

test('~, +, : and % are letters of a file name', async () => {
  const text = binary('a', '1').replace(/^Filename: .*$/m, 'Filename: ./pool/a_1%3a2~b+c:d.deb')
  assert.equal((await packages(text))[0]?.path, '/pool/a_1%3a2~b+c:d.deb')
})

test('a package without a strong digest is left out', async () => {
  const weak = binary('weak', '1').replace(/^SHA256: .*$/m, `MD5sum: ${sha('x', 'md5')}`)
  assert.deepEqual(
    (await packages(`${weak}\n${binary('good', '1')}`)).map(({ name }) => name),
    ['good'],
  )
  await assert.rejects(packages(weak), { code: 'WEAK_DIGEST' })
})

test('reads a piece of a real archive', async () => {
  const bytes = readFileSync(new URL('../../fixtures/debian/Packages', import.meta.url))
  const entries = await packages(bytes)
  assert.equal(entries.length, 8)
  assert.deepEqual(
    entries.find(({ name }) => name === 'jq'),
    {
      path: '/pool/main/j/jq/jq_1.6-2.1+deb12u2_amd64.deb',
      name: 'jq',
      version: '1.6-2.1+deb12u2',
      size: 63984,
      digests: { sha256: 'f2303584378ac85f6d3a9ae8e46412196061681e81610d3b020abe4b5d389eb0' },
      data: {
        arch: 'amd64',
        depends: 'libjq1 (= 1.6-2.1+deb12u2), libc6 (>= 2.34)',
        multiArch: 'foreign',
        priority: 'optional',
      },
    },
  )
})
