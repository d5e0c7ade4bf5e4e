// Bundles that somebody has changed, with the key or without it. Whatever it is: nothing of it is taken, and the message names it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { bundleFiles } from '../../src/formats/bundle.ts'
import { hashOf } from '../../src/formats/digest.ts'
import { addBlob, blobOf, type Gap, onPath, openGap, sign, signList } from './bundle-bench.ts'

let gap: Gap
before(async () => {
  gap = await openGap()
  const made = await gap.bundle('good')
  assert.equal(made.code, 0, made.err)
  // what a refused import would change is there already
  assert.equal((await gap.take('good', 'far')).code, 0)
  const next = await gap.bundle('next')
  assert.equal(next.code, 0, next.err)
})
after(() => gap.bench.close())

/** The key is the near side's own: a bundle is not trusted with more than it can prove, whoever signed it. */
const secret = () => gap.secret()
const tgz = '/-/kit-7.2.30202.tgz'
const edit = (file: string, change: (bytes: Buffer) => Buffer | string) =>
  writeFileSync(file, change(readFileSync(file)))
/** A hard link to the store must not be written through. */
function replace(file: string, bytes: string | Buffer): void {
  unlinkSync(file)
  writeFileSync(file, bytes)
}

type Row = readonly [what: string, code: number, message: RegExp, change: (directory: string) => void]

