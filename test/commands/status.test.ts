import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { status } from '../../src/commands/status.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { openSynced, type Said, type Workbench } from './workbench.ts'

interface RepoStatus {
  readonly name: string
  readonly artifacts: number
  readonly files: number
  readonly bytes: number
  readonly mount: string
  readonly generations: readonly { readonly key: string; readonly state: string }[]
}

const repoOf = ({ document }: Said, name: string): RepoStatus => {
  const found = (document.repositories as readonly RepoStatus[]).find((one) => one.name === name)
  assert.ok(found !== undefined, name)
  return found
}

describe('status', () => {
  let bench: Workbench
  let said: Said
  before(async () => {
    bench = await openSynced()
    said = await bench.say(status, { json: true })
  })
  after(() => bench.close())

  it('is one document of schema 1 and ends with 0', () => {
    assert.deepEqual([said.code, said.document.schema, said.document.type], [0, 1, 'status'])
    assert.equal(said.out.trimEnd().split('\n').length, 1)
  })

  it('counts what each repository holds', () => {
    const { artifacts, files, mount } = repoOf(said, 'npm')
    assert.deepEqual({ artifacts, mount }, { artifacts: 2, mount: '/npm' })
    assert.ok(files > artifacts, 'the indexes are files too')
    assert.equal(repoOf(said, 'cargo').artifacts, 2)
  })

  it('names the generations of a signed chain', () => {
    const [generation] = repoOf(said, 'debian').generations
    assert.deepEqual([generation?.key, generation?.state], ['/dists/bookworm', 'current'])
  })

  it('names who holds what, and the runs with their codes', () => {
    const [holder] = said.document.holders as readonly { holder: string; paths: number }[]
    assert.equal(holder?.holder, bench.manifest)
    assert.ok((holder?.paths ?? 0) > 6)
    const [run] = said.document.runs as readonly { command: string; code: number; started: string }[]
    assert.deepEqual([run?.command, run?.code], [`sync ${bench.manifest}`, 0])
    assert.equal(run?.started, '2026-01-02T12:00:00.000Z')
  })

  it('leaves out what holds nothing, but names it', () => {
    const repositories = said.document.repositories as readonly { readonly name: string }[]
    const held = new Set(repositories.map(({ name }) => name))
    const builtIn = ecosystems.flatMap(({ repos }) => repos.map(({ name }) => name))
    assert.deepEqual(
      said.document.empty,
      builtIn.filter((name) => !held.has(name)),
    )
  })

  it('says the same to people, with the data directory and the store’s size', async () => {
    const { out } = await bench.say(status)
    assert.match(out, /^Data directory: .*mirror\nStore: \d+ blobs, /)
    assert.match(out, /^debian at \/debian$/m)
    assert.match(out, /generation {2}\/dists\/bookworm: current since 2026-01-02T12:00:00Z/)
    assert.match(out, /code 0 after/)
  })

  it('knows the repositories of a data directory whose configuration is gone', async () => {
    const alone = await bench.say(status, { json: true, files: [] })
    assert.deepEqual(repoOf(alone, 'npm'), repoOf(said, 'npm'))
  })

  it('asks no upstream', () => {
    for (const upstream of Object.values(bench.upstreams)) assert.equal(upstream.count(), 0)
  })

  it('refuses where there is no data directory, and says what to do', async () => {
    const { code, err } = await bench.say(status, { flags: { data: path.join(bench.folder, 'elsewhere') } })
    assert.equal(code, 2)
    assert.match(err, /there is no mirror at .*elsewhere\n.*pkgmirror sync/)
  })
})
