import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it, mock } from 'node:test'
import { explain } from '../../src/commands/explain.ts'
import { lock } from '../../src/commands/lock.ts'
import { type SeedOptions, seed } from '../../src/commands/seed.ts'
import { status } from '../../src/commands/status.ts'
import { sync } from '../../src/commands/sync.ts'
import { distOf, packument } from '../ecosystems/npm/builders.ts'
import { jsonPage, sha256, wheel } from '../ecosystems/pypi/builders.ts'
import { json } from '../fakes/upstream.ts'
import { bolt, cargoLock, seedOptions, sha } from './project.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

const packageLock = (registry: string, content = bolt): string =>
  JSON.stringify({
    name: 'project',
    lockfileVersion: 3,
    packages: {
      '': { name: 'project', dependencies: { bolt: '^2' } },
      'node_modules/bolt': {
        version: '2.4.40404',
        resolved: `${registry}/bolt/-/bolt-2.4.40404.tgz`,
        integrity: `sha512-${sha('sha512', content).digest('base64')}`,
      },
      'node_modules/forked': { version: '1.0.0', resolved: 'git+ssh://git@git.example.org/forked.git#abc' },
    },
  })

describe('seed', () => {
  let bench: Workbench
  let files: readonly string[]
  before(async () => {
    bench = await openWorkbench()
    files = [
      bench.write('package-lock.json', packageLock(bench.upstreams.npm.url)),
      bench.write('Cargo.lock', cargoLock),
    ]
  })
  after(() => bench.close())

  function seeded(options: Partial<SeedOptions>, speaking: Speaking = {}): Promise<Said> {
    return bench.say((context) => seed(context, { ...seedOptions(files), ...options }), speaking)
  }
  const fresh = (name: string): Speaking => ({ flags: { data: path.join(bench.folder, name) } })

  it('fetches nothing but indexes in a dry run', async () => {
    const { code, err } = await seeded({ dryRun: true }, fresh('dry'))
    assert.equal(code, 0)
    assert.match(err, /npm: \d+ files wanted, 1 to fetch/)
    assert.equal(bench.upstreams.npm.count('/bolt/-/bolt-2.4.40404.tgz'), 0)
  })

  it('tells of each file what is new, held and not mirrorable, and the bytes', async () => {
    const { err } = await seeded({ dryRun: true }, fresh('dry'))
    assert.match(err, /package-lock\.json: package-lock, 2 lines: 1 new \(.* to fetch.*\), 1 not mirrorable/)
    assert.match(err, /Cargo\.lock: cargo-lock, 1 line: 1 new \(/)
  })

  it('brings in what the lockfiles lock, and says what it understood and what not', async () => {
    const { code, err } = await seeded({})
    assert.equal(code, 0, err)
    assert.match(err, /package-lock\.json: package-lock: npm .*1 registry, 1 git; 1 line with a digest/)
    assert.match(err, /Cargo\.lock: cargo-lock: cargo 1 registry; 1 line with a digest/)
    assert.match(err, /skipped: .*package-lock\.json(:\d+)?: forked: its source is git, not a registry/)
    assert.match(err, /package-lock\.json: package-lock, 2 lines: 1 new \(34 B fetched\), 1 not mirrorable/)
    mock.timers.tick(1000)
    const again = await seeded({})
    assert.match(again.err, /package-lock\.json: package-lock, 2 lines: 1 held, 1 not mirrorable/)
  })

  it('lists every line with --json, as it was read and what became of it', async () => {
    mock.timers.tick(1000)
    const { out } = await seeded({}, { json: true })
    const [first] = out.split('\n').filter((line) => line.includes('"type":"lockfile"'))
    const { format, lines, held, skipped, entries } = JSON.parse(first ?? '') as Record<string, unknown>
    assert.deepEqual({ format, lines, held, skipped }, { format: 'package-lock', lines: 2, held: 1, skipped: 1 })
    const [one] = entries as readonly Record<string, unknown>[]
    assert.deepEqual(one, {
      ecosystem: 'npm',
      name: 'bolt',
      version: '2.4.40404',
      url: `${bench.upstreams.npm.url}/bolt/-/bolt-2.4.40404.tgz`,
      digests: [{ of: 'file', digests: { sha512: sha('sha512', bolt).digest('hex') } }],
      source: 'registry',
      options: { fitting: true },
      line: 1,
      state: 'held',
      repository: 'npm',
    })
  })

  it('prints where the mirror has what is named by address', async () => {
    const { out } = await seeded({ addresses: 'text' })
    assert.equal(out, `1  ${bench.upstreams.npm.url}/  http://127.0.0.1:8080/npm/\n`)
    const { out: script } = await seeded({ addresses: 'sed' })
    const host = bench.upstreams.npm.url.replaceAll('.', '\\.')
    assert.ok(script.startsWith(`s|${host}/|http://127.0.0.1:8080/npm/|g\ns|http%3A%2F%2F`), script)
    const without = await seeded({ addresses: 'sed', files: files.slice(1) }, fresh('bare'))
    assert.equal(without.out, '')
    assert.match(without.err, /No address stands in these lockfiles/)
  })

  it('tells the rule and the date of a locked version that policy withholds', async () => {
    const policy = { deny: ['pkg:npm/bolt@2.4.40404'], cooldown: { packages: { 'pkg:cargo/kit': '60d' } } }
    const strict = { ...fresh('strict'), files: [bench.write('strict.yaml', bench.text({ packages: {}, policy }))] }
    const { code, err } = await seeded({}, strict)
    assert.equal(code, 5, err)
    assert.match(
      err,
      /DENIED: .*package-lock\.json:1: bolt 2\.4\.40404 is withheld: denied by pkg:npm\/bolt@2\.4\.40404/,
    )
    assert.match(err, /COOLDOWN: .*Cargo\.lock:3: kit 3\.1\.60101 is withheld: .* allowed from 2026-01-23T/)
    assert.match(err, /package-lock, 2 lines: 1 withheld by policy, 1 not mirrorable/)
  })

  it('goes on past a lockfile that cannot be read', async () => {
    const broken = bench.write('broken/package-lock.json', '<html>')
    const { code, err } = await seeded({ files: [broken, ...files] }, fresh('half'))
    assert.equal(code, 2)
    assert.match(err, /failed: LOCKFILE: .*broken\/package-lock\.json:1: is not JSON/)
    assert.match(err, /Cargo\.lock: cargo-lock, 1 line: 1 new/)
  })

  it('keeps the lockfile as a proof', async () => {
    const { out, code } = await bench.say((context) => explain(context, 'pkg:npm/bolt@2.4.40404'))
    assert.equal(code, 0)
    assert.match(out, /lockfile .*package-lock\.json states sha512 /)
  })

  it('holds only the locked versions, in the name of the lockfiles', async () => {
    const { document } = await bench.say(status, { json: true })
    const [npm] = document.repositories as readonly { name: string; artifacts: number }[]
    assert.deepEqual([npm?.name, npm?.artifacts], ['npm', 1])
    const [holder] = document.holders as readonly { holder: string }[]
    assert.equal(holder?.holder, files.join(' + '))
  })

  it('refuses what upstream states another digest of than the lockfile, and names its line', async () => {
    const before = bench.upstreams.npm.count('/bolt/-/bolt-2.4.40404.tgz')
    const changed = bench.write('changed/package-lock.json', packageLock(bench.upstreams.npm.url, 'something else'))
    const { code, err } = await seeded({ files: [changed] }, fresh('changed-mirror'))
    assert.equal(code, 4, err)
    assert.match(err, /changed\/package-lock\.json:\d+: .*bolt.* digest/)
    assert.equal(bench.upstreams.npm.count('/bolt/-/bolt-2.4.40404.tgz'), before)
  })

  it('writes a manifest that brings in the same', async () => {
    const manifest = path.join(bench.folder, 'kept/mirror.yaml')
    assert.equal((await seeded({ writeManifest: manifest, dryRun: true }, fresh('kept-dry'))).code, 0)
    const text = readFileSync(manifest, 'utf8')
    assert.match(text, /^# .*\n# \.\.\/package-lock\.json: package-lock: npm /)
    assert.match(text, /# {3}not mirrored: forked.*git/)
    const again = fresh('kept-mirror')
    const from = [bench.write('bare.yaml', bench.text({ packages: {} })), manifest]
    const { code, err } = await bench.say((context) => sync(context, { dryRun: false }), { ...again, files: from })
    assert.equal(code, 0, err)
    const { code: found } = await bench.say((context) => explain(context, 'pkg:cargo/kit@3.1.60101'), again)
    assert.equal(found, 0)
  })

  it('does not overwrite another manifest', async () => {
    const writeManifest = bench.write('mine.yaml', 'offline: true\n')
    const { code, err } = await seeded({ writeManifest }, fresh('never'))
    assert.equal(code, 2)
    assert.match(err, /mine\.yaml: is there with other content/)
    assert.equal(readFileSync(writeManifest, 'utf8'), 'offline: true\n')
  })

  it('refuses a file of no known format, and takes one that is named', async () => {
    const strange = bench.write('strange.lock', cargoLock)
    const { code, err } = await seeded({ files: [strange] }, fresh('strange'))
    assert.equal(code, 2)
    assert.match(err, /strange\.lock: this is no lockfile that is known\n.*cargo-lock.*--as/)
    assert.equal((await seeded({ files: [strange], as: 'cargo-lock', dryRun: true }, fresh('strange'))).code, 0)
    assert.match(
      (await seeded({ files: [strange], as: 'cargolock' }, fresh('strange'))).err,
      /no lockfile format "cargolock"; did you mean "cargo-lock"/,
    )
  })

  it('tells why lines are left out, and what a bill of materials cannot say', async () => {
    const components = [
      { type: 'library', name: 'bolt', version: '2.4.40404', purl: 'pkg:npm/bolt@2.4.40404' },
      { type: 'library', name: 'inner', version: '1' },
      { type: 'library', name: 'x', version: '1', purl: 'pkg:cocoapods/x@1' },
    ]
    const bill = bench.write('bom.json', JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', components }))
    const { code, err } = await seeded({ files: [bill], dryRun: true }, fresh('bill'))
    assert.equal(code, 0, err)
    assert.match(
      err,
      /bom\.json: cyclonedx: .*; 0 lines with a digest, 3 lines without, for which the registry's counts/,
    )
    assert.match(err, /skipped: .*bom\.json:1: inner: nothing says what ecosystem it is of/)
    assert.match(err, /skipped: .*bom\.json:1: x: no repository mirrors cocoapods/)
  })

  it('takes what another registry has from here only by its digest', async () => {
    const lock = (integrity: string) =>
      JSON.stringify({
        lockfileVersion: 1,
        workspaces: {},
        packages: { bolt: ['bolt@2.4.40404', 'https://other.example.org/', {}, integrity] },
      })
    const bare = await seeded({ files: [bench.write('bare/bun.lock', lock(''))], dryRun: true }, fresh('bare'))
    assert.match(bare.err, /skipped: .*bolt: no repository mirrors npm from other\.example\.org/)
    assert.match(
      bare.err,
      /to have them, add:\nrepositories:\n {2}other-example-org: \{ ecosystem: npm, upstream: "https:\/\/other\.example\.org" \}\n/,
    )
    const integrity = `sha512-${sha('sha512', bolt).digest('base64')}`
    const told = await seeded({ files: [bench.write('told/bun.lock', lock(integrity))], dryRun: true }, fresh('told'))
    assert.match(told.err, /npm: \d+ files wanted, 1 to fetch/)
  })

  it('tells digests that are of no file', async () => {
    const text = `__metadata:\n  version: 8\n\n"bolt@npm:^2":\n  version: 2.4.40404\n  resolution: "bolt@npm:2.4.40404"\n  checksum: 10c0/${'a'.repeat(128)}\n`
    const { code, err } = await seeded({ files: [bench.write('berry/yarn.lock', text)], dryRun: true }, fresh('berry'))
    assert.equal(code, 0, err)
    assert.match(err, /yarn-berry: npm 1 registry; 0 lines with a digest, 1 line with a digest that is of no file/)
  })

  it('tells what is for other machines than the wanted ones', async () => {
    const { npm } = bench.upstreams
    npm.set('/portable', json(packument('portable', { '1.0.0': { os: ['win32'] } })))
    const made = ['manylinux_2_17_x86_64', 'win_amd64'].map((tag) =>
      wheel('press', '1.0', { tags: `cp39-abi3-${tag}` }),
    )
    const listed = made.map(({ file, bytes }) => ({
      file,
      url: `${npm.url}/files/${file}`,
      hashes: { sha256: sha256(bytes) },
      size: bytes.length,
    }))
    npm.set('/simple/press/', { type: 'application/vnd.pypi.simple.v1+json', body: jsonPage('press', listed) })
    for (const { file, bytes } of made) npm.set(`/files/${file}`, { body: bytes })
    const repositories = { npm: { upstream: npm.url }, pypi: { upstream: `${npm.url}/simple` } }
    const settings = JSON.stringify({ repositories, platforms: ['linux-x64-glibc'] })
    const here = { ...fresh('platforms'), files: [bench.write('platforms.yaml', settings)] }
    const portable = { version: '1.0.0', integrity: distOf('portable', '1.0.0').integrity }
    const packages = { '': { name: 'project' }, 'node_modules/portable': portable }
    const hashed = listed.map(({ file, hashes }) => `{file = "${file}", hash = "sha256:${hashes.sha256}"}`).join(', ')
    const locks = [
      bench.write('platforms/package-lock.json', JSON.stringify({ lockfileVersion: 3, packages })),
      bench.write(
        'platforms/poetry.lock',
        `[[package]]\nname = "press"\nversion = "1.0"\nfiles = [${hashed}]\n\n[metadata]\nlock-version = "2.1"\n`,
      ),
    ]
    const { code, err } = await seeded({ files: locks }, here)
    assert.equal(code, 0, err)
    assert.match(err, /package-lock, 1 line: 1 for other machines alone/)
    assert.match(err, /poetry-lock, 1 line: 1 new \(.*\), 1 file of other machines left out/)
    assert.equal(npm.count(`/files/${listed[1]?.file}`), 0)
    mock.timers.tick(1000)
    const { out } = await seeded({ files: locks }, { ...here, json: true })
    const told = out.split('\n').flatMap((line) => (line.includes('"type":"lockfile"') ? [JSON.parse(line)] : []))
    assert.deepEqual(
      told.map(({ elsewhere, leftOut, entries: [one] }) => [elsewhere, leftOut, one.state]),
      [
        [1, 0, 'elsewhere'],
        [0, 1, 'held'],
      ],
    )
  })

  it('prints JSON lines that end in a summary', async () => {
    const { out, document, code } = await seeded({}, { json: true })
    const types = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    assert.deepEqual(types.slice(0, 2), ['understood', 'understood'])
    assert.deepEqual([types.at(-1), document.code, code], ['summary', 0, 0])
  })

  it('ends with 7 when another run works on the data directory', async () => {
    const held = await lock(path.join(bench.folder, 'mirror'))
    const { code } = await seeded({})
    held.release()
    assert.equal(code, 7)
  })

  it('makes no data directory for a file that is not there', async () => {
    const { code, err } = await seeded({ files: ['/nowhere/package-lock.json'] }, fresh('nothing'))
    assert.equal(code, 2)
    assert.match(err, /^\/nowhere\/package-lock\.json: there is no such file/)
    assert.ok(!existsSync(path.join(bench.folder, 'nothing')))
  })
})
