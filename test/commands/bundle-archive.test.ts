// Bundles as archives and volumes: the same as the directory, and as hostile.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { blobPath, bundleFiles } from '../../src/formats/bundle.ts'
import { hashOf } from '../../src/formats/digest.ts'
import { type Gap, openGap } from './bundle-bench.ts'

let gap: Gap
before(async () => {
  gap = await openGap()
  for (const name of ['directory', 'plain.tar', 'packed.tar.zst']) {
    const made = await gap.bundle(name)
    assert.equal(made.code, 0, made.err)
  }
})
after(() => gap.bench.close())

describe('an archive', () => {
  for (const name of ['plain.tar', 'packed.tar.zst'])
    it(`${name} brings over what a directory does`, async () => {
      const taken = await gap.take(name, `far-${name}`, {}, { json: true })
      assert.equal(taken.code, 0, taken.err)
      assert.equal(taken.document.fetched, taken.document.held)
      assert.ok(Number(taken.document.held) > 10)
    })

  it('may be cut into volumes, and the missing one is named', async () => {
    const made = await gap.bundle('cut.tar', { volumeSize: 7000 })
    assert.equal(made.code, 0, made.err)
    const volumes = readdirSync(gap.bench.folder).filter((one) => one.startsWith('cut.tar'))
    assert.deepEqual(volumes.slice(0, 2), ['cut.tar.001', 'cut.tar.002'])
    assert.ok(volumes.length > 2)
    renameSync(gap.at('cut.tar.002'), gap.at('away'))
    const halved = await gap.take('cut.tar', 'far-cut')
    assert.equal(halved.code, 3, halved.err)
    assert.match(halved.err, /cut\.tar\.002: is missing: it is the next volume/)
    renameSync(gap.at('away'), gap.at('cut.tar.002'))
    const taken = await gap.take('cut.tar.001', 'far-cut')
    assert.equal(taken.code, 0, taken.err)
  })

  it('leaves nothing behind when it cannot be written', async () => {
    const { code } = await gap.bundle('no/such/folder.tar')
    assert.equal(code, 2)
    assert.equal(existsSync(gap.at('no')), false)
  })
})

interface Member extends Partial<Header> {
  readonly name: string
  readonly body?: Buffer
}

