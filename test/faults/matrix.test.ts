// Killed at every write, rename, fsync, link and unlink in turn, and at every write of SQLite: the next start finds a whole
// mirror, old or new, and what was begun can be finished.

import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Mirror, pkgmirror } from '../clients/mirror.ts'
import { folder } from '../clients/place.ts'
import { seed } from './form.ts'
import { killedAt, noTracer, type Victim } from './killed.ts'
import { namesIn, PARTS, place, seams } from './scene.ts'
import { tidy, whole } from './whole.ts'

/** Every package and its file, each of them a miss; what a killed server does not answer is no matter. */
const misses = (known: ReadonlyMap<string, string>) => (url: string) =>
  Promise.allSettled(
    [...known.keys()].flatMap((path) =>
      [path.replace(/\/-\/.*/, ''), path].map(async (one) => (await fetch(`${url}/npm${one}`)).arrayBuffer()),
    ),
  )

for (const [what, seamOf] of seams) {
  test(`a sync killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const { mirror, manifest, known, points } = await place(t)
    const args = ['sync', manifest]
    for (const at of await points(mirror(), { args }, seam)) {
      const one = mirror()
      await killedAt(one, at, { args }, seam)
      await whole(one, known)
      await pkgmirror(one, ...args, '--quiet')
      assert.equal(await whole(one, known), known.size, `after operation ${at}`)
      tidy(one.data)
    }
  })

  test(`a server of ${2 * (PARTS + 1)} misses killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const { mirror, known, points } = await place(t)
    const victim = { args: ['serve', '--listen', '127.0.0.1:0'], load: misses(known) }
    for (const at of await points(mirror(), victim, seam)) {
      const one = mirror()
      await killedAt(one, at, victim, seam)
      await whole(one, known)
      await killedAt(one, 0, victim)
      assert.equal(await whole(one, known), known.size, `after operation ${at}`)
    }
  })
}

test(`an export killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest, known, points } = await place(t)
  const synced = mirror()
  await pkgmirror(synced, 'sync', manifest)
  const tree = folder(t)
  await pkgmirror(synced, 'export', tree, '--base-url', 'http://mirror.example.org')
  const names = namesIn(tree)
  const to = (at: string): Victim => ({ args: ['export', at, '--base-url', 'http://mirror.example.org'] })
  for (const at of await points(mirror(synced), to(folder(t)))) {
    const broken = folder(t)
    await killedAt(synced, at, to(broken))
    // what is there under its name is whole: a reader of the tree never sees a part of a file
    for (const name of namesIn(broken)) {
      if (names.includes(name))
        assert.deepEqual(readFileSync(`${broken}/${name}`), readFileSync(`${tree}/${name}`), name)
    }
    await pkgmirror(synced, ...to(broken).args)
    assert.deepEqual(namesIn(broken), names, `after operation ${at}`)
    await whole(synced, known)
  }
})

test(`an export over an older tree killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest, less, known, points } = await place(t)
  const synced = mirror()
  await pkgmirror(synced, 'sync', less)
  const args = (at: string, base: string) => ['export', at, '--base-url', `http://${base}.example.org`, '--grace', '0']
  const older = folder(t)
  await pkgmirror(synced, ...args(older, 'older'))
  await pkgmirror(synced, 'sync', manifest)
  const newer = folder(t)
  await pkgmirror(synced, ...args(newer, 'newer'))
  const bytesAt = (tree: string, name: string) =>
    existsSync(`${tree}/${name}`) ? readFileSync(`${tree}/${name}`) : undefined
  /** The older tree as it is, with another address in every document that names one. */
  const copied = (): string => {
    const tree = folder(t)
    cpSync(older, tree, { recursive: true, preserveTimestamps: true })
    return tree
  }
  const to = (at: string): Victim => ({ args: args(at, 'newer') })
  for (const at of await points(synced, to(copied()))) {
    const broken = copied()
    await killedAt(synced, at, to(broken))
    for (const name of new Set([...namesIn(older), ...namesIn(newer)])) {
      const there = bytesAt(broken, name)
      const [was, becomes] = [bytesAt(older, name), bytesAt(newer, name)]
      const fine = there === undefined ? was === undefined : was?.equals(there) || becomes?.equals(there)
      assert.ok(fine === true, `after operation ${at} ${name} is neither the old one nor the new`)
    }
    await pkgmirror(synced, ...to(broken).args)
    for (const name of namesIn(newer)) assert.deepEqual(bytesAt(broken, name), bytesAt(newer, name), name)
    await whole(synced, known)
  }
})

