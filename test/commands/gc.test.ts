import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, beforeEach, describe, it, mock } from 'node:test'
import { collectEvery } from '../../src/commands/collecting.ts'
import { type GcOptions, gc } from '../../src/commands/gc.ts'
import { lock } from '../../src/commands/lock.ts'
import { status } from '../../src/commands/status.ts'
import { openWorkspace } from '../../src/commands/workspace.ts'
import { day } from '../builders/mirror.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

interface Item {
  readonly what: string
  readonly reason: string
}

/** The time of the files, which no mock moves. */
const real = (): number => performance.timeOrigin + performance.now()

describe('gc', () => {
  let bench: Workbench
  before(async () => {
    bench = await openSynced()
    mock.timers.setTime(real() + 2 * day)
  })
  after(() => bench.close())

  const run = (options: Partial<GcOptions> = {}, speaking: Speaking = {}): Promise<Said> =>
    bench.say((context) => gc(context, { dryRun: false, force: false, ...options }), speaking)

  it('lets go of nothing that a manifest holds, whatever the rules say', async () => {
    const { code, document } = await run({}, { json: true, flags: { keepUnusedFor: '1d', keepMaxSize: '1B' } })
    const { npm } = document.repositories as Record<string, { kept: Record<string, { items: number }> }>
    assert.deepEqual([code, document.loss], [0, 0])
    assert.ok((npm?.kept[bench.manifest]?.items ?? 0) > 2)
  })

  it('says who keeps what', async () => {
    const { out } = await run({ dryRun: true })
    assert.match(out, /npm: nothing goes; kept: \d+ \(.*\) by the manifest .*manifest\.yaml/)
    assert.match(out, /nothing was touched: this was a dry run/)
  })

  describe('when the manifest is forgotten', () => {
    const rules = { keepUnusedFor: '1d' }
    beforeEach(async () => {
      const { mirror, close } = await openWorkspace(await bench.load([bench.manifest]))
      mirror.catalog.holds.settle(bench.manifest, Number.MAX_SAFE_INTEGER)
      await close()
    })

    it('shows its plan as one document with a reason for each item', async () => {
      const { code, out, document } = await run({ dryRun: true }, { json: true, flags: rules })
      const items = document.items as readonly Item[]
      assert.deepEqual([code, document.schema, document.type, document.guarded], [0, 1, 'gc', true])
      assert.equal(out.trimEnd().split('\n').length, 1)
      assert.ok(items.some(({ what, reason }) => what === 'blob' && reason === 'unused'))
    })

    it('refuses to drop most of it, with 5', async () => {
      const { code, err } = await run({}, { flags: rules })
      assert.equal(code, 5)
      assert.match(err, /--force/)
    })

    it('waits for no other run', async () => {
      const held = await lock(path.join(bench.folder, 'mirror'))
      const codes = [(await run({}, { flags: rules })).code, (await run({ dryRun: true }, { flags: rules })).code]
      held.release()
      assert.deepEqual(codes, [7, 0])
    })

    it('does what the plan showed when it is forced, and enters it in the history', async () => {
      const planned = (await run({ dryRun: true }, { json: true, flags: rules })).document
      const { code, document } = await run({ force: true }, { json: true, flags: rules })
      assert.equal(code, 0)
      assert.deepEqual(document.items, planned.items)
      assert.deepEqual((document.swept as { files: unknown }).files, planned.freed)
      const { runs } = (await bench.say(status, { json: true })).document as {
        runs: { command: string; code: number }[]
      }
      assert.deepEqual(runs[0] && [runs[0].command, runs[0].code], ['gc', 0])
      assert.equal(((await run({ dryRun: true }, { json: true, flags: rules })).document.items as []).length, 0)
    })
  })
})

describe('gc while serving', () => {
  let bench: Workbench
  before(async () => {
    bench = await openSynced()
  })
  after(() => bench.close())

  /** Lets `period` pass for a serve whose gc is due all the time but for the clock, and tells how many collections there were. */
  async function collections(during: () => Promise<void>): Promise<number> {
    const workspace = await openWorkspace(await bench.load([bench.manifest], { gcEvery: '50ms' }))
    const end = collectEvery(workspace)
    try {
      await during()
    } finally {
      await end()
    }
    const count = workspace.mirror.catalog.runs.list(100).filter(({ command, code }) => command === 'gc' && code === 0)
    await workspace.close()
    return count.length
  }

  const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

  it('skips its turn while a run holds the directory', async () => {
    const count = await collections(async () => {
      const held = await lock(path.join(bench.folder, 'mirror'))
      await wait(200)
      held.release()
    })
    assert.equal(count, 0)
  })

  it('collects when it is due, and not before it is due again', async () => {
    assert.equal(await collections(() => wait(400)), 1)
  })
})
