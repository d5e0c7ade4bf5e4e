import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { faultOfCatalog } from '../../src/catalog/copy.ts'
import { copiesOf, copyEvery, copyWhenDue } from '../../src/commands/copies.ts'
import { gc } from '../../src/commands/gc.ts'
import { sync } from '../../src/commands/sync.ts'
import { openWorkspace } from '../../src/commands/workspace.ts'
import { day } from '../builders/mirror.ts'
import { openSynced, type Workbench } from './workbench.ts'

describe('copies of the catalog', () => {
  let bench: Workbench
  let data: string
  beforeEach(async () => {
    bench = await openSynced()
    data = path.join(bench.folder, 'mirror')
  })
  afterEach(() => bench.close())

  const names = (): readonly string[] => readdirSync(path.join(data, 'backups')).sort()
  const loseCatalog = (): void => {
    for (const name of readdirSync(data)) if (name.startsWith('catalog.db')) rmSync(path.join(data, name))
  }

  it('are taken after a sync that changed something, and can be read', async () => {
    assert.deepEqual(names(), ['catalog-2026-01-02T12-00-00Z.db'])
    const [copy] = await copiesOf(data)
    assert.equal(faultOfCatalog(copy?.file ?? ''), undefined)
  })

  it('are taken when they are due, and the oldest go', async () => {
    const workspace = await openWorkspace(await bench.load([bench.manifest], { backupKeep: '2' }))
    try {
      assert.equal(await copyWhenDue(workspace), undefined, 'the sync took one just now')
      writeFileSync(path.join(data, 'backups', 'catalog-2026-01-01T00-00-00Z.db.part'), 'of a crash')
      for (let round = 0; round < 3; round += 1) {
        mock.timers.setTime(Date.now() + day)
        assert.ok((await copyWhenDue(workspace)) !== undefined)
      }
      assert.deepEqual(names(), ['catalog-2026-01-04T12-00-00Z.db', 'catalog-2026-01-05T12-00-00Z.db'])
    } finally {
      await workspace.close()
    }
  })

  it('are taken by serve, when one is due', async () => {
    mock.timers.setTime(Date.now() + day)
    const workspace = await openWorkspace(await bench.load([bench.manifest]))
    await copyEvery(workspace)()
    await workspace.close()
    assert.equal(names().length, 2)
  })

  it('are not taken of a catalog that was lost, which gc then leaves the blobs of', async () => {
    loseCatalog()
    mock.timers.setTime(Date.now() + 3 * day)
    const { err } = await bench.say((context) => sync(context, { dryRun: false }))
    assert.match(err, /warning: DAMAGED: .*the catalog .* is new, but the store at .* has blobs \(.*verify --rebuild/)
    assert.ok(existsSync(path.join(data, 'catalog.db.lost')))
    assert.equal(names().length, 1)
    const workspace = await openWorkspace(await bench.load([bench.manifest]))
    assert.equal(workspace.lost, true, 'the next start says so too')
    await workspace.close()
    const { document } = await bench.say((context) => gc(context, { dryRun: true, force: false }), { json: true })
    assert.deepEqual(document.unknown, { items: 0, bytes: 0 })
  })

  it('a verb that needs a catalog names the way out', async () => {
    loseCatalog()
    const { err } = await bench.say((context) => gc(context, { dryRun: true, force: false }))
    assert.match(err, /there is no catalog at .*mirror\n.*pkgmirror verify --rebuild/)
  })

  it('tell why a file is none', () => {
    const file = bench.write('broken.db', 'this is no database, and long enough to be seen as none'.repeat(100))
    assert.match(faultOfCatalog(file) ?? '', /not a database/)
    assert.match(faultOfCatalog(bench.write('empty.db', '')) ?? '', /empty/)
  })
})
