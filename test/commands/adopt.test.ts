// `adopt`: files of a cache or another mirror come in where an index that is held states their digests, under whatever names.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type AdoptFlags, adopt } from '../../src/commands/adopt.ts'
import { exportCommand } from '../../src/commands/export.ts'
import { sync } from '../../src/commands/sync.ts'
import { verify } from '../../src/commands/verify.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

const isArtifact = /\.(?:tgz|crate|deb)$/

describe('adopt', () => {
  let bench: Workbench
  /** Artifacts of the exported tree, as files. */
  let tree: string
  let artifacts: readonly string[]
  /** Indexes of suites count once a sync has shown them, which a plan does not. */
  let debs: number
  let known: number

  const at = (name: string) => path.join(bench.folder, name)
  const run = (
    directory: string,
    data: string,
    flags: Partial<AdoptFlags> = {},
    speaking: Speaking = {},
  ): Promise<Said> =>
    bench.say((context) => adopt(context, { directories: [directory], repo: undefined, dryRun: false, ...flags }), {
      ...speaking,
      flags: { data: at(data) },
    })
  /** Indexes alone. */
  const plan = (data: string) => bench.say((context) => sync(context, { dryRun: true }), { flags: { data: at(data) } })
  const sums = ({ document }: Said) =>
    Object.fromEntries(
      ['taken', 'held', 'left', 'refused', 'unreadable'].map((what) => [
        what,
        (document[what] as { items: number }).items,
      ]),
    )

  before(async () => {
    bench = await openSynced()
    tree = at('tree')
    const flags = { target: tree, dryRun: false, force: false, caseSensitive: false }
    assert.equal((await bench.say((context) => exportCommand(context, flags))).code, 0)
    artifacts = readdirSync(tree, { recursive: true })
      .map(String)
      .filter((name) => isArtifact.test(name))
      .map((name) => path.join(tree, name))
    debs = artifacts.filter((file) => file.endsWith('.deb')).length
    known = artifacts.length - debs
    assert.ok(debs > 0 && known > 1)
  })
  after(() => bench.close())

  it('takes files by their digests, whatever their names, and asks upstream for none of them', async () => {
    await plan('by-digest')
    const cache = at('cache/content-v2')
    mkdirSync(cache, { recursive: true })
    for (const [index, file] of artifacts.entries()) copyFileSync(file, path.join(cache, String(index)))
    writeFileSync(path.join(cache, 'other'), 'nothing that anybody knows')
    symlinkSync(path.join(cache, '0'), path.join(cache, 'link'))
    for (const upstream of Object.values(bench.upstreams)) upstream.reset()

    const said = await run(at('cache'), 'by-digest', {}, { json: true })
    const asked = Object.values(bench.upstreams).flatMap((upstream) =>
      upstream.requests.map(({ path: one }) => one).filter((one) => isArtifact.test(one)),
    )
    const proof = await bench.say(
      (context) =>
        verify(context, {
          sample: undefined,
          repo: undefined,
          repair: false,
          list: false,
          rebuild: false,
          from: [],
          recognise: false,
        }),
      { flags: { data: at('by-digest') }, json: true },
    )

    assert.equal(said.code, 0, said.err)
    assert.deepEqual(sums(said), { taken: known, held: 0, left: 1 + debs, refused: 0, unreadable: 0 })
    assert.equal(said.document.passed, 1)
    assert.deepEqual(asked, [])
    assert.deepEqual([proof.code, proof.document.wrong], [0, 0])
  })

  it('then has nothing left to take, and a sync nothing to fetch', async () => {
    const again = await run(at('cache'), 'by-digest', {}, { json: true })
    for (const upstream of Object.values(bench.upstreams)) upstream.reset()
    const { code } = await bench.say((context) => sync(context, { dryRun: false }), {
      flags: { data: at('by-digest') },
    })
    const asked = Object.values(bench.upstreams).flatMap((upstream) =>
      upstream.requests.filter(({ path: one }) => isArtifact.test(one)),
    )

    assert.deepEqual(sums(again), { taken: 0, held: known, left: 1 + debs, refused: 0, unreadable: 0 })
    assert.deepEqual([code, asked.length], [0, debs])
  })

  it('says what it would take in a dry run, and takes nothing', async () => {
    await plan('dry')
    const dry = await run(tree, 'dry', { dryRun: true }, { json: true })
    const real = await run(tree, 'dry', {}, { json: true })

    // of the suite its list of packages, by its hash; with that the suite is there, and its files count
    assert.deepEqual([sums(dry).taken, sums(real).taken], [known + 1, artifacts.length + 1])
  })

  it('leaves everything where no index is held, and says how to change that', async () => {
    const said = await run(tree, 'empty')

    assert.equal(said.code, 0)
    assert.match(
      said.err,
      /Took 0 files .*\n.* left: no index that is held states their digests\. `pkgmirror sync MANIFEST --dry-run`/,
    )
  })

  it("goes by a repository's own paths where it is told to, and refuses other bytes than are stated", async () => {
    await plan('layout')
    const own = at('layout-tree')
    const [first = '', ...rest] = artifacts.filter((file) => file.includes('/npm/'))
    for (const file of [first, ...rest]) {
      const to = path.join(own, path.relative(path.join(tree, 'npm'), file))
      mkdirSync(path.dirname(to), { recursive: true })
      if (file === first) writeFileSync(to, 'not the tarball')
      else copyFileSync(file, to)
    }
    const said = await run(own, 'layout', { repo: 'npm' }, { json: true })

    assert.equal(said.code, 4)
    assert.deepEqual(sums(said), { taken: rest.length, held: 0, left: 0, refused: 1, unreadable: 0 })
  })

  it('is what a sync begins with, when it is told where files lie: then suites count, too', async () => {
    for (const upstream of Object.values(bench.upstreams)) upstream.reset()
    const { code, err } = await bench.say((context) => sync(context, { dryRun: false, adopt: [at('cache')] }), {
      flags: { data: at('synced') },
    })
    const asked = Object.values(bench.upstreams).flatMap((upstream) =>
      upstream.requests.filter(({ path: one }) => isArtifact.test(one)),
    )

    assert.deepEqual([code, asked], [0, []])
    assert.match(err, new RegExp(`^${artifacts.length} files \\(.*\\) came from `, 'm'))
  })

  it('passes by links, loops of them and pipes, and prints a hostile name on one line', async () => {
    await plan('hostile')
    const hostile = at('hostile-tree')
    mkdirSync(path.join(hostile, 'deep'), { recursive: true })
    const [first = ''] = artifacts
    copyFileSync(first, path.join(hostile, 'a\nfailed: b\u001b[2J.tgz'))
    symlinkSync(hostile, path.join(hostile, 'deep/up'))
    symlinkSync('/no/such/file', path.join(hostile, 'deep/nowhere'))
    assert.equal(spawnSync('mkfifo', [path.join(hostile, 'deep/pipe')]).status, 0)
    const said = await run(hostile, 'hostile')

    assert.equal(said.code, 0)
    assert.match(said.err, /^taken: .*a\\u000afailed: b\\u001b\[2J\.tgz as /m)
    assert.match(said.err, /3 links or devices passed by/)
  })

  it('changes nothing of what it was shown', async () => {
    const digests = () => artifacts.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'))
    const was = digests()
    await plan('unchanged')
    await run(tree, 'unchanged')

    assert.deepEqual(digests(), was)
  })

  it('refuses what is no directory, and a repository that is not there', async () => {
    assert.equal((await run(at('nowhere'), 'dry')).code, 2)
    assert.equal((await run(tree, 'dry', { repo: 'nope' })).code, 2)
  })
})