const unsigned: readonly Row[] = [
  [
    'a header that was edited',
    4,
    /signature by the key .* does not fit/,
    (d) => edit(path.join(d, bundleFiles.header), (b) => b.toString().replace('"number": 2', '"number": 3')),
  ],
  [
    'a header with a digest that was edited',
    4,
    /does not fit/,
    (d) =>
      edit(path.join(d, bundleFiles.header), (b) => b.toString().replace(/"sha256": "[0-9a-f]{4}/, '"sha256": "0000')),
  ],
  ['another signature', 4, /not trusted here: No key/, (d) => sign(d, gap.stranger, (header) => header)],
  ['no signature', 3, /bundle\.json\.minisig: is missing/, (d) => rmSync(path.join(d, bundleFiles.signature))],
  ['an empty signature', 4, /no signature of minisign/, (d) => writeFileSync(path.join(d, bundleFiles.signature), '')],
  ['no header', 3, /bundle\.json: is missing/, (d) => rmSync(path.join(d, bundleFiles.header))],
  [
    'a list that was edited',
    4,
    /entries\.jsonl: has other bytes/,
    (d) => edit(path.join(d, bundleFiles.entries), (b) => b.toString().replace('kit', 'kat')),
  ],
  [
    'a list in another order',
    4,
    /entries\.jsonl: has other bytes/,
    (d) =>
      edit(path.join(d, bundleFiles.entries), (b) => `${b.toString().trimEnd().split('\n').reverse().join('\n')}\n`),
  ],
  [
    'a list that is cut off',
    3,
    /entries\.jsonl: is short: \d+ of \d+ bytes/,
    (d) => truncateSync(path.join(d, bundleFiles.entries), 1000),
  ],
  [
    'a list that goes on',
    4,
    /entries\.jsonl: has \d+ bytes, \d+ are stated/,
    (d) => appendFileSync(path.join(d, bundleFiles.entries), '{}\n'),
  ],
  ['no list', 3, /entries\.jsonl: is missing/, (d) => rmSync(path.join(d, bundleFiles.entries))],
  [
    'changes that were edited, so that somebody approves them',
    4,
    /changes\.html: has other bytes/,
    (d) => edit(path.join(d, bundleFiles.html), (b) => b.toString().replace('kit', 'kat')),
  ],
  [
    'a link in place of the list',
    4,
    /entries\.jsonl: is a link/,
    (d) => {
      renameSync(path.join(d, bundleFiles.entries), path.join(d, 'other'))
      symlinkSync('other', path.join(d, bundleFiles.entries))
    },
  ],
  [
    'a link in place of the blobs',
    4,
    /blobs: is a link/,
    (d) => {
      renameSync(path.join(d, 'blobs'), path.join(d, 'other'))
      symlinkSync('other', path.join(d, 'blobs'))
    },
  ],
  [
    'a link in place of a folder of blobs',
    4,
    /is a link/,
    (d) => {
      const f = path.dirname(blobOf(d, tgz))
      renameSync(f, path.join(d, 'other'))
      symlinkSync('../../other', f)
    },
  ],
  [
    'a link in place of a blob',
    4,
    /is a link/,
    (d) => {
      const f = blobOf(d, tgz)
      unlinkSync(f)
      symlinkSync('/etc/passwd', f)
    },
  ],
  [
    'a pipe in place of a blob',
    4,
    /is no plain file/,
    (d) => {
      const f = blobOf(d, tgz)
      unlinkSync(f)
      assert.equal(spawnSync('mkfifo', [f]).status, 0)
    },
  ],
  [
    'a folder in place of a blob',
    4,
    /is no plain file|is no part/,
    (d) => {
      const f = blobOf(d, tgz)
      unlinkSync(f)
      mkdirSync(f)
    },
  ],
  [
    'a pipe in place of the header',
    4,
    /bundle\.json: is no plain file/,
    (d) => {
      rmSync(path.join(d, bundleFiles.header))
      spawnSync('mkfifo', [path.join(d, bundleFiles.header)])
    },
  ],
  [
    'a second list that differs in letter case',
    4,
    /differs from a part of the bundle in letter case/,
    (d) => writeFileSync(path.join(d, 'Entries.jsonl'), ''),
  ],
  [
    'a blob whose name differs in letter case',
    4,
    /is no part of the bundle/,
    (d) => {
      const f = blobOf(d, tgz)
      writeFileSync(path.join(path.dirname(f), path.basename(f).toUpperCase()), '')
    },
  ],
  ['a blob that nothing names', 4, /is no part of the bundle/, (d) => void addBlob(d, Buffer.from('more'))],
  ['a file among the blobs', 4, /is no part of the bundle/, (d) => writeFileSync(path.join(d, 'blobs/sha256/00'), '')],
  [
    'a blob of more bytes',
    4,
    /has \d+ bytes, \d+ are stated/,
    (d) => replace(blobOf(d, '/pool/main/k/kit/kit_1.3.70202-1_amd64.deb'), 'x'.repeat(99_999)),
  ],
]

const signed: readonly Row[] = [
  [
    'a path that climbs',
    4,
    /entries\.jsonl:\d+: path: is no path/,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, path: '/../../etc/passwd' })),
      ),
  ],
  [
    'a path with a backslash',
    4,
    /path: is no path/,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, path: '/a\\..\\b' })),
      ),
  ],
  [
    'a repository that climbs',
    4,
    /repo: is no name/,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, repo: '../npm' })),
      ),
  ],
  [
    'a digest that climbs',
    4,
    /sha256: is no sha256/,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, sha256: '../../../../etc/passwd' })),
      ),
  ],
  [
    'a path that its repository cannot have',
    4,
    /has no path like/,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, path: '/no/such/thing/at/all' })),
      ),
  ],
  [
    'a path in the wrong set',
    4,
    /does not belong to the set/,
    (d) =>
      signList(
        d,
        secret(),
        onPath('/InRelease', (l) => ({ ...l, set: '/dists/other', sha256: l.sha256 })),
      ),
  ],
  ['a path twice', 4, /names .* twice/, (d) => signList(d, secret(), (lines) => [...lines, ...lines.slice(-1)])],
  [
    'a repository twice',
    4,
    /names the repository cargo twice/,
    (d) => signList(d, secret(), (lines) => [...lines, ...lines.slice(0, 1)]),
  ],
  [
    'an entry before its repository',
    4,
    /before it says what it is/,
    (d) => signList(d, secret(), (lines) => lines.toReversed()),
  ],
  [
    'a repository of another ecosystem',
    4,
    /is of the ecosystem cargo, and here of npm/,
    (d) =>
      signList(d, secret(), (lines) =>
        lines.map((l) => (l.name === 'npm' && l.type === 'repository' ? { ...l, ecosystem: 'cargo' } : l)),
      ),
  ],
  [
    'a size beyond reason',
    4,
    /size: /,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, size: 2 ** 50 })),
      ),
  ],
  [
    'two sizes of one blob',
    4,
    /states two sizes|are stated/,
    (d) =>
      signList(d, secret(), (lines) => [
        ...lines,
        { ...lines.find((l) => String(l.path).endsWith(tgz)), path: '/bolt/-/bolt-9.9.9.tgz', size: 1 },
      ]),
  ],
  [
    'a header field with a line in it',
    4,
    /headers/,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, headers: { etag: 'a\r\nset-cookie: b' } })),
      ),
  ],
  [
    'a member that nobody knows',
    4,
    /Invalid key|strict|Expected never/i,
    (d) =>
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, mode: 0o4755 })),
      ),
  ],
  [
    'a line of another kind',
    4,
    /type/,
    (d) => signList(d, secret(), (lines) => [...lines, { type: 'script', run: 'x' }]),
  ],
  [
    'more lines than are stated',
    4,
    /has more than the 3 lines/,
    (d) => sign(d, secret(), (h) => ({ ...h, entries: { ...h.entries, count: 3 } })),
  ],
  [
    'fewer lines than are stated',
    4,
    /has \d+ lines, 999 are stated/,
    (d) => sign(d, secret(), (h) => ({ ...h, entries: { ...h.entries, count: 999 } })),
  ],
  [
    'other counts of blobs than are stated',
    4,
    /names \d+ blobs/,
    (d) => sign(d, secret(), (h) => ({ ...h, blobs: { ...h.blobs, count: 3 } })),
  ],
  [
    'other bytes of blobs than are stated',
    4,
    /names \d+ blobs/,
    (d) => sign(d, secret(), (h) => ({ ...h, blobs: { ...h.blobs, bytes: 3 } })),
  ],
  ['a header of another schema', 4, /schema/, (d) => sign(d, secret(), (h) => ({ ...h, schema: 2 }))],
  [
    'a header with a snapshot that climbs',
    4,
    /is no name of a snapshot/,
    (d) => sign(d, secret(), (h) => ({ ...h, snapshot: { ...h.snapshot, name: '../../x' } })),
  ],
  [
    'another series',
    4,
    /is of series 0{32}, and this mirror takes series/,
    (d) => sign(d, secret(), (h) => ({ ...h, series: '0'.repeat(32) })),
  ],
  [
    'a bundle that is older',
    4,
    /is bundle 1 of series .* which was taken|and 1 was taken already/,
    (d) => sign(d, secret(), (h) => ({ ...h, number: 1 })),
  ],
  [
    'a gap',
    4,
    /needs bundle 2 of series [0-9a-f]{32}: this is 7, and builds on bundle 5 to 6, and the last one here is 1/,
    (d) =>
      sign(d, secret(), (h) => ({
        ...h,
        number: 7,
        bases: [
          { number: 5, header: '1'.repeat(64) },
          { number: 6, header: '2'.repeat(64) },
        ],
      })),
  ],
  [
    'another past',
    4,
    /builds on another bundle 1/,
    (d) => sign(d, secret(), (h) => ({ ...h, bases: [{ number: 1, header: '0'.repeat(64) }] })),
  ],
  // what a signature or a digest proves is not the bundle's to say
  [
    'a file with other bytes than its index states',
    4,
    /does not have the digest that was stated|states? different/,
    (d) => {
      const sha256 = addBlob(d, Buffer.from('evil'))
      unlinkSync(blobOf(d, tgz))
      signList(
        d,
        secret(),
        onPath(tgz, (l) => ({ ...l, sha256, size: 4 })),
      )
    },
  ],
  [
    'a signed index whose text was changed',
    4,
    /signature|Signature/i,
    (d) => {
      const f = blobOf(d, '/InRelease')
      const bytes = Buffer.from(readFileSync(f, 'utf8').replace('Suite', 'Siute').replace('Date: ', 'Date:  '))
      const sha256 = addBlob(d, bytes)
      unlinkSync(f)
      signList(
        d,
        secret(),
        onPath('/InRelease', (l) => ({ ...l, sha256, size: bytes.length })),
      )
    },
  ],
  [
    'an index that a signed one does not name',
    4,
    /digest|length|bytes/,
    (d) => {
      const f = blobOf(d, '/Packages.gz')
      const bytes = Buffer.from('evil')
      const sha256 = addBlob(d, bytes)
      signList(
        d,
        secret(),
        onPath('/Packages.gz', (l) => ({ ...l, sha256, size: bytes.length })),
      )
      assert.ok(f)
    },
  ],
]

