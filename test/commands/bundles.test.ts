// Bundles between mirrors of the workbench: full, upon others, with receipts, and what they leave on the far side.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { sync } from '../../src/commands/sync.ts'
import { verify } from '../../src/commands/verify.ts'
import { bundleFiles } from '../../src/formats/bundle.ts'
import { type Gap, openGap } from './bundle-bench.ts'

let gap: Gap
before(async () => {
  gap = await openGap()
})
after(() => gap.bench.close())

/** The near side gets more, and loses what the manifest does not want any more where `less` says so. */
async function more(packages: object): Promise<void> {
  const file = gap.bench.write('more.yaml', gap.bench.text({ packages }))
  const { code, err } = await gap.bench.say((context) => sync(context, { dryRun: false }), {
    files: [file],
    quiet: true,
  })
  assert.equal(code, 0, err)
}

/** Paths and digests, without what is each side's own. */
function held(data: string): readonly string[] {
  const catalog = openCatalog(path.join(gap.at(data), 'catalog.db'))
  try {
    const current = new Set([
      0,
      ...catalog.generations.all().flatMap(({ id, state }) => (state === 'current' ? [id] : [])),
    ])
    return [...catalog.refs.scan()]
      .filter(({ sha256, generation }) => sha256 !== undefined && current.has(generation))
      .map(({ repo, path: at, sha256 }) => `${repo} ${at} ${sha256}`)
      .sort()
  } finally {
    catalog.close()
  }
}

const proven = async (data: string): Promise<Readonly<Record<string, unknown>>> => {
  const { code, out, document } = await gap.bench.say(
    (context) =>
      verify(context, {
        ...{ sample: undefined, repo: undefined, repair: false, list: false },
        ...{ rebuild: false, from: [], recognise: false },
      }),
    { json: true, flags: { data: gap.at(data) } },
  )
  assert.equal(code, 0, out)
  return document
}