for (const [what, seamOf] of seams) {
  test(`a gc killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const { mirror, manifest, less, known, points } = await place(t, { more: 'snapshots: { auto: false }\n' })
    const synced = mirror()
    await pkgmirror(synced, 'sync', manifest)
    cpSync(less, manifest)
    await pkgmirror(synced, 'sync', manifest)
    const args = ['gc', '--force', '--keep-unused-for', '1ms', '--keep-grace', '1ms']
    for (const at of await points(mirror(synced), { args }, seam)) {
      const one = mirror(synced)
      await killedAt(one, at, { args }, seam)
      await whole(one, known)
      await pkgmirror(one, ...args)
      await whole(one, known)
      const blobs = readdirSync(`${one.data}/blobs/sha256`, { recursive: true, withFileTypes: true })
      assert.ok(blobs.filter((entry) => entry.isFile()).length < PARTS, `after operation ${at} nothing was dropped`)
      tidy(one.data)
    }
  })
}

/** A near side with everything synced and a key, and its key for others to trust. */
async function nearSide(synced: Mirror, manifest: string, keys: string): Promise<string> {
  await pkgmirror(synced, 'sync', manifest)
  await pkgmirror(synced, 'keys', 'create')
  const key = `${keys}/near.pub`
  writeFileSync(key, await pkgmirror(synced, 'keys', 'show', '--public'))
  return key
}

test(`a bundle killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest, known, points } = await place(t)
  const synced = mirror()
  const key = await nearSide(synced, manifest, folder(t))
  const to = (at: string): Victim => ({ args: ['export', '--bundle', at] })
  for (const at of await points(mirror(synced), to(`${folder(t)}/bundle`))) {
    const one = mirror(synced)
    const bundle = `${folder(t)}/bundle`
    await killedAt(one, at, to(bundle))
    // without its header it is none yet, and can be gone on with; with it, it is whole
    if (!existsSync(`${bundle}/bundle.json`)) await pkgmirror(one, ...to(bundle).args)
    tidy(bundle)
    const far = mirror()
    await pkgmirror(far, 'keys', 'trust', key)
    await pkgmirror(far, 'import', bundle)
    assert.equal(await whole(far, known), known.size, `after operation ${at}`)
  }
})

for (const [what, seamOf] of seams) {
  test(`an import killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const { mirror, manifest, less, known, points } = await place(t)
    const synced = mirror()
    const key = await nearSide(synced, less, folder(t))
    const bundles = folder(t)
    await pkgmirror(synced, 'export', '--bundle', `${bundles}/1`)
    const far = mirror()
    await pkgmirror(far, 'keys', 'trust', key)
    await pkgmirror(far, 'import', `${bundles}/1`)
    const before = await whole(far, known)
    await pkgmirror(synced, 'sync', manifest)
    await pkgmirror(synced, 'export', '--bundle', `${bundles}/2`)
    const args = ['import', `${bundles}/2`]
    for (const at of await points(mirror(far), { args }, seam)) {
      const one = mirror(far)
      await killedAt(one, at, { args }, seam)
      // old or new, never mixed
      const there = await whole(one, known)
      assert.ok(there === before || there === known.size, `${there} files after operation ${at}`)
      if (there === before) await pkgmirror(one, ...args)
      assert.equal(await whole(one, known), known.size, `after operation ${at}`)
      tidy(one.data)
    }
  })
}

for (const [what, seamOf] of seams) {
  test(`a rebuild of a lost catalog killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const { mirror, manifest, known, points } = await place(t)
    const synced = mirror()
    await pkgmirror(synced, 'sync', manifest)
    const lost = mirror(synced)
    for (const name of readdirSync(lost.data)) if (name.startsWith('catalog.db')) rmSync(`${lost.data}/${name}`)
    const args = ['verify', '--rebuild']
    for (const at of await points(mirror(lost), { args }, seam)) {
      const one = mirror(lost)
      await killedAt(one, at, { args }, seam)
      await pkgmirror(one, ...args)
      assert.equal(await whole(one, known), known.size, `after operation ${at}`)
      tidy(one.data)
    }
  })
}
