import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { init } from '../../src/commands/init.ts'
import { sync } from '../../src/commands/sync.ts'
import { cargoLock } from './project.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

describe('init', () => {
  let bench: Workbench
  let tree: string
  before(async () => {
    bench = await openWorkbench()
    tree = path.join(bench.folder, 'tree')
    bench.write('tree/crates/one/Cargo.lock', cargoLock)
    bench.write(
      'tree/Dockerfile',
      'FROM registry.example.org/base:1 AS base\nFROM base\nCOPY --from=library/tool /x /x\n',
    )
    bench.write('tree/web/package-lock.json', '{')
    bench.write('tree/empty/package-lock.json', '{"lockfileVersion":3,"packages":{"":{}}}')
    bench.write('tree/web/node_modules/x/package-lock.json', '{"lockfileVersion":3,"packages":{"node_modules/y":{}}}')
    bench.write('tree/.git/config', '')
    bench.write('tree/notes.txt', 'nothing to see\n')
  })
  after(() => bench.close())

  const found = (folder = tree, output?: string, speaking: Speaking = {}): Promise<Said> =>
    bench.say((context) => init(context, folder, { output, force: false }), speaking)

  it('writes a manifest of what is there, with what it passed over and why, and opens no data directory', async () => {
    const data = path.join(bench.folder, 'nowhere')
    const { code, out, err } = await found(tree, undefined, { flags: { data } })
    assert.equal(code, 0, err)
    assert.match(out, /^# What `pkgmirror init` found\./)
    assert.match(out, /^# crates\/one\/Cargo\.lock: cargo-lock: cargo 1 registry; 1 line with a digest$/m)
    assert.match(out, /^# {3}not mirrored: base \(line 1\): no repository mirrors oci from registry\.example\.org$/m)
    assert.match(
      out,
      /^# {3}registry-example-org: \{ ecosystem: oci, upstream: "https:\/\/registry\.example\.org\/v2" \}$/m,
    )
    assert.match(out, /^# {3}web\/node_modules: holds packages that a tool brought$/m)
    assert.match(out, /^# {3}web\/package-lock\.json: line 1: is not JSON$/m)
    assert.match(out, /^# {3}empty\/package-lock\.json: locks nothing$/m)
    assert.match(out, /^# platforms: /m)
    assert.ok(out.endsWith('lockfiles:\n  - Dockerfile\n  - crates/one/Cargo.lock\n'), out)
    assert.doesNotMatch(out, /\.git|notes/)
    assert.match(err, /2 files with 3 lines\.\n$/)
    assert.ok(!existsSync(data))
  })

  it('writes a manifest that a sync takes', async () => {
    const manifest = path.join(bench.folder, 'kept/mirror.yaml')
    assert.equal((await found(path.join(tree, 'crates'), manifest)).code, 0)
    assert.match(readFileSync(manifest, 'utf8'), /\nlockfiles:\n {2}- \.\.\/tree\/crates\/one\/Cargo\.lock\n$/)
    const from = [bench.write('bare.yaml', bench.text({ packages: {} })), manifest]
    const { code, err } = await bench.say((context) => sync(context, { dryRun: false }), { files: from })
    assert.equal(code, 0, err)
    assert.match(err, /fetched cargo \/crates\/kit\/kit-3\.1\.60101\.crate/)
  })

  it('lists the same as JSON', async () => {
    const { document } = await found(tree, undefined, { json: true })
    const { type, lockfiles, passed, missing } = document as Record<string, readonly Record<string, unknown>[]>
    assert.equal(type, 'manifest')
    assert.deepEqual(
      lockfiles?.map(({ format, lines }) => [format, lines]),
      [
        ['dockerfile', 2],
        ['cargo-lock', 1],
      ],
    )
    assert.equal(passed?.length, 3)
    assert.deepEqual(missing, [{ ecosystem: 'oci', address: 'https://registry.example.org/v2' }])
  })

  it('refuses what is no folder, and one with nothing in it', async () => {
    assert.match((await found(path.join(tree, 'Dockerfile'))).err, /Dockerfile: is no folder/)
    const { code, err } = await found(path.join(tree, 'empty'))
    assert.equal(code, 2)
    assert.match(err, /holds no lockfile and no image reference/)
  })
})