describe('a bundle', () => {
  it('brings over what is held, verified again, with a snapshot of the same name', async () => {
    const made = await gap.bundle('first', {}, { json: true })
    assert.equal(made.code, 0, made.out)
    const taken = await gap.take('first', 'far', {}, { json: true })
    assert.equal(taken.code, 0, taken.out)
    assert.deepEqual([taken.document.number, taken.document.fetched], [1, taken.document.held])
    assert.deepEqual(held('far'), held('mirror'))
    assert.equal((await proven('far')).items, taken.document.held)
    const catalog = openCatalog(path.join(gap.at('far'), 'catalog.db'))
    assert.deepEqual(
      catalog.snapshots.list().map(({ name }) => name),
      [made.document.snapshot],
    )
    catalog.close()
    for (const upstream of Object.values(gap.bench.upstreams)) assert.equal(upstream.count(), 0, 'nobody is asked')
  })

  it('is hard links to the store, and the same bytes again for the same snapshot', async () => {
    const { document } = await gap.bundle('again', {}, { json: true })
    assert.ok(Number(document.linked) > 10)
    assert.equal(document.copied, 0)
    const [one, two] = ['first', 'again'].map((name) =>
      readFileSync(path.join(gap.at(name), bundleFiles.entries), 'utf8'),
    )
    assert.equal(one, two)
    assert.deepEqual(readdirSync(gap.at('first')).sort(), [...Object.values(bundleFiles), 'blobs'].sort())
  })

  it('says what goes over, for people', () => {
    const text = readFileSync(path.join(gap.at('first'), bundleFiles.text), 'utf8')
    assert.match(text, /^Bundle 1 of series [0-9a-f]{32}: snapshot .*\nFull/)
    assert.match(
      text,
      /\+ npm @acme\/kit 7\.2\.30202 {2}\/@acme\/kit\/-\/kit-7\.2\.30202\.tgz {2}39 bytes, sha256 [0-9a-f]{64}, by signature/,
    )
    const page = readFileSync(path.join(gap.at('first'), bundleFiles.html), 'utf8')
    assert.match(page, /<td>@acme\/kit<\/td><td>7\.2\.30202<\/td>/)
  })

  it('has a signature that minisign takes', {
    skip: spawnSync('minisign', ['-v']).error && 'there is no minisign',
  }, () => {
    const args = ['-V', '-p', gap.at('mirror/keys/mirror.pub'), '-m', path.join(gap.at('first'), bundleFiles.header)]
    const { status, stdout } = spawnSync('minisign', [...args, '-Q'], { encoding: 'utf8' })
    assert.deepEqual([status, stdout.split(' ').slice(0, 3)], [0, ['pkgmirror', 'bundle', '1']])
  })

  it('builds on another one, and brings only what is new', async () => {
    await more({ npm: ['@acme/kit', 'bolt'], cargo: ['kit'] })
    const made = await gap.bundle('third', { sinceBundle: 2 }, { json: true })
    assert.equal(made.code, 0, made.out)
    const names = held('mirror').filter((one) => !held('far').includes(one))
    assert.ok(names.length > 0)
    assert.equal(made.document.listed, names.length)
    const text = readFileSync(path.join(gap.at('third'), bundleFiles.text), 'utf8')
    assert.match(text, /\nIt builds on bundle 2; /)
    assert.match(text, /\nupgraded +npm @acme\/kit 7\.2\.30202 → 8\.0\.30303 /)
    const gone = await gap.take('third', 'far')
    assert.match(gone.err, /needs bundle 2 of series .*: this is 3, and builds on bundle 2, and the last one here is 1/)
    assert.equal((await gap.take('again', 'far')).code, 0)
    const taken = await gap.take('third', 'far', {}, { json: true })
    assert.equal(taken.code, 0, taken.out)
    assert.deepEqual(held('far'), held('mirror'))
    await proven('far')
  })

  it('builds on what a receipt says', async () => {
    const late = await gap.take('again', 'late', { receipt: gap.at('late.receipt') }, { json: true })
    assert.equal(late.code, 0, late.out)
    assert.equal(late.document.receipt, readFileSync(gap.at('late.receipt'), 'utf8'))
    const stranger = await gap.bundle('fourth', { receipt: gap.at('late.receipt') })
    assert.equal(stranger.code, 4)
    assert.match(stranger.err, /late\.receipt: is signed by a key that is not trusted here/)
    await gap.trust('mirror', 'late')
    writeFileSync(
      gap.at('edited.receipt'),
      readFileSync(gap.at('late.receipt'), 'utf8').replace('"number":2', '"number":3'),
    )
    assert.match((await gap.bundle('fourth', { receipt: gap.at('edited.receipt') })).err, /does not fit/)
    const made = await gap.bundle('fourth', { receipt: gap.at('late.receipt') }, { json: true })
    assert.deepEqual([made.code, made.document.bases], [0, [2, 3]], made.out)
    for (const far of ['late', 'far']) assert.equal((await gap.take('fourth', far)).code, 0)
    assert.deepEqual(held('late'), held('mirror'))
    assert.deepEqual(held('far'), held('mirror'))
  })

  it('survives as many lost ones as it overlaps', async () => {
    await more({ npm: ['bolt'] })
    await gap.bundle('lost', { sinceBundle: 4 })
    const made = await gap.bundle('sixth', { overlap: 1 }, { json: true })
    assert.deepEqual(made.document.bases, [4, 5])
    assert.equal((await gap.take('sixth', 'far')).code, 0)
    assert.deepEqual(held('far'), held('mirror'))
  })

  it('takes away what is gone, and nothing that another holds', async () => {
    const near = openCatalog(path.join(gap.at('mirror'), 'catalog.db'))
    const [first, second] = [...near.refs.scan('npm')].filter(({ kind }) => kind === 'artifact')
    assert.ok(first !== undefined && second !== undefined)
    near.refs.drop(first)
    near.refs.drop(second)
    near.close()
    const far = openCatalog(path.join(gap.at('far'), 'catalog.db'))
    far.holds.put('manifest.yaml', 1, [{ repo: 'npm', path: second.path }])
    far.close()
    const made = await gap.bundle('seventh', { sinceBundle: 6 }, { json: true })
    assert.equal(made.document.gone, 2)
    const taken = await gap.take('seventh', 'far', {}, { json: true })
    assert.equal(taken.document.removed, 1)
    assert.deepEqual(
      held('far').filter((one) => !held('mirror').includes(one)),
      [`npm ${second.path} ${second.sha256}`],
    )
  })

  it('can be looked at before it is taken, and leaves nothing then', async () => {
    const before = gap.state('far')
    const made = await gap.bundle('nowhere', { dryRun: true }, { json: true })
    assert.deepEqual([made.code, made.document.dryRun, existsSync(gap.at('nowhere'))], [0, true, false])
    await gap.bundle('eighth')
    const looked = await gap.take('eighth', 'far', { dryRun: true }, { json: true })
    assert.deepEqual([looked.code, looked.document.dryRun], [0, true])
    assert.deepEqual(gap.state('far'), before)
    assert.deepEqual(readdirSync(path.join(gap.at('far'), 'tmp')), [])
  })

  it('is taken from a medium that cannot be written', async () => {
    const all = readdirSync(gap.at('eighth'), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(gap.at('eighth'), name),
    )
    const folders = [gap.at('eighth'), ...all.filter((one) => statSync(one).isDirectory())]
    for (const one of folders) chmodSync(one, 0o555)
    const taken = await gap.take('eighth', 'far')
    assert.equal(taken.code, 0, taken.err)
    for (const one of folders) chmodSync(one, 0o755)
  })

  it('is refused by who trusts nobody, and is never made without a key or over another', async () => {
    await gap.key('create', undefined, 'alone')
    const { code, err } = await gap.take('first', 'alone')
    assert.equal(code, 4)
    assert.match(err, /keys trust/)
    const over = await gap.bundle('first')
    assert.deepEqual([over.code, /holds a bundle already/.test(over.err)], [2, true], over.err)
    const other = await gap.bundle('mirror')
    assert.deepEqual([other.code, /which is no part of a bundle/.test(other.err)], [2, true], other.err)
    const keyless = await gap.bundle('keyless', {}, { data: 'late' })
    assert.equal(keyless.code, 0, keyless.err)
    assert.match((await gap.bundle('x', { key: 'other' })).err, /keys create --name other/)
  })
})
