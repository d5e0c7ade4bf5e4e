import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { exportCommand } from '../../src/commands/export.ts'
import { lock } from '../../src/commands/lock.ts'
import { type VerifyFlags, verify } from '../../src/commands/verify.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

const plain: VerifyFlags = {
  ...{ sample: undefined, repo: undefined, repair: false, list: false },
  ...{ rebuild: false, from: [], recognise: false },
}

const lines = ({ out }: Said): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('verify', () => {
  let bench: Workbench
  before(async () => {
    bench = await openSynced()
  })
  after(() => bench.close())

  const run = (flags: Partial<VerifyFlags> = {}, speaking: Speaking = {}): Promise<Said> =>
    bench.say((context) => verify(context, { ...plain, ...flags }), speaking)

  /** Digests of held paths with this ending. */
  function digestsOf(ending: string): ReadonlySet<string | undefined> {
    const catalog = openCatalog(path.join(bench.folder, 'mirror/catalog.db'))
    const found = [...catalog.refs.scan()].filter((ref) => ref.path.endsWith(ending)).map((ref) => ref.sha256)
    catalog.close()
    return new Set(found)
  }

  /** Writes nonsense over the largest blob and returns its digest. */
  function damage(ending = ''): string {
    const folder = path.join(bench.folder, 'mirror/blobs/sha256')
    const blobs = readdirSync(folder, { recursive: true })
      .map((name) => path.join(folder, String(name)))
      .filter((file) => statSync(file).isFile())
      .sort((a, b) => statSync(b).size - statSync(a).size)
    const known = digestsOf(ending)
    const [largest = ''] = blobs.filter((file) => ending === '' || known.has(path.basename(file)))
    chmodSync(largest, 0o644)
    writeFileSync(largest, 'nonsense')
    return path.basename(largest)
  }

  it('finds nothing wrong with what a sync brought, of every ecosystem, and asks nobody', async () => {
    const { code, document, out } = await run({}, { json: true })
    assert.deepEqual([code, document.type, document.wrong, document.unnamed], [0, 'summary', 0, 0], out)
    assert.ok((document.items as number) > 6)
    assert.deepEqual(
      Object.values(bench.upstreams).map((upstream) => upstream.count()),
      [0, 0, 0],
    )
  })

  it('tells how much is proven by what', async () => {
    const { document } = await run({}, { json: true })
    const { debian } = document.repositories as Record<string, { proofs: Record<string, number>; items: number }>
    assert.ok((debian?.proofs.signature ?? 0) >= 3)
  })

  it('lists every path with its proof when asked to', async () => {
    const { out } = await run({ list: true })
    assert.match(out, /^debian \/dists\/bookworm\/InRelease: signature by [0-9A-F]{40}$/im)
  })

  it('lists what is wrong, ends with 4, and mends it', async () => {
    damage()
    const found = await run({}, { json: true })
    const wrong = lines(found).filter(({ type }) => type === 'item')
    assert.equal(found.code, 4)
    assert.ok(wrong.length > 0)
    assert.deepEqual(new Set(wrong.map(({ error }) => (error as { code: string }).code)), new Set(['DAMAGED']))
    const spoken = await run()
    assert.match(spoken.err, /DAMAGED/)
    const mended = await run({ repair: true }, { json: true })
    assert.deepEqual([mended.code, mended.document.repaired, mended.document.wrong], [0, wrong.length, 0], mended.out)
    assert.equal((await run()).code, 0)
  })

  describe('mends from elsewhere, asking nobody', () => {
    it('by a data directory, or a bundle, that has the blob', async () => {
      const other = path.join(bench.folder, 'other')
      cpSync(path.join(bench.folder, 'mirror/blobs'), path.join(other, 'blobs'), { recursive: true })
      await mends(other)
    })

    it('by an exported tree that has the path', async () => {
      const tree = path.join(bench.folder, 'tree')
      const flags = { dryRun: false, force: false, caseSensitive: false }
      assert.equal((await bench.say((context) => exportCommand(context, { target: tree, ...flags }))).code, 0)
      // what the tree links to is damaged along with the store
      const copy = path.join(bench.folder, 'copied')
      cpSync(tree, copy, { recursive: true })
      await mends(copy, '.deb')
    })

    it('and takes no other bytes than the right ones', async () => {
      const other = path.join(bench.folder, 'wrong')
      const sha256 = damage('.deb')
      mkdirSync(path.join(other, 'blobs/sha256', sha256.slice(0, 2)), { recursive: true })
      writeFileSync(path.join(other, 'blobs/sha256', sha256.slice(0, 2), sha256), 'other nonsense')
      for (const upstream of Object.values(bench.upstreams)) upstream.reset()
      const { code, document } = await run({ repair: true, from: [other] }, { json: true })
      assert.deepEqual([code, (document.repaired as number) > 0], [0, true])
      assert.ok(
        Object.values(bench.upstreams).some((upstream) => upstream.count() > 0),
        'upstream was asked',
      )
    })

    async function mends(from: string, ending = ''): Promise<void> {
      damage(ending)
      for (const upstream of Object.values(bench.upstreams)) upstream.reset()
      const { code, document, out } = await run(
        { repair: true, from: [from] },
        { json: true, flags: { offline: true } },
      )
      assert.deepEqual([code, document.wrong], [0, 0], out)
      assert.ok((document.repaired as number) > 0)
      for (const upstream of Object.values(bench.upstreams)) assert.equal(upstream.count(), 0)
      assert.equal((await run()).code, 0)
    }

    it('is refused for a directory that is not there, and where nothing is mended', async () => {
      assert.equal((await run({ repair: true, from: ['/nowhere'] })).code, 2)
      assert.equal((await run({ from: [bench.folder] })).code, 2)
    })
  })

  it('refuses a sample that is no percentage, and a repository that is not there', async () => {
    for (const sample of ['0%', '5', '101%', 'x%']) assert.equal((await run({ sample })).code, 2)
    assert.equal((await run({ repo: 'nothing' })).code, 2)
  })

  it('looks at a sample or at one repository', async () => {
    const { document } = await run({ repo: 'npm', sample: '100%' }, { json: true })
    assert.deepEqual(Object.keys(document.repositories as object), ['npm'])
  })

  it('repairs neither offline nor beside another run', async () => {
    assert.equal((await run({ repair: true }, { flags: { offline: true } })).code, 2)
    const held = await lock(path.join(bench.folder, 'mirror'))
    assert.equal((await run({ repair: true })).code, 7)
    assert.equal((await run()).code, 0)
    held.release()
  })
})