/** The members of the good bundle, in their order. */
function members(): Member[] {
  const root = gap.at('directory')
  const read = (name: string): Member => ({ name, body: readFileSync(path.join(root, name)) })
  const { header, signature, text, html, entries } = bundleFiles
  const blobs = readdirSync(path.join(root, 'blobs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /[0-9a-f]{64}$/.test(name))
    .map((name) => blobPath(path.basename(name)))
    .sort()
  return [header, signature, text, html, entries, ...blobs].map(read)
}

async function archive(name: string, all: readonly Member[]): Promise<string> {
  const packed = pack()
  for (const { body, ...header } of all) packed.entry({ ...header }, body ?? Buffer.alloc(0))
  packed.finalize()
  const bytes = Buffer.concat(await Array.fromAsync(packed as AsyncIterable<Buffer>))
  writeFileSync(gap.at(name), name.endsWith('.zst') ? zstdCompressSync(bytes) : bytes)
  return name
}

describe('an archive is refused, and nothing changes, with', () => {
  const rows: readonly (readonly [what: string, code: number, message: RegExp, all: () => readonly Member[]])[] = [
    [
      'a name that climbs',
      4,
      /holds "\.\.\/\.\.\/etc\/passwd" where a blob belongs/,
      () => [...members(), { name: '../../etc/passwd', body: Buffer.from('x') }],
    ],
    [
      'an absolute name',
      4,
      /holds "\/etc\/passwd"/,
      () => [{ name: '/etc/passwd', body: Buffer.from('x') }, ...members()],
    ],
    [
      'a link',
      4,
      /is no plain file \(type "2"\)/,
      () => [...members().slice(0, 5), { name: 'blobs', type: 'symlink', linkname: '/etc' }, ...members().slice(5)],
    ],
    [
      'a hard link',
      4,
      /is no plain file \(type "1"\)/,
      () => [...members(), { name: 'x', type: 'link', linkname: '/etc/passwd' }],
    ],
    [
      'a device',
      4,
      /is no plain file \(type "3"\)/,
      () => [...members(), { name: 'x', type: 'character-device', devmajor: 1, devminor: 5 }],
    ],
    [
      'a file more',
      4,
      /where a blob belongs|holds more/,
      () => [...members(), { name: 'more', body: Buffer.from('x') }],
    ],
    ['a blob twice', 4, /where a blob belongs/, () => [...members(), ...members().slice(-1)]],
    [
      'blobs in another order',
      4,
      /where a blob belongs/,
      () => [...members().slice(0, 5), ...members().slice(5).reverse()],
    ],
    ['its header after the list', 4, /where bundle\.json belongs/, () => members().toReversed()],
    [
      'a name in other letters',
      4,
      /holds "Bundle\.json"/,
      () => members().map((one) => (one.name === 'bundle.json' ? { ...one, name: 'Bundle.json' } : one)),
    ],
    [
      'a blob of other bytes',
      4,
      /has other bytes than its name says/,
      () => members().map((one, at) => (at === 6 ? { ...one, body: Buffer.from(one.body ?? '').fill(1) } : one)),
    ],
    [
      'a blob that nothing names',
      4,
      /holds 15 blobs, 14 are stated/,
      () => {
        const body = Buffer.from('more')
        const all = [...members().slice(5), { name: blobPath(hashOf(body)), body }].sort((a, b) =>
          a.name < b.name ? -1 : 1,
        )
        return [...members().slice(0, 5), ...all]
      },
    ],
    [
      'a header beyond reason',
      4,
      /bundle\.json of \d+ bytes|holds more than/,
      () => [{ name: 'bundle.json', body: Buffer.alloc(8 * 1024 * 1024, 0x20) }, ...members().slice(1)],
    ],
    [
      'a list of another size',
      4,
      /entries\.jsonl of \d+ bytes/,
      () => members().map((one) => (one.name === 'entries.jsonl' ? { ...one, body: Buffer.alloc(100) } : one)),
    ],
  ]
  for (const [what, code, message, all] of rows)
    for (const end of ['.tar', '.tar.zst'])
      it(`${what} (${end})`, async () => {
        const far = 'refusing'
        const { err, code: found } = await gap.take(await archive(`forged${end}`, all()), far)
        assert.match(err, message)
        assert.equal(found, code, err)
        const { refs, taken } = gap.state(far) as { refs: unknown[]; taken: unknown[] }
        assert.deepEqual([refs, taken], [[], []])
      })

  it('a bomb behind its header', async () => {
    const bomb: Member = { name: blobPath('0'.repeat(64)), body: Buffer.alloc(300 * 1024 * 1024) }
    const name = await archive('bomb.tar.zst', [...members().slice(0, 5), bomb])
    assert.ok(readFileSync(gap.at(name)).length < 1024 * 1024)
    const { code, err } = await gap.take(name, 'refusing')
    assert.equal(code, 4, err)
    assert.match(err, /holds more than the \d+ bytes that its header allows/)
  })

  it('its end missing', async () => {
    for (const name of ['plain.tar', 'packed.tar.zst']) {
      const file = gap.at(`short-${name}`)
      writeFileSync(file, readFileSync(gap.at(name)))
      truncateSync(file, Math.floor(readFileSync(file).length / 2))
      const { code, err } = await gap.take(`short-${name}`, `new-${name}`)
      assert.equal(code, 3, err)
      assert.match(err, /cut off|ends|blobs? (?:is|are) not there whole/)
      rmSync(file)
    }
  })

  it('bytes that are no archive', async () => {
    writeFileSync(gap.at('text.tar'), 'no archive at all\n'.repeat(100))
    const { code, err } = await gap.take('text.tar', 'refusing')
    assert.equal(code, 3, err)
    assert.match(err, /text\.tar: is cut off or damaged/)
  })
})
