import assert from 'node:assert/strict'
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { lock } from '../../src/commands/lock.ts'
import { type VerifyFlags, verify } from '../../src/commands/verify.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

const plain: VerifyFlags = { sample: undefined, repo: undefined, repair: false, list: false }

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

  /** Writes nonsense over the largest blob and returns its digest. */
  function damage(): string {
    const folder = path.join(bench.folder, 'mirror/blobs/sha256')
    const blobs = readdirSync(folder, { recursive: true })
      .map((name) => path.join(folder, String(name)))
      .filter((file) => statSync(file).isFile())
      .sort((a, b) => statSync(b).size - statSync(a).size)
    const [largest = ''] = blobs
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
    const held = lock(path.join(bench.folder, 'mirror'))
    assert.equal((await run({ repair: true })).code, 7)
    assert.equal((await run()).code, 0)
    held.release()
  })
})
