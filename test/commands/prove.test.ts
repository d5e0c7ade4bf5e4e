import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { prove } from '../../src/commands/prove.ts'
import { seed } from '../../src/commands/seed.ts'
import { bolt, cargoLock, seedOptions, sha } from './project.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

const packageLock = (registry: string, content = bolt, version = '2.4.40404', digest = true): string =>
  JSON.stringify(
    {
      lockfileVersion: 3,
      packages: {
        'node_modules/bolt': {
          version,
          resolved: `${registry}/bolt/-/bolt-${version}.tgz`,
          ...(digest ? { integrity: `sha512-${sha('sha512', content).digest('base64')}` } : {}),
        },
        'node_modules/forked': { version: '1.0.0', resolved: 'git+ssh://git@git.example.org/forked.git#abc' },
      },
    },
    null,
    1,
  )

describe('prove', () => {
  let bench: Workbench
  let files: readonly string[]
  before(async () => {
    bench = await openWorkbench()
    files = [
      bench.write('package-lock.json', packageLock(bench.upstreams.npm.url)),
      bench.write('Cargo.lock', cargoLock),
    ]
    const { code, err } = await bench.say((context) => seed(context, seedOptions(files)))
    assert.equal(code, 0, err)
    for (const upstream of Object.values(bench.upstreams)) upstream.reset()
  })
  after(() => bench.close())

  const proved = (more: readonly string[] = files, speaking: Speaking = {}, list = false): Promise<Said> =>
    bench.say((context) => prove(context, { files: more, as: undefined, list, install: undefined }), speaking)

  it('finds everything that was seeded, and asks nobody', async () => {
    const { code, out, err } = await proved()
    assert.equal(code, 0, err)
    assert.match(out, /^lockfile +lines +proven +undigested +gaps +skipped +files +size$/m)
    assert.match(out, /package-lock\.json +2 +1 +0 +0 +1 +1 +34 B$/m)
    assert.match(out, /Cargo\.lock +1 +1 +0 +0 +0 +\d+ +\d/)
    assert.match(err, /Everything that is locked is here\./)
    for (const upstream of Object.values(bench.upstreams)) assert.equal(upstream.count(), 0)
  })

  it('prints one document', async () => {
    const { out, document } = await proved(files, { json: true }, true)
    assert.equal(out.trimEnd().split('\n').length, 1)
    const { schema, type, code, lines, held, skipped, gaps } = document
    assert.deepEqual(
      { schema, type, code, lines, held, skipped, gaps },
      { schema: 1, type: 'proof', code: 0, lines: 3, held: 2, skipped: 1, gaps: 0 },
    )
    const entries = document.entries as readonly Record<string, unknown>[]
    assert.deepEqual(
      entries.map(({ name, state, reason }) => [name, state, reason]),
      [
        ['bolt', 'held', undefined],
        ['forked', 'skipped', 'its source is git, not a registry'],
        ['kit', 'held', undefined],
      ],
    )
  })

  it('ends with 3 for a version that the held index does not have, and names its line', async () => {
    const lock = bench.write('other/package-lock.json', packageLock(bench.upstreams.npm.url, bolt, '2.3.30303', false))
    const { code, err } = await proved([lock])
    assert.equal(code, 3, err)
    assert.match(err, /NOT_HELD .*other\/package-lock\.json:4: bolt: no allowed version is =2\.3\.30303/)
    assert.match(err, /\n {2}pkgmirror seed \S*other\/package-lock\.json\n/)
  })

  it('ends with 3 for what nothing is known of', async () => {
    const text = packageLock(bench.upstreams.npm.url).replaceAll('bolt', 'nobody')
    const { code, document } = await proved([bench.write('nobody/package-lock.json', text)], { json: true })
    assert.equal(code, 3)
    const [entry] = document.entries as readonly {
      state: string
      gaps: readonly { error: { code: string; line: number } }[]
    }[]
    assert.deepEqual([entry?.state, entry?.gaps[0]?.error.code, entry?.gaps[0]?.error.line], ['gap', 'NOT_HELD', 4])
  })

  it('tells what is there without a digest from what is proven', async () => {
    const lock = bench.write('bare/package-lock.json', packageLock(bench.upstreams.npm.url, bolt, '2.4.40404', false))
    const { code, out, err } = await proved([lock])
    assert.equal(code, 0, err)
    assert.match(out, /package-lock\.json +2 +0 +1 +0 +1 /)
  })

  it('ends with 4 for other bytes than are locked', async () => {
    const lock = bench.write('changed/package-lock.json', packageLock(bench.upstreams.npm.url, 'something else'))
    const { code, err } = await proved([lock])
    assert.equal(code, 4, err)
    assert.match(err, /DISAGREEMENT .*changed\/package-lock\.json:4: /)
  })

  it('ends with 5 for what policy denies', async () => {
    const denying = bench.write('denying.yaml', bench.text({ policy: { deny: ['pkg:npm/bolt'] } }))
    const { code, out, err } = await proved(files, { files: [denying] })
    assert.equal(code, 5, err)
    assert.match(err, /DENIED .*package-lock\.json:4: .*bolt.*\n {2}pkgmirror explain pkg:npm\/bolt@2\.4\.40404/)
    assert.match(out, /Cargo\.lock +1 +1 /)
  })

  it('goes on past a lockfile that cannot be read', async () => {
    const { code, out, err } = await proved([bench.write('broken/package-lock.json', '{'), ...files])
    assert.equal(code, 2)
    assert.match(err, /failed: LOCKFILE: .*broken\/package-lock\.json:1: is not JSON/)
    assert.match(out, /Cargo\.lock +1 +1 /)
  })

  it('makes no data directory, and refuses a file that is none of its', async () => {
    const nowhere = path.join(bench.folder, 'nowhere')
    assert.equal((await proved(files, { flags: { data: nowhere } })).code, 2)
    assert.ok(!existsSync(nowhere))
    const { code, err } = await proved([bench.write('strange.lock', 'hello')])
    assert.equal(code, 2)
    assert.match(err, /this is no lockfile that is known/)
  })

  it('ends with 4 for bytes that are not as they came', async () => {
    const hex = sha('sha256', bolt).digest('hex')
    const blobs = path.join(bench.folder, 'mirror/blobs')
    const [blob] = readdirSync(blobs, { recursive: true })
      .map(String)
      .filter((name) => name.includes(hex.slice(2, 20)))
    assert.ok(blob !== undefined)
    const file = path.join(blobs, blob)
    chmodSync(file, 0o644)
    writeFileSync(file, bolt.replace('files', 'FILES'))
    const { code, err } = await proved()
    assert.equal(code, 4, err)
    assert.match(err, /DAMAGED .*package-lock\.json:4: the bytes of .* are not as they came/)
  })
})
