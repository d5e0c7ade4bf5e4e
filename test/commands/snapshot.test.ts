import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it, mock } from 'node:test'
import { exportCommand } from '../../src/commands/export.ts'
import { gc } from '../../src/commands/gc.ts'
import { type SnapshotOptions, snapshot } from '../../src/commands/snapshot.ts'
import { status } from '../../src/commands/status.ts'
import { sync } from '../../src/commands/sync.ts'
import { day, hour, minute, noon } from '../builders/mirror.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** The files of a tree with their bytes, without what the export keeps for itself. */
function texts(root: string): Readonly<Record<string, string>> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('.pkgmirror'),
  )
  return Object.fromEntries(
    names
      .filter((name) => statSync(path.join(root, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(path.join(root, name), 'latin1')]),
  )
}

describe('snapshot', () => {
  let bench: Workbench
  let now = noon
  const pass = (milliseconds: number): void => {
    now += milliseconds
    mock.timers.setTime(now)
  }
  const run = (
    action: SnapshotOptions['action'],
    names: readonly string[] = [],
    more: Partial<SnapshotOptions> = {},
    speaking?: Speaking,
  ): Promise<Said> =>
    bench.say(
      (context) => snapshot(context, { action, names, tags: [], note: '', newest: false, dryRun: false, ...more }),
      speaking,
    )
  const syncOf = (kit: string, speaking: Speaking = {}): Promise<Said> => {
    const manifest = bench.write(
      'wanted.yaml',
      bench.text({ packages: { npm: [`@acme/kit@${kit}`], cargo: ['kit@3'] } }),
    )
    return bench.say((context) => sync(context, { dryRun: false }), { files: [manifest], ...speaking })
  }
  const exportTo = (name: string, of?: string): Promise<Said> =>
    bench.say((context) =>
      exportCommand(context, {
        ...{ target: path.join(bench.folder, name), dryRun: false, force: false, caseSensitive: false },
        ...(of === undefined ? {} : { snapshot: of }),
      }),
    )
  const lines = ({ out }: Said): Rows =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Rows[number])
  const named = async (): Promise<readonly unknown[]> =>
    ((await run('list', [], {}, { json: true })).document.snapshots as Rows).map(({ name }) => name)

  before(async () => {
    bench = await openWorkbench()
    const { code, err } = await syncOf('7.1.30101')
    assert.equal(code, 0, err)
    assert.match(err, /Snapshot 2026-01-02T12-00-00Z is made\./)
  })
  after(() => bench.close())

  it('is made by a sync that changed something, and by no other', async () => {
    pass(minute)
    await syncOf('7.1.30101')
    assert.deepEqual(await named(), ['2026-01-02T12-00-00Z'])
    const { out } = await run('list')
    assert.match(out, /2026-01-02T12-00-00Z {2}.*1 min ago.*by a sync/)
  })

  it('is made by hand with a name, a note and tags; a dry run makes none', async () => {
    const given = { tags: ['release'], note: 'before the upgrade' }
    const dry = await run('create', ['v1'], { ...given, dryRun: true })
    assert.deepEqual([dry.code, (await named()).length], [0, 1])
    assert.equal((await run('create', ['v1'], given)).code, 0)
    const again = await run('create', ['v1'], { dryRun: true })
    assert.deepEqual([again.code, /already/.test(again.err)], [2, true])
    const { out } = await run('show', ['v1'])
    assert.match(out, /v1, made 2026-01-02T12:01:00Z .* by hand/)
    assert.match(out, /before the upgrade\nTags: release/)
    assert.match(out, /npm +\d+ files/)
  })

  it('takes no name that climbs, and knows none that is not there', async () => {
    for (const name of ['../v1', '..', 'a/b', '.hidden', 'a..b', ''])
      assert.equal((await run('create', [name])).code, 2, name)
    for (const action of ['show', 'diff', 'rollback', 'rm'] as const) {
      const { code, err } = await run(action, ['../v1'])
      assert.deepEqual([code, /snapshot list/.test(err)], [2, true], action)
    }
    assert.equal((await run('rm')).code, 2)
    assert.equal((await run('diff', ['v1', 'v1', 'v1'])).code, 2)
    const { code } = await exportTo('nowhere', '../v1')
    assert.equal(code, 2)
  })

  it('differs by packages, with what their metadata says of the difference', async () => {
    pass(hour)
    await syncOf('7.2.30202')
    const { document, ...said } = await run('diff', ['v1'], {}, { json: true })
    const kit = lines({ document, ...said }).find(({ name }) => name === '@acme/kit')
    assert.deepEqual(
      [kit?.type, kit?.what, kit?.after, kit?.added, kit?.noted],
      [
        'package-change',
        'upgraded',
        '7.2.30202',
        [{ version: '7.2.30202', bytes: 39 }],
        { scripts: ['install: node build'] },
      ],
    )
    const { npm, cargo } = document.repositories as Record<string, { packages: { upgraded: number } }>
    assert.deepEqual(
      [document.type, document.before, npm?.packages.upgraded, cargo],
      ['snapshot-diff', 'v1', 1, undefined],
    )
    const { out } = await run('diff', ['v1'])
    assert.match(
      out,
      /upgraded {3}npm @acme\/kit 7\.1\.30101 → 7\.2\.30202 \(\+39 B\); new: 7\.2\.30202\n {4}runs when installed: install: node build/,
    )
    assert.match(out, /npm: 1 upgraded; \+39 B/)
    const [, newest] = (await named()).filter((name) => name !== 'v1')
    const same = await run('diff', [String(newest)])
    assert.match(same.out, /^Nothing differs\.$/m)
    const back = await run('diff', [String(newest), 'v1'])
    assert.match(back.out, /downgraded npm @acme\/kit 7\.2\.30202 → 7\.1\.30101/)
  })

  it('is exported the same again and again, whatever comes since', async () => {
    await exportTo('once', 'v1')
    pass(hour)
    await syncOf('8')
    await exportTo('twice', 'v1')
    await exportTo('now')
    const [once, twice, today] = [
      texts(`${bench.folder}/once`),
      texts(`${bench.folder}/twice`),
      texts(`${bench.folder}/now`),
    ]
    assert.deepEqual(Object.keys(once), Object.keys(twice))
    assert.deepEqual(once, twice)
    assert.ok('npm/@acme/kit/-/kit-7.1.30101.tgz' in once && !('npm/@acme/kit/-/kit-8.0.30303.tgz' in once))
    assert.ok('npm/@acme/kit/-/kit-8.0.30303.tgz' in today)
    assert.deepEqual(
      Object.keys((JSON.parse(once['npm/@acme/kit/index.json'] ?? '') as { versions: object }).versions),
      ['7.1.30101'],
    )
  })

  it('is shown by a roll-back until it is released; a sync goes on underneath and says so', async () => {
    const dry = await run('rollback', ['v1'], { dryRun: true })
    assert.match(dry.err, /would show/)
    const rolled = await run('rollback', ['v1'], {}, { json: true })
    assert.deepEqual([rolled.document.what, rolled.document.snapshot], ['shown', 'v1'])
    const told = await bench.say(status)
    assert.match(told.out, /serve and export show snapshot v1 since 2026-01-02T14:01:00Z/)
    await exportTo('rolled')
    assert.deepEqual(texts(`${bench.folder}/rolled`), texts(`${bench.folder}/once`))
    const { err } = await syncOf('7.2.30202')
    assert.match(err, /go on showing snapshot v1/)
    const kept = await run('rm', ['v1'])
    assert.deepEqual([kept.code, /snapshot release/.test(kept.err), (await named()).includes('v1')], [5, true, true])
    const back = await run('rollback', [], { newest: true })
    assert.equal(back.code, 0, back.err)
    assert.doesNotMatch((await bench.say(status)).out, /export show/)
  })

  it('of syncs goes by number and age with gc, which shows it before; one made by hand or tagged stays', async () => {
    const flags = { snapshotsLatest: '1', keepGrace: '0s' }
    const collect = (dryRun: boolean): Promise<Said> =>
      bench.say((context) => gc(context, { dryRun, force: true }), { json: true, flags })
    const all = await named()
    const plan = await collect(true)
    const going = (plan.document.items as Rows)
      .filter(({ what }) => what === 'snapshot')
      .map(({ path: name, reason }) => [name, reason])
    assert.deepEqual(
      going,
      all
        .filter((name) => name !== 'v1')
        .slice(0, -1)
        .map((name) => [name, 'too many']),
    )
    assert.deepEqual(await named(), all)
    await collect(false)
    assert.deepEqual(await named(), ['v1', all.at(-1)])
    pass(31 * day)
    await collect(false)
    assert.deepEqual(await named(), ['v1'])
  })

  it('is removed by name, and what only it held goes with the next gc', async () => {
    const removed = await run('rm', ['v1'], { dryRun: true })
    assert.match(removed.err, /v1 would be removed/)
    assert.equal((await run('rm', ['v1'])).code, 0)
    assert.deepEqual(await named(), [])
    assert.match((await run('list')).out, /no snapshot yet/)
  })
})
