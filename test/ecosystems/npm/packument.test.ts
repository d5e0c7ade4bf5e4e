import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unreadableTime } from '../../../src/ecosystems/npm/packument.ts'
import { MirrorError } from '../../../src/errors.ts'
import { distOf, fixture, makeDoc, packument, read, upstream } from './builders.ts'

const kit = () => makeDoc('/@acme/kit', fixture('kit'))
const only = async (manifest: object, others = {}) =>
  (await read(makeDoc('/a', packument('a', { '1.0.0': manifest }, others))))[0]
const refuses = (content: Uint8Array | string | object, message: RegExp) =>
  assert.rejects(
    () => read(makeDoc('/a', content)),
    (error) => error instanceof MirrorError && error.code === 'UNREADABLE' && message.test(error.message),
  )

describe('reading a packument', () => {
  it('names a tarball for every version, in the document’s order', async () => {
    const entries = await read(kit())
    assert.deepEqual(
      entries.map(({ version, path }) => [version, path]),
      [
        ['0.9.0', '/@acme/kit/-/kit-0.9.0.tgz'],
        ['1.0.0', '/@acme/kit/-/kit-first.tgz'],
        ['1.2.0', '/@acme/kit/-/kit.tgz'],
        ['2.0.0', '/@acme/kit/-/kit-2.0.0.tgz'],
        ['2.1.0', '/@acme/kit/-/kit-2.1.0.tgz'],
        ['3.0.0-rc.1', '/@acme/kit/-/kit-3.0.0-rc.1.tgz'],
      ],
    )
  })

  it('keeps upstream’s own path where it is not ours, and only there', async () => {
    const entries = await read(kit())
    assert.deepEqual(
      entries.map(({ url }) => url),
      ['/@acme/kit/-/@acme/kit-0.9.0.tgz', undefined, '/@acme/kit/-/1.2/kit.tgz', undefined, undefined, undefined],
    )
  })

  it('takes a whole address on another host as it is', async () => {
    const entry = await only({ dist: { tarball: 'https://files.example.net/x/a-1.0.0.tgz' } })
    assert.equal(entry?.url, 'https://files.example.net/x/a-1.0.0.tgz')
    assert.equal(entry?.path, '/a/-/a-1.0.0.tgz')
  })

  it('takes plain http to the upstream’s own host as the upstream', async () => {
    const entry = await only({ dist: { tarball: 'http://registry.example.org/a/-/a-1.0.0.tgz' } })
    assert.equal(entry?.url, undefined)
  })

  it('takes an address of the upstream as it is where a plain path could not say it', async () => {
    for (const [address, url] of [
      [`${upstream}/a%2fb/-/a-1.0.0.tgz`, `${upstream}/a%2fb/-/a-1.0.0.tgz`],
      ['http://registry.example.org/d/a.tgz?v=1', `${upstream}/d/a.tgz?v=1`],
    ]) {
      assert.equal((await only({ dist: { tarball: address } }))?.url, url)
    }
  })

  it('never takes a path from an address that is no file name', async () => {
    for (const last of [
      '..%2f..%2fetc.tgz',
      '.htaccess',
      'index.html',
      'a%00.tgz',
      '%5c.tgz',
      '',
      `${'x'.repeat(300)}.tgz`,
    ]) {
      const entry = await only({ dist: { tarball: `${upstream}/a/-/${last}` } })
      assert.equal(entry?.path, '/a/-/a-1.0.0.tgz', last)
    }
  })

  it('reads SRI where there is any, and the sha1 sum only where there is none', async () => {
    const [old, newer] = await read(kit())
    assert.deepEqual(Object.keys(old?.digests ?? {}), ['sha1'])
    assert.deepEqual(Object.keys(newer?.digests ?? {}), ['sha512'])
  })

  it('drops a version whose integrity is damaged rather than trusting its sha1 sum', async () => {
    assert.equal(await only({ dist: { integrity: 'sha512-?' } }), undefined)
  })

  it('drops versions without number, tarball or digest, and those of other packages', async () => {
    const { integrity } = distOf('a', '1.0.0')
    const versions = {
      '1.0.0': {},
      '1.0.1': { name: 'b' },
      '1.0.2': { version: '1.0.0' },
      '1.0.3': { dist: { tarball: 'file:///etc/passwd' } },
      '1.0.4': { dist: { tarball: 7 } },
      '1.0.5': { dist: { integrity: '', shasum: 'x' } },
      'not-a-version': { dist: { integrity } },
      '1.0.0beta': {},
    }
    const entries = await read(makeDoc('/a', packument('a', versions)))
    assert.deepEqual(
      entries.map(({ version }) => version),
      ['1.0.0', '1.0.0beta'],
    )
  })

  it('gives versions that share a file name, or take that of another, their usual one', async () => {
    const at = (file: string) => ({ dist: { tarball: `${upstream}/a/-/${file}` } })
    const versions = {
      '1.0.0': at('a.tgz'),
      '2.0.0': at('x/a.tgz'),
      '3.0.0': at('a-4.0.0.tgz'),
      '4.0.0': at('four.tgz'),
    }
    const entries = await read(makeDoc('/a', packument('a', versions)))
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['/a/-/a-1.0.0.tgz', '/a/-/a-2.0.0.tgz', '/a/-/a-3.0.0.tgz', '/a/-/four.tgz'],
    )
  })

  it('states the publication time, none where the registry has none, and the latest of all where it cannot be read', async () => {
    const published = async (time?: unknown) => (await only({}, time === undefined ? {} : { time }))?.published
    assert.equal(await published({ '1.0.0': '2020-01-02T03:04:05.006Z' }), Date.UTC(2020, 0, 2, 3, 4, 5, 6))
    assert.equal(await published({ '1.0.0': '2020-01-02T03:04:05.006000+00:00' }), Date.UTC(2020, 0, 2, 3, 4, 5, 6))
    assert.equal(await published(), undefined)
    assert.equal(await published({ created: '2020-01-02T03:04:05Z' }), undefined)
    for (const broken of ['soon', 'version 1', '', 5, null, '2020-13-45T00:00:00Z']) {
      assert.equal(await published({ '1.0.0': broken }), unreadableTime, String(broken))
    }
    assert.equal(await published('2020'), unreadableTime)
  })

  it('remembers what a closure needs: no bundled, no optional peer, optional ones apart', async () => {
    const entry = (await read(kit())).find(({ version }) => version === '2.1.0')
    const { signatures, integrity, ...data } = (entry?.data ?? {}) as Record<string, unknown>
    assert.deepEqual(data, {
      dependencies: { 'left-pad': '^1.3.0' },
      optionalDependencies: { fsevents: '*' },
      peerDependencies: { react: '>=18' },
      tags: ['latest'],
      attested: true,
    })
    assert.equal(Array.isArray(signatures) && typeof integrity, 'string')
  })

  it('is not led astray by names of object members', async () => {
    const text = JSON.stringify(
      packument('a', { '1.0.0': { dependencies: { x: '1' } } }, { tags: { latest: 'constructor' } }),
    )
    const entries = await read(
      makeDoc('/a', text.replace('"x":"1"', '"__proto__":"^1"').replace('"versions":{', '"versions":{"__proto__":{},')),
    )
    const { dependencies } = (entries[0]?.data ?? {}) as { dependencies: object }
    assert.deepEqual(Object.entries(dependencies), [['__proto__', '^1']])
    assert.equal(entries.length, 1)
  })

  it('refuses what is not the packument that was asked for', async () => {
    await refuses('<!doctype html><p>Please log in', /a web page/)
    await refuses('', /no JSON/)
    await refuses('[]', /no object/)
    await refuses(packument('b', { '1.0.0': {} }), /no packument of a: its name is "b"/)
    await refuses({ error: 'not found' }, /its name is undefined/)
    await refuses(packument('A', { '1.0.0': {} }), /its name is "A"/)
  })

  it('finds no version in the packument of a withdrawn package', async () => {
    assert.deepEqual(
      await read(makeDoc('/a', { _id: 'a', name: 'a', time: { unpublished: { versions: ['1.0.0'] } } })),
      [],
    )
  })
})
