import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { exportCommand } from '../../src/commands/export.ts'
import { sync } from '../../src/commands/sync.ts'
import { type VerifyFlags, verify } from '../../src/commands/verify.ts'
import { day } from '../builders/mirror.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

const plain: VerifyFlags = {
  ...{ sample: undefined, repo: undefined, repair: false, list: false },
  ...{ rebuild: true, from: [], recognise: false },
}

describe('verify --rebuild', () => {
  let bench: Workbench
  let data: string
  beforeEach(async () => {
    bench = await openSynced()
    data = path.join(bench.folder, 'mirror')
  })
  afterEach(() => bench.close())

  const loseCatalog = (copies: boolean): void => {
    for (const name of readdirSync(data)) if (name.startsWith('catalog.db')) rmSync(path.join(data, name))
    if (copies) rmSync(path.join(data, 'backups'), { recursive: true })
  }
  const run = (flags: Partial<VerifyFlags> = {}, speaking: Speaking = { json: true }): Promise<Said> =>
    bench.say((context) => verify(context, { ...plain, ...flags }), speaking)
  const syncing = () => bench.say((context) => sync(context, { dryRun: false }), { json: true })
  const line = ({ out }: Said, type: string): Record<string, unknown> =>
    out
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find((one) => one.type === type) ?? assert.fail(`no line of type ${type}:\n${out}`)
  /** Held paths with their bytes, without what was learnt of them. */
  function held(): Record<string, string> {
    const catalog = openCatalog(path.join(data, 'catalog.db'))
    const found: Record<string, string> = {}
    for (const ref of catalog.refs.scan()) if (ref.sha256 !== undefined) found[`${ref.repo} ${ref.path}`] = ref.sha256
    catalog.close()
    return found
  }
  const asked = (): number => Object.values(bench.upstreams).reduce((sum, upstream) => sum + upstream.count(), 0)

  it('puts the newest good copy in place, and asks nobody', async () => {
    const before = held()
    loseCatalog(false)
    writeFileSync(path.join(data, 'backups/catalog-2026-01-09T00-00-00Z.db'), 'torn')
    const said = await run()
    assert.deepEqual([said.code, said.document.wrong], [0, 0], said.out)
    assert.match(String(line(said, 'catalog').copy), /catalog-2026-01-02T12-00-00Z\.db$/)
    assert.deepEqual(held(), before)
    assert.equal(asked(), 0)
    mock.timers.setTime(Date.now() + day)
    assert.equal((await syncing()).document.changed, false)
  })

  it('sets a catalog aside that cannot be read', async () => {
    const before = held()
    loseCatalog(false)
    writeFileSync(path.join(data, 'catalog.db'), 'no catalog at all '.repeat(1000))
    const said = await run()
    assert.equal(said.code, 0, said.out)
    assert.ok(existsSync(String(line(said, 'catalog').aside)))
    assert.deepEqual(held(), before)
  })

  it('adds what came after the copy, out of the catalog that was begun anew', async () => {
    loseCatalog(false)
    mock.timers.setTime(Date.now() + day)
    bench.write('manifest.yaml', bench.text({ packages: { npm: ['@acme/kit@7.2.30202'], cargo: ['kit@5'] } }))
    assert.equal((await syncing()).code, 0)
    assert.ok(existsSync(path.join(data, 'catalog.db.lost')))
    for (const upstream of Object.values(bench.upstreams)) upstream.reset()
    const said = await run()
    assert.deepEqual([said.code, said.document.wrong], [0, 0], said.out)
    const now = Object.keys(held())
    assert.ok(now.includes('cargo /crates/kit/kit-3.1.60101.crate'), 'of the copy')
    assert.ok(now.includes('cargo /crates/kit/kit-5.0.60303.crate'), 'of what came after it')
    assert.equal(existsSync(path.join(data, 'catalog.db.lost')), false)
    assert.equal(asked(), 0)
  })

  it('finds without any copy what signatures prove, and leaves what only claims to be something', async () => {
    const before = held()
    loseCatalog(true)
    const said = await run()
    assert.deepEqual([said.code, said.document.wrong], [0, 0], said.out)
    const now = held()
    const of = (repo: string, all: Record<string, string>) =>
      Object.fromEntries(Object.entries(all).filter(([at]) => at.startsWith(`${repo} `)))
    assert.deepEqual(of('debian', now), of('debian', before))
    assert.deepEqual([of('npm', now), of('cargo', now)], [{}, {}])
    assert.ok((line(said, 'rebuilt').unplaced as { items: number }).items > 0)
    assert.equal(asked(), 0)
    const again = await run()
    assert.deepEqual(line(again, 'rebuilt').found, line(said, 'rebuilt').unplaced, 'and they are looked at again')
    // what is in the store is not fetched again, where its index states its digest
    await syncing()
    assert.deepEqual(held(), before)
    assert.equal(bench.upstreams.cargo.requests.filter(({ path: at }) => at.endsWith('/download')).length, 0)
  })

  it('with --recognise takes documents at their word, which are asked for anew at their next use', async () => {
    const before = held()
    loseCatalog(true)
    const said = await run({ recognise: true })
    assert.deepEqual([said.code, said.document.wrong], [0, 0], said.out)
    const lacking = Object.keys(before).filter((at) => held()[at] === undefined)
    assert.deepEqual(lacking, [])
    const catalog = openCatalog(path.join(data, 'catalog.db'))
    assert.equal(catalog.refs.get('npm', '/@acme/kit', '', 0)?.checked, 0)
    catalog.close()
  })

  it('places by what another data directory says', async () => {
    const other = path.join(bench.folder, 'other')
    cpSync(data, other, { recursive: true })
    const before = held()
    loseCatalog(true)
    const said = await run({ from: [other] })
    assert.deepEqual([said.code, said.document.wrong], [0, 0], said.out)
    assert.deepEqual(Object.keys(held()), Object.keys(before))
  })

  it('places by the names of an exported tree', async () => {
    const tree = path.join(bench.folder, 'tree')
    const flags = { dryRun: false, force: false, caseSensitive: false }
    assert.equal((await bench.say((context) => exportCommand(context, { target: tree, ...flags }))).code, 0)
    loseCatalog(true)
    const said = await run({ from: [tree], recognise: true })
    assert.deepEqual([said.code, said.document.wrong], [0, 0], said.out)
    assert.ok(Object.keys(held()).includes('npm /@acme/kit/-/kit-7.2.30202.tgz'), Object.keys(held()).join('\n'))
  })

  it('drops what the copy names and the store has no more, and tells of damaged blobs', async () => {
    const before = held()
    loseCatalog(false)
    const gone = before['cargo /crates/kit/kit-3.1.60101.crate'] ?? ''
    rmSync(path.join(data, 'blobs/sha256', gone.slice(0, 2), gone))
    const damaged = `${'ab'.repeat(32)}`
    cpSync(path.join(data, 'lock.pid'), path.join(data, 'blobs/sha256/ab', damaged), { recursive: true })
    const said = await run()
    const rebuilt = line(said, 'rebuilt')
    assert.deepEqual([rebuilt.dropped, rebuilt.damaged], [1, [damaged]])
    assert.equal(held()['cargo /crates/kit/kit-3.1.60101.crate'], undefined)
    assert.match((await run({}, {})).err, new RegExp(`damaged: ${damaged}`))
  })

  it('is refused beside a run and where there are no blobs', async () => {
    const { code, err } = await run({}, { flags: { data: path.join(bench.folder, 'nowhere') } })
    assert.deepEqual([code, /there are no blobs at/.test(err)], [2, true])
    assert.equal((await run({ repair: true })).code, 2)
  })
})
