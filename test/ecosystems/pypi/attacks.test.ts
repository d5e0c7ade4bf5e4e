// What hostile indexes and packages try: addresses that lead elsewhere, files swapped, metadata made to hurt, requirements
// without an end.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import type { Platform } from '../../../src/contract.ts'
import { pypi } from '../../../src/ecosystems/pypi/index.ts'
import { openTestMirror } from '../../builders/mirror.ts'
import { processorTime } from '../../builders/processor-time.ts'
import { type Script, startUpstream } from '../../fakes/upstream.ts'
import { zip } from '../../replica/zip.ts'
import { htmlPage, jsonPage, type Listed, sha256, wheel } from './builders.ts'

const linux: Platform = { os: 'linux', cpu: 'x64', python: '3.11' }
const kit = wheel('kit', '1.0')
const path = '/files/kit/kit-1.0-py3-none-any.whl'

async function mirrorOf(t: TestContext, routes: Readonly<Record<string, Script>>) {
  const up = await startUpstream()
  t.after(() => up.close())
  for (const [at, script] of Object.entries(routes)) up.set(at, script)
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'pypi', upstreams: [`${up.url}/simple`] }],
    ecosystems: [pypi],
  })
  t.after(() => at.close())
  return { up, at }
}

const json = (body: string): Script => ({ body, type: 'application/vnd.pypi.simple.v1+json' })
const html = (body: string): Script => ({ body, type: 'text/html' })
const at = (url: string, more: Partial<Listed> = {}): readonly Listed[] => [
  { file: kit.file, url, hashes: { sha256: sha256(kit.bytes) }, ...more },
]

describe('a page', () => {
  for (const url of [
    'http://169.254.169.254/latest/kit.whl',
    'http://127.0.0.1:1/kit-1.0-py3-none-any.whl',
    'http://2130706434/kit-1.0-py3-none-any.whl',
    'http://[::ffff:127.0.0.1]/kit-1.0-py3-none-any.whl',
    'https://files.example.org/kit-1.0-py3-none-any.whl',
    '//files.example.org/kit-1.0-py3-none-any.whl',
  ]) {
    it(`cannot send the mirror to ${url}`, async (t) => {
      for (const page of [json(jsonPage('kit', at(url))), html(htmlPage('kit', at(url)))]) {
        const { at: mirror } = await mirrorOf(t, { '/simple/kit/': page })
        assert.ok(['HOST_REFUSED', 'NOT_FOUND', 'UNREADABLE'].includes((await mirror.failure(path)).code))
        assert.deepEqual(mirror.mirror.catalog.refs.get('pypi', path, '', 0), undefined)
      }
    })
  }

  for (const url of [
    'file:///etc/passwd',
    'ftp://files.example.org/kit.whl',
    'https://me:secret@files.example.org/k',
  ]) {
    it(`that names ${url} gives no file away`, async (t) => {
      const { at: mirror } = await mirrorOf(t, { '/simple/kit/': json(jsonPage('kit', at(url))) })
      assert.notEqual((await mirror.failure(path)).code, 'OK')
      assert.doesNotMatch((await mirror.failure(path)).message, /secret/)
    })
  }

  it('whose files were swapped for others of the same size gives none of them', async (t) => {
    const other = wheel('kit', '2.0')
    assert.equal(other.bytes.length, kit.bytes.length)
    const files = [kit, other].map(({ file, bytes }) => ({
      file,
      url: `/packages/${file}`,
      hashes: { sha256: sha256(bytes) },
    }))
    const { at: mirror } = await mirrorOf(t, {
      '/simple/kit/': json(jsonPage('kit', files)),
      [`/packages/${kit.file}`]: { body: other.bytes },
      [`/packages/${other.file}`]: { body: kit.bytes },
    })
    for (const file of [kit.file, other.file])
      assert.equal((await mirror.failure(`/files/kit/${file}`)).code, 'WRONG_DIGEST')
  })
})

describe('a wheel', () => {
  it('whose metadata unpacks without an end is not read to it', async (t) => {
    const bytes = zip({ 'kit-1.0.dist-info/METADATA': `Name: kit\nVersion: 1.0\n\n${' '.repeat(40 * 1024 * 1024)}` })
    const hashes = { sha256: createHash('sha256').update(bytes).digest('hex') }
    const { at: mirror } = await mirrorOf(t, {
      '/simple/kit/': json(jsonPage('kit', at(`/packages/${kit.file}`, { hashes }))),
      [`/packages/${kit.file}`]: { body: bytes },
    })
    assert.notEqual((await mirror.failure(`${path}.metadata`)).code, 'OK')
    const { codes } = await mirror.sync(['kit'], { platforms: [linux] })
    assert.ok(codes.length > 0)
  })
})

/** Projects out of what each release requires. */
async function closureOf(
  t: TestContext,
  projects: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
) {
  const routes: Record<string, Script> = {}
  for (const [name, releases] of Object.entries(projects)) {
    const made = Object.entries(releases).map(([version, requires]) => wheel(name, version, { requires }))
    const files = made.map(({ file, bytes, metadata = '' }) => ({
      file,
      url: `/packages/${file}`,
      hashes: { sha256: sha256(bytes) },
      metadata: { sha256: sha256(metadata) },
    }))
    routes[`/simple/${name}/`] = json(jsonPage(name, files))
    for (const { file, bytes, metadata = '' } of made) {
      routes[`/packages/${file}`] = { body: bytes }
      routes[`/packages/${file}.metadata`] = { body: metadata }
    }
  }
  return (await mirrorOf(t, routes)).at
}

describe('requirements', () => {
  it('that tell thousands of environments apart end, and it is said', { timeout: 60_000 }, async (t) => {
    const requires = Array.from({ length: 1000 }, (_, n) => `lib<2; platform_release == "${n}"`)
    const mirror = await closureOf(t, { kit: { '1.0': [...requires, 'lib>=2'] }, lib: { '1.0': [], '2.0': [] } })
    const started = processorTime()
    const { faults } = await mirror.sync(['kit'], { platforms: [linux] })
    assert.ok(processorTime() - started < 20_000)
    assert.ok(faults.length > 0 && faults.length < 300)
    assert.ok(faults.some(({ error }) => /name `platforms`|no versions go together/.test(error.message)))
  })

  it('that were made so that nothing goes together end', { timeout: 60_000 }, async (t) => {
    // each of twelve projects excludes a version of each other one: nothing fits, and much has to be tried to see it
    const names = Array.from({ length: 12 }, (_, n) => `p${n}`)
    const releases = (own: number) =>
      Object.fromEntries(
        [1, 2, 3, 4].map((version) => [
          `${version}.0`,
          names.filter((_, n) => n !== own).map((name, n) => `${name}!=${((version + n) % 4) + 1}.0`),
        ]),
      )
    const projects = Object.fromEntries(names.map((name, n) => [name, releases(n)]))
    const mirror = await closureOf(t, { ...projects, kit: { '1.0': names } })
    const { faults } = await mirror.sync(['kit'], { platforms: [linux] })
    assert.ok(faults.length <= 2)
  })

  it('of a number that no package has are refused', async (t) => {
    const mirror = await closureOf(t, { kit: { '1.0': Array.from({ length: 21_000 }, (_, n) => `lib${n}`) } })
    const { codes } = await mirror.sync(['kit'], { platforms: [linux] })
    assert.ok(codes.includes('UNREADABLE'), codes.join())
  })
})
