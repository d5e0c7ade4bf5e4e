import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Entry } from '../../../src/contract.ts'
import { abbreviated, base, fixture, full, makeDoc, packument, read, type Showing, show, upstream } from './builders.ts'

const kit = makeDoc('/@acme/kit', fixture('kit'))
const hiding =
  (...versions: string[]) =>
  ({ version = '' }: Entry) =>
    !versions.includes(version)
const shown = async (showing: Showing = {}, doc = kit) => {
  const body = await show(doc.path, { documents: [doc], ...showing })
  return body === undefined ? undefined : JSON.parse(body)
}
const tagsWithout = async (hidden: string[], versions: Record<string, object>, tags: Record<string, string>) =>
  (await shown({ sees: hiding(...hidden) }, makeDoc('/a', packument('a', versions, { tags }))))['dist-tags']

describe('showing a packument', () => {
  it('leaves everything but the addresses as upstream wrote it when nothing is hidden', async () => {
    const original = JSON.parse(fixture('kit').toString())
    for (const manifest of Object.values<{ dist: Record<string, unknown> }>(original.versions))
      manifest.dist.tarball = ''
    const document = await shown()
    for (const manifest of Object.values<{ dist: Record<string, unknown> }>(document.versions))
      manifest.dist.tarball = ''
    for (const version of ['2.1.0', '3.0.0-rc.1']) {
      original.versions[version].dist.attestations.url = `${base}/-/npm/v1/attestations/@acme/kit@${version}`
    }
    assert.equal(JSON.stringify(document), JSON.stringify(original))
  })

  it('points every tarball at the mirror, at the path that its entry has', async () => {
    const paths = (await read(kit)).map(({ path }) => base + path)
    for (const type of [full, abbreviated]) {
      const { versions } = await shown({ type })
      assert.deepEqual(
        Object.values<{ dist: { tarball: string } }>(versions).map(({ dist }) => dist.tarball),
        paths,
      )
    }
  })

  it('names the upstream nowhere', async () => {
    for (const type of [full, abbreviated]) {
      for (const sees of [() => true, hiding('2.0.0')]) {
        assert.ok(!(await show(kit.path, { documents: [kit], type, sees }))?.includes(upstream))
      }
    }
  })

  it('moves latest down to the highest release that is shown, never up', async () => {
    const versions = { '1.0.0': {}, '1.1.0': {}, '1.2.0-beta': {}, '2.0.0': {}, '3.0.0': {} }
    assert.deepEqual(await tagsWithout(['2.0.0'], versions, { latest: '2.0.0', next: '3.0.0' }), {
      latest: '1.1.0',
      next: '3.0.0',
    })
  })

  it('moves latest past deprecated versions while there are others', async () => {
    const versions = { '1.0.0': {}, '1.1.0': { deprecated: 'broken' }, '1.2.0': {} }
    assert.deepEqual(await tagsWithout(['1.2.0'], versions, { latest: '1.2.0' }), { latest: '1.0.0' })
    assert.deepEqual(await tagsWithout(['1.2.0', '1.0.0'], versions, { latest: '1.2.0' }), { latest: '1.1.0' })
  })

  it('makes a prerelease latest only when there is nothing else', async () => {
    const versions = { '1.0.0-a': {}, '1.0.0-b': {}, '1.0.0': {} }
    assert.deepEqual(await tagsWithout(['1.0.0'], versions, { latest: '1.0.0' }), { latest: '1.0.0-b' })
  })

  it('makes a latest where upstream has none', async () => {
    assert.deepEqual(await tagsWithout([], { '1.0.0': {}, '1.1.0': {} }, {}), { latest: '1.1.0' })
  })

  it('drops other tags that point to a hidden version', async () => {
    const { 'dist-tags': tags } = await shown({ sees: hiding('3.0.0-rc.1', '1.2.0') })
    assert.deepEqual(tags, { latest: '2.1.0' })
  })

  it('dates the document by the newest version that is shown', async () => {
    const { time } = await shown({ sees: hiding('3.0.0-rc.1') })
    assert.equal(time.modified, '2024-05-01T00:00:00.000Z')
    assert.equal(time['3.0.0-rc.1'], undefined)
    assert.equal(time.created, '2013-01-01T00:00:00.000Z')
  })

  it('is not there when no version is shown', async () => {
    assert.equal(await shown({ sees: () => false }), undefined)
  })

  it('never passes on versions that no entry stands for', async () => {
    const doc = makeDoc(
      '/a',
      packument(
        'a',
        { '1.0.0': {}, bad: {} },
        { stagedVersions: { versions: { '9.9.9': {} } }, _attachments: { 'a-9.9.9.tgz': {} } },
      ),
    )
    const body = await show('/a', { documents: [doc] })
    assert.ok(body !== undefined && !body.includes('9.9.9') && !body.includes('bad'))
  })

  it('refuses a document that is nested too deeply to write', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000)
    const text = JSON.stringify(packument('a', { '1.0.0': {}, '2.0.0': {} }, { x: 'DEEP' })).replace('"DEEP"', deep)
    await assert.rejects(
      () => shown({ sees: hiding('2.0.0') }, makeDoc('/a', text)),
      /nested too deeply|Maximum call stack/,
    )
  })

  it('makes the same bytes every time', async () => {
    for (const type of [full, abbreviated]) {
      const showing = { documents: [kit], type, sees: hiding('1.0.0') }
      assert.equal(await show(kit.path, showing), await show(kit.path, showing))
    }
  })
})

