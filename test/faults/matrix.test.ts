// Killed at every write, rename, fsync, link and unlink in turn: the next start finds a whole mirror, old or new, and what
// was begun can be finished.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { type Mirror, pkgmirror } from '../clients/mirror.ts'
import { environment, files, folder, root } from '../clients/place.ts'
import { startUpstream, type Upstream } from '../fakes/upstream.ts'
import { configuration, publishMany } from './archive.ts'
import { sample, seed } from './form.ts'

/** Packages of the sync: with the one that needs them some fifty files and documents. */
const PARTS = 24
/** Points tried of each verb in the short form. */
const POINTS = 6
const executable = `${root}/bin/pkgmirror.js`
const preload = `${root}/test/faults/kill-at.ts`

interface Place {
  readonly upstream: Upstream
  /** A mirror of its own, with what `as` has in it. */
  mirror(as?: Mirror): Mirror
  readonly manifest: string
  readonly less: string
}

async function place(t: TestContext): Promise<Place> {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  publishMany(upstream, PARTS, 50_000_000)
  const at = files(folder(t), {
    'pkgmirror.yaml': `${configuration(upstream)}log: { level: error }\n`,
    'whole.yaml': 'packages: { npm: [whole] }\n',
    'less.yaml': 'packages: { npm: [part-1] }\n',
  })
  const config = `${at}/pkgmirror.yaml`
  return {
    upstream,
    mirror(as) {
      const data = folder(t)
      if (as !== undefined) cpSync(as.data, data, { recursive: true })
      return { data, config }
    },
    manifest: `${at}/whole.yaml`,
    less: `${at}/less.yaml`,
  }
}

/** Runs a verb that is killed at its operation number `at`; how many operations it had, when it is not. */
async function killedAt({ data, config }: Mirror, at: number, args: readonly string[]): Promise<number | undefined> {
  const told = `${data}/operations`
  const env = { ...environment(data), KILL_AT: String(at), KILL_COUNT: told }
  const argv = ['--import', preload, executable, ...args, '--data', data, '--config', config, '--quiet']
  const child = spawn(process.execPath, argv, { env, stdio: 'ignore' })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if (signal === 'SIGKILL') return undefined
  assert.equal(code, 0, `${args.join(' ')} ended with ${code ?? signal}`)
  return Number(readFileSync(told, 'utf8'))
}

/** Whatever is held verifies, and nothing unfinished lies about. */
async function isWhole(mirror: Mirror): Promise<void> {
  if (!existsSync(`${mirror.data}/catalog.db`)) return
  await pkgmirror(mirror, 'verify', '--quiet')
  assert.deepEqual(readdirSync(`${mirror.data}/tmp`), [])
}

/** The points at which a verb is killed: all that it has, or a sample. */
async function points(mirror: Mirror, args: readonly string[]): Promise<readonly number[]> {
  const all = (await killedAt(mirror, 0, args)) ?? 0
  assert.ok(all > 0, 'it writes')
  return sample(
    Array.from({ length: all }, (_, index) => index + 1),
    POINTS,
  )
}

test(`a sync killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest } = await place(t)
  const args = ['sync', manifest]
  for (const at of await points(mirror(), args)) {
    const one = mirror()
    await killedAt(one, at, args)
    await isWhole(one)
    await pkgmirror(one, ...args)
    const again = await pkgmirror(one, ...args, '--json')
    const { changed, code } = JSON.parse(again.trim().split('\n').at(-1) ?? '') as { changed: boolean; code: number }
    assert.deepEqual([code, changed], [0, false], `after operation ${at}`)
    await isWhole(one)
  }
})

test(`an export killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest } = await place(t)
  const synced = mirror()
  await pkgmirror(synced, 'sync', manifest)
  const whole = folder(t)
  await pkgmirror(synced, 'export', whole, '--base-url', 'http://mirror.example.org')
  const names = namesIn(whole)
  const to = (tree: string) => ['export', tree, '--base-url', 'http://mirror.example.org']
  for (const at of await points(mirror(synced), to(folder(t)))) {
    const tree = folder(t)
    await killedAt(synced, at, to(tree))
    // what is there under its name is whole: a reader of the tree never sees a part of a file
    for (const name of namesIn(tree)) {
      if (names.includes(name))
        assert.deepEqual(readFileSync(`${tree}/${name}`), readFileSync(`${whole}/${name}`), name)
    }
    await pkgmirror(synced, ...to(tree))
    assert.deepEqual(namesIn(tree), names, `after operation ${at}`)
    await isWhole(synced)
  }
})

test(`a gc killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest, less } = await place(t)
  const synced = mirror()
  await pkgmirror(synced, 'sync', manifest)
  cpSync(less, manifest)
  await pkgmirror(synced, 'sync', manifest)
  const args = ['gc', '--force', '--keep-unused-for', '1ms', '--keep-grace', '1ms']
  for (const at of await points(mirror(synced), args)) {
    const one = mirror(synced)
    await killedAt(one, at, args)
    await isWhole(one)
    await pkgmirror(one, ...args)
    await isWhole(one)
    const blobs = readdirSync(`${one.data}/blobs/sha256`, { recursive: true, withFileTypes: true })
    assert.ok(blobs.filter((entry) => entry.isFile()).length < PARTS, `after operation ${at} nothing was dropped`)
  }
})

/** The files of a tree, by path. */
const namesIn = (tree: string): readonly string[] =>
  readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(tree.length + 1)}/${entry.name}`)
    .sort()
