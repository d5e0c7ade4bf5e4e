import assert from 'node:assert/strict'
import { renameSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it, mock } from 'node:test'
import { gc } from '../../src/commands/gc.ts'
import { forget, manifests } from '../../src/commands/manifests.ts'
import type { Summary } from '../../src/commands/run.ts'
import { sync } from '../../src/commands/sync.ts'
import { fixtures as cargo } from '../ecosystems/cargo/fixtures.ts'
import { status as answer } from '../fakes/upstream.ts'
import { openSynced, type Speaking, type Workbench } from './workbench.ts'

interface Listed {
  readonly name: string
  readonly paths: number
  readonly bytes: number
  readonly files: readonly { readonly file: string; readonly there: boolean }[]
  readonly run?: { readonly code: number; readonly command: string }
}

describe('what manifests hold', () => {
  let bench: Workbench
  before(async () => {
    bench = await openSynced()
  })
  after(() => bench.close())

  const listed = async (): Promise<readonly Listed[]> =>
    (await bench.say(manifests, { json: true, files: [] })).document.manifests as readonly Listed[]
  const held = async (name = bench.manifest): Promise<number> =>
    (await listed()).find((one) => one.name === name)?.paths ?? 0
  const syncing = (speaking: Speaking = {}) =>
    bench.say((context) => sync(context, { dryRun: false }), { quiet: true, ...speaking })
  const letGo = (name: string, dryRun: boolean) => bench.say((context) => forget(context, { name, dryRun }))

  it('is listed with its file, its last run, paths and bytes', async () => {
    const [one] = await listed()
    assert.deepEqual([one?.name, one?.files], [bench.manifest, [{ file: bench.manifest, there: true }]])
    assert.deepEqual([one?.run?.code, one?.run?.command], [0, `sync ${bench.manifest}`])
    assert.ok((one?.paths ?? 0) > 6 && (one?.bytes ?? 0) > 0)
    assert.match((await bench.say(manifests)).out, /manifest\.yaml +\d+ paths +.* code 0 2026-/)
  })

  it('stays when its upstream fails', async () => {
    const before = await held()
    bench.upstreams.cargo.set('/config.json', answer(500))
    const failing = bench.write('failing.yaml', bench.text({ packages: { cargo: ['kit@2'] } }))
    renameSync(failing, bench.manifest)
    assert.notEqual((await syncing()).code, 0)
    assert.equal(await held(), before)
    assert.notEqual((await listed())[0]?.run?.code, 0)
  })

  it('stays when the manifest cannot be read, or only half of it', async () => {
    const before = await held()
    bench.write('manifest.yaml', bench.text().slice(0, 40))
    assert.equal((await syncing()).code, 2)
    bench.write('manifest.yaml', '')
    assert.equal((await syncing()).code, 2)
    bench.write('manifest.yaml', bench.text({ lockfiles: ['nothing/*.json'] }))
    assert.equal((await syncing()).code, 2)
    assert.equal(await held(), before)
  })

  it('stays under its name when the manifest moves', async () => {
    const before = await held()
    bench.write('manifest.yaml', bench.text({ packages: { npm: ['@acme/kit@7.2.30202'] } }))
    const moved = path.join(bench.folder, 'moved.yaml')
    renameSync(bench.manifest, moved)
    assert.equal((await syncing({ files: [moved] })).code, 0)
    assert.equal(await held(), before)
    assert.ok((await held(moved)) > 0)
    assert.match((await bench.say(manifests, { files: [moved] })).out, /its file is gone/)
  })

  it('stays where a run was narrowed to some repositories', async () => {
    bench.write('manifest.yaml', bench.text({ packages: { npm: ['@acme/kit@7.2.30202'], debian: ['kit'] } }))
    const before = await held()
    assert.equal((await syncing({ flags: { only: 'npm' } })).code, 0)
    assert.equal(await held(), before)
  })

  it('goes with `forget` alone, by the end of its name, after a look with --dry-run', async () => {
    const before = await held()
    const shown = await letGo('moved.yaml', true)
    assert.match(shown.err, /Would let go of \d+ paths \(.*\) of .*moved\.yaml/)
    assert.ok((await held(path.join(bench.folder, 'moved.yaml'))) > 0)
    assert.equal((await letGo('moved.yaml', false)).code, 0)
    assert.equal(await held(path.join(bench.folder, 'moved.yaml')), 0)
    assert.equal(await held(), before)
  })

  it('is refused by a name that nothing has, and beside a run', async () => {
    const { code, err } = await letGo('nobody.yaml', false)
    assert.equal(code, 2)
    assert.match(
      err,
      /nothing is held by a manifest called nobody\.yaml\n {2}Held is what these want: .*manifest\.yaml/,
    )
  })

  it('is told by gc, with what is to be done where the file is gone', async () => {
    const gone = bench.write('gone.yaml', bench.text({ packages: { npm: ['@acme/kit@7.2.30202'] } }))
    assert.equal((await syncing({ files: [gone] })).code, 0)
    unlinkSync(gone)
    const { out } = await bench.say((context) => gc(context, { dryRun: true, force: false }), { files: [] })
    assert.match(out, /gone\.yaml is gone: its \d+ paths stay until `pkgmirror forget .*gone\.yaml`/)
    assert.doesNotMatch(out, /manifest\.yaml is gone/)
  })
})

describe('what upstream takes back', () => {
  it('is told by the run that saw it first, in its ecosystem’s word', async () => {
    const bench = await openSynced()
    try {
      const { files } = await cargo.archive(bench.upstreams.cargo.url)
      const index = String(files['/3/k/kit']?.body ?? '')
      assert.match(index, /3\.1\.60101/)
      const yanked = index.replaceAll('"yanked":false', '"yanked":true')
      bench.upstreams.cargo.set('/3/k/kit', { body: yanked, type: 'text/plain', etag: true })
      const syncing = () => bench.say((context) => sync(context, { dryRun: false }), { json: true })
      mock.timers.tick(3_600_000)
      const { drift } = (await syncing()).document as { drift: Summary['drift'] }
      assert.deepEqual(
        drift.withdrawn.items.map(({ name, version, word }) => [name, version, word]),
        [['kit', '3.1.60101', 'yanked']],
      )
      const again = (await syncing()).document as { drift: Summary['drift'] }
      assert.equal(again.drift.withdrawn.count, 0)
    } finally {
      await bench.close()
    }
  })
})