describe('the abbreviated packument', () => {
  it('has just the members that installers read, and time', async () => {
    const document = await shown({ type: abbreviated })
    assert.deepEqual(Object.keys(document), ['name', 'versions', 'dist-tags', 'modified', 'time'])
    assert.equal(document.modified, '2024-06-01T00:00:00.000Z')
    assert.deepEqual(Object.keys(document.versions['2.1.0']), [
      ...['name', 'version', 'dependencies', 'bundleDependencies', 'optionalDependencies', 'peerDependencies'],
      ...['peerDependenciesMeta', 'devDependencies', 'engines', 'bin', 'dist'],
    ])
  })

  it('tells from the scripts whether something runs on install', async () => {
    const { versions } = await shown({ type: abbreviated })
    assert.equal(versions['2.0.0'].hasInstallScript, true)
    assert.equal(versions['2.1.0'].hasInstallScript, undefined)
  })

  it('holds no markup, since static servers may call it a page', async () => {
    const doc = makeDoc('/a', packument('a', { '1.0.0': { deprecated: '<script>alert(1)</script>' } }))
    const body = await show('/a', { documents: [doc], type: abbreviated })
    assert.ok(body !== undefined && !body.includes('<'))
    assert.equal(JSON.parse(body).versions['1.0.0'].deprecated, '<script>alert(1)</script>')
  })
})

describe('what reading and showing say', () => {
  const numbers = ['1.0.0', '1.0.1', '1.1.0-rc.1', '1.1.0', '2.0.0', '10.0.0-alpha', '10.0.0']
  const documents = fc.record({
    versions: fc.uniqueArray(fc.constantFrom(...numbers), { minLength: 1 }),
    oddFile: fc.boolean(),
    signed: fc.boolean(),
    tags: fc.dictionary(fc.constantFrom('latest', 'next', 'beta', '__proto__'), fc.constantFrom(...numbers)),
    timed: fc.boolean(),
  })
  const make = ({ versions, oddFile, tags, timed }: typeof documents extends fc.Arbitrary<infer M> ? M : never) => {
    const manifests = versions.map((version, index) => {
      const dist = oddFile ? { tarball: `${upstream}/a/-/${index % 2}/pack_${version}_.tgz` } : {}
      return [version, { _id: `a@${version}`, dist }]
    })
    const time = Object.fromEntries(versions.map((version, index) => [version, `2020-01-0${index + 1}T00:00:00.000Z`]))
    const others = { tags, readme: versions.join(), ...(timed ? { time: { modified: 'x', ...time } } : {}) }
    return makeDoc('/a', packument('a', Object.fromEntries(manifests), others))
  }

  it('agrees whatever is hidden: what is shown is vouched for, what is hidden occurs nowhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.subarray(numbers),
        fc.constantFrom(full, abbreviated),
        async (made, hidden, type) => {
          const doc = make(made)
          const entries = await read(doc)
          const visible = entries.filter(hiding(...hidden))
          const body = await show('/a', { documents: [doc], type, sees: hiding(...hidden) })
          if (visible.length === 0) return assert.equal(body, undefined)
          const document = JSON.parse(body ?? '')
          assert.deepEqual(
            Object.entries<{ dist: { tarball: string } }>(document.versions).map(([version, { dist }]) => [
              version,
              dist.tarball,
            ]),
            visible.map(({ version, path }) => [version, base + path]),
          )
          for (const version of Object.values<string>(document['dist-tags'])) assert.ok(version in document.versions)
          assert.ok(document['dist-tags'].latest)
          const words = new Set(body?.split(/[^0-9a-z.-]+/))
          for (const { version = '', path } of entries.filter((entry) => !visible.includes(entry))) {
            assert.ok(!words.has(version), `${version} shows`)
            assert.ok(!body?.includes(path.slice(path.lastIndexOf('/'))), `${path} shows`)
          }
        },
      ),
    )
  })
})

describe('one version', () => {
  const documents = [kit]

  it('is found by its number and by its tags', async () => {
    const body = JSON.parse((await show('/@acme/kit/1.2.0', { documents })) ?? '')
    assert.equal(body.dist.tarball, `${base}/@acme/kit/-/kit.tgz`)
    assert.equal(JSON.parse((await show('/@acme/kit/latest', { documents })) ?? '').version, '2.1.0')
    assert.equal(
      JSON.parse((await show('/@acme/kit/latest', { documents, sees: hiding('2.1.0') })) ?? '').version,
      '1.2.0',
    )
  })

  it('is not there when it is hidden, or never was', async () => {
    assert.equal(await show('/@acme/kit/1.2.0', { documents, sees: hiding('1.2.0') }), undefined)
    assert.equal(await show('/@acme/kit/old', { documents, sees: hiding('1.2.0') }), undefined)
    assert.equal(await show('/@acme/kit/constructor', { documents }), undefined)
    assert.equal(await show('/@acme/other/1.0.0', { documents }), undefined)
  })
})

describe('the dist-tags', () => {
  it('are those of the packument as it is shown', async () => {
    const body = await show('/-/package/@acme/kit/dist-tags', { documents: [kit], sees: hiding('3.0.0-rc.1') })
    assert.deepEqual(JSON.parse(body ?? ''), { latest: '2.1.0', old: '1.2.0' })
  })
})

describe('a ping', () => {
  it('is answered without upstream', async () => {
    assert.equal(await show('/-/ping'), '{}')
  })
})