describe('a bundle is refused, and nothing changes, with', () => {
  for (const [what, code, message, change] of [...unsigned, ...signed]) {
    it(what, async () => {
      const before = gap.state('far')
      gap.forged('next', 'forged', change)
      const { code: found, err } = await gap.take('forged', 'far')
      assert.match(err, message)
      assert.equal(found, code, err)
      assert.deepEqual(gap.state('far'), before)
    })
  }

  it('a blob with other bytes of the same length, where it is not held yet', async () => {
    const before = gap.state('new')
    gap.forged('good', 'forged', (d) => {
      const file = blobOf(d, tgz)
      replace(file, Buffer.from(readFileSync(file)).fill(0x2e))
    })
    const { code, err } = await gap.take('forged', 'new')
    assert.equal(code, 4, err)
    assert.match(err, /kit-7\.2\.30202\.tgz \(blobs\/sha256\/[0-9a-f]{2}\/[0-9a-f]{64}\): .* does not have the digest/)
    assert.deepEqual((gap.state('new') as { refs: unknown[] }).refs, [])
    assert.equal(before, undefined)
  })

  it('blobs that are missing or short, which are named', async () => {
    gap.forged('good', 'forged', (d) => {
      const file = blobOf(d, tgz)
      const bytes = readFileSync(file)
      replace(file, bytes.subarray(0, 10))
      unlinkSync(blobOf(d, '/config.json'))
    })
    const { code, err } = await gap.take('forged', 'halves')
    assert.equal(code, 3, err)
    assert.match(
      err,
      /2 blobs are not there whole: [0-9a-f]{64} is (?:short: 10 of \d+ bytes|missing), [0-9a-f]{64} is/,
    )
    const whole = await gap.take('good', 'halves')
    assert.equal(whole.code, 0, whole.err)
  })
})

describe('a bundle', () => {
  it('is taken with other files beside it on the medium', async () => {
    gap.forged('good', 'beside', (d) => {
      mkdirSync(path.join(d, 'lost+found'))
      writeFileSync(path.join(d, '.Trashes'), '')
    })
    const { code, err } = await gap.take('beside', 'tolerant')
    assert.equal(code, 0, err)
  })

  it('is taken by copy: the store has no file in common with the medium', async () => {
    const sample = blobOf(gap.at('beside'), tgz)
    const held = path.join(gap.at('tolerant'), 'blobs/sha256', path.basename(sample).slice(0, 2), path.basename(sample))
    const copy = `${held}.link`
    linkSync(sample, `${sample}.link`)
    writeFileSync(`${sample}.link`, 'written over on the medium')
    assert.equal(hashOf(readFileSync(held)), path.basename(held))
    assert.ok(copy)
  })
})
