// The verbs beside sync, serve, gc and the common exports, killed at each of their writes in turn: repairs, the start after
// a crash, adoption, archives, keys, snapshots, and a catalog that is brought up to date.

import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { migrations } from '../../src/catalog/migrations.ts'
import { sha256 } from '../builders/mirror.ts'
import { type Mirror, pkgmirror } from '../clients/mirror.ts'
import { folder } from '../clients/place.ts'
import { seed } from './form.ts'
import { killedAt, noTracer, sqliteWrites } from './killed.ts'
import { type Place, place, seams } from './scene.ts'
import { looked, tidy, whole } from './whole.ts'

/** Every kind of operation comes with few packages too, and so a long form comes to its end. */
const few = { parts: 6, tried: 1 }

/** A mirror that holds everything. */
async function syncedOf({ mirror, manifest }: Place): Promise<Mirror> {
  const synced = mirror()
  await pkgmirror(synced, 'sync', manifest)
  return synced
}

const blobOf = ({ data }: Mirror, digest: string): string => `${data}/blobs/sha256/${digest.slice(0, 2)}/${digest}`

/** Other bytes of the same size under the names of some files. */
function damage(mirror: Mirror, known: ReadonlyMap<string, string>, count: number): void {
  for (const digest of [...known.values()].slice(0, count)) {
    const bytes = readFileSync(blobOf(mirror, digest))
    rmSync(blobOf(mirror, digest))
    writeFileSync(
      blobOf(mirror, digest),
      bytes.map((byte, index) => (index === 1000 ? byte ^ 1 : byte)),
    )
  }
}

for (const [what, seamOf] of seams) {
  test(`a repair killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const at = await place(t, few)
    const { mirror, manifest, known, points } = at
    const damaged = await syncedOf(at)
    damage(damaged, known, 4)
    const args = ['verify', '--repair']
    for (const point of await points(mirror(damaged), { args }, seam)) {
      const one = mirror(damaged)
      await killedAt(one, point, { args }, seam)
      const before = await looked(one)
      // what the repair has let go of comes anew: damaged bytes that still lie there are nobody's any more
      await pkgmirror(one, 'sync', manifest, '--quiet')
      const { wrong } = await looked(one)
      assert.deepEqual(
        wrong.filter((each) => !before.wrong.includes(each)),
        [],
        `after operation ${point}`,
      )
      await pkgmirror(one, ...args)
      assert.equal(await whole(one, known), known.size, `after operation ${point}`)
      tidy(one.data)
    }
  })

  test(`an adoption killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const at = await place(t, few)
    const { mirror, manifest, known, points } = at
    const other = folder(t)
    cpSync(`${(await syncedOf(at)).data}/blobs`, other, { recursive: true })
    const empty = mirror()
    await pkgmirror(empty, 'sync', manifest, '--dry-run')
    const args = ['adopt', other]
    for (const point of await points(mirror(empty), { args }, seam)) {
      const one = mirror(empty)
      await killedAt(one, point, { args }, seam)
      await whole(one, known)
      await pkgmirror(one, ...args)
      assert.equal(await whole(one, known), known.size, `after operation ${point}`)
      tidy(one.data)
    }
  })

  test(`an import of volumes killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const at = await place(t, few)
    const { mirror, known, points } = at
    const synced = await syncedOf(at)
    const far = await farSide(t, at, synced)
    const bundle = `${folder(t)}/bundle.tar.zst`
    await pkgmirror(synced, 'export', '--bundle', bundle, '--volume-size', '1MB')
    const args = ['import', bundle]
    for (const point of await points(mirror(far), { args }, seam)) {
      const one = mirror(far)
      await killedAt(one, point, { args }, seam)
      const there = await whole(one, known)
      assert.ok(there === 0 || there === known.size, `${there} files after operation ${point}`)
      if (there === 0) await pkgmirror(one, ...args)
      assert.equal(await whole(one, known), known.size, `after operation ${point}`)
      tidy(one.data)
    }
  })
}

for (const [what, seamOf] of seams) {
  test(`a rebuild without any copy killed at ${what} in turn (seed ${seed})`, async (t) => {
    const seam = await seamOf()
    if (seam === undefined) return t.skip(noTracer)
    const at = await place(t, few)
    const { mirror, known, points } = at
    const lost = await syncedOf(at)
    for (const name of readdirSync(lost.data))
      if (name.startsWith('catalog.db') || name === 'backups') rmSync(`${lost.data}/${name}`, { recursive: true })
    const args = ['verify', '--rebuild', '--recognise']
    for (const point of await points(mirror(lost), { args }, seam)) {
      const one = mirror(lost)
      await killedAt(one, point, { args }, seam)
      await whole(one, known)
      await pkgmirror(one, ...args)
      assert.equal(await whole(one, known), known.size, `after operation ${point}`)
      tidy(one.data)
    }
  })
}

/** The near side has a key from now on, and an empty far side trusts it. */
async function farSide(t: TestContext, { mirror }: Place, near: Mirror): Promise<Mirror> {
  await pkgmirror(near, 'keys', 'create')
  const key = `${folder(t)}/near.pub`
  writeFileSync(key, await pkgmirror(near, 'keys', 'show', '--public'))
  const far = mirror()
  await pkgmirror(far, 'keys', 'trust', key)
  return far
}

test(`a start that drops what a crash left, killed at its operations in turn (seed ${seed})`, async (t) => {
  const { mirror, manifest, known, points } = await place(t)
  const broken = mirror()
  const args = ['sync', manifest]
  // the first sync that leaves unfinished files behind
  for (let point = 40; ; point += 10) {
    await killedAt(broken, point, { args })
    if (readdirSync(`${broken.data}/tmp`).length > 3) break
    rmSync(broken.data, { recursive: true })
    mkdirSync(broken.data)
  }
  const start = { args: ['verify'] }
  for (const point of await points(mirror(broken), start)) {
    const one = mirror(broken)
    await killedAt(one, point, start)
    await whole(one, known)
    await pkgmirror(one, ...args)
    assert.equal(await whole(one, known), known.size, `after operation ${point}`)
    tidy(one.data)
  }
})

test(`archives killed at their operations in turn (seed ${seed})`, async (t) => {
  const at = await place(t, few)
  const { mirror, known, points } = at
  const synced = await syncedOf(at)
  const far = await farSide(t, at, synced)
  const tree = `${folder(t)}/tree.tar`
  await pkgmirror(synced, 'export', tree)
  const digest = sha256(readFileSync(tree))
  const to = (file: string) => ({ args: ['export', file] })
  for (const point of await points(mirror(synced), to(`${folder(t)}/tree.tar`))) {
    const out = folder(t)
    const file = `${out}/tree.tar`
    writeFileSync(file, 'the one before')
    await killedAt(synced, point, to(file))
    const there = readFileSync(file)
    assert.ok(there.toString('latin1', 0, 20) === 'the one before' || sha256(there) === digest, `after ${point}`)
    await pkgmirror(synced, ...to(file).args)
    assert.equal(sha256(readFileSync(file)), digest)
    assert.deepEqual(readdirSync(out), ['tree.tar'])
    await whole(synced, known)
  }
  const pack = (file: string) => ({ args: ['export', '--bundle', file, '--volume-size', '1MB'] })
  for (const point of await points(mirror(synced), pack(`${folder(t)}/bundle.tar`))) {
    const one = mirror(synced)
    const out = folder(t)
    await killedAt(one, point, pack(`${out}/bundle.tar`))
    await whole(one, known)
    await pkgmirror(one, ...pack(`${out}/bundle.tar`).args)
    tidy(out)
    const taking = mirror(far)
    await pkgmirror(taking, 'import', `${out}/bundle.tar`)
    assert.equal(await whole(taking, known), known.size, `after operation ${point}`)
    tidy(one.data)
  }
})

test(`a bundle that is gone on with in another state (seed ${seed})`, async (t) => {
  const at = await place(t, few)
  const { mirror, less, known } = at
  const synced = await syncedOf(at)
  const far = await farSide(t, at, synced)
  await pkgmirror(synced, 'sync', less)
  const to = (bundle: string) => ({ args: ['export', '--bundle', bundle] })
  const all = (await killedAt(mirror(synced), 0, to(`${folder(t)}/bundle`))) ?? 0
  const bundle = `${folder(t)}/bundle`
  await killedAt(synced, all - 8, to(bundle))
  assert.ok(!existsSync(`${bundle}/bundle.json`))
  const aside = `${folder(t)}/other`
  await pkgmirror(synced, ...to(aside).args)
  // what an import would refuse on the other side is refused here
  await assert.rejects(
    pkgmirror(synced, ...to(bundle).args, '--since-bundle', '2'),
    /holds [0-9a-f]{64}, which is not of this bundle/,
  )
  await pkgmirror(synced, ...to(bundle).args)
  await pkgmirror(far, 'import', bundle)
  assert.equal(await whole(far, known), known.size)
})

test(`keys killed at their operations in turn (seed ${seed})`, async (t) => {
  const { mirror, points } = await place(t, few)
  const [near, next] = [mirror(), mirror()]
  for (const one of [near, next]) await pkgmirror(one, 'keys', 'create')
  const keyOf = ({ data }: Mirror): string => `${data}/keys/mirror.pub`
  const keysOf = async (one: Mirror): Promise<{ own: readonly unknown[]; trusted: readonly unknown[] }> =>
    JSON.parse(await pkgmirror(one, 'keys', 'list', '--json')) as never
  for (const [args, kind] of [
    [['keys', 'create'], 'own'],
    [['keys', 'trust', keyOf(near)], 'trusted'],
  ] as const) {
    for (const point of await points(mirror(), { args })) {
      const one = mirror()
      await killedAt(one, point, { args })
      if ((await keysOf(one))[kind].length === 0) await pkgmirror(one, ...args)
      assert.equal((await keysOf(one))[kind].length, 1, `after operation ${point}`)
      await pkgmirror(one, 'keys', 'create', '--name', 'other')
      await pkgmirror(one, 'keys', 'trust', keyOf(next))
      tidy(one.data)
    }
  }
})

test(`snapshots killed at SQLite's writes in turn (seed ${seed})`, async (t) => {
  const seam = await sqliteWrites()
  if (seam === undefined) return t.skip(noTracer)
  const at = await place(t, { ...few, more: 'snapshots: { auto: false }\n' })
  const { mirror, less, known, points } = at
  const first = await syncedOf(at)
  const made = mirror(first)
  await pkgmirror(made, 'snapshot', 'create', 'one')
  await pkgmirror(made, 'sync', less)
  const shown = mirror(made)
  await pkgmirror(shown, 'snapshot', 'rollback', 'one')
  const steps = [
    [first, ['create', 'one'], 'one', undefined],
    [made, ['rollback', 'one'], 'one', 'one'],
    [shown, ['release'], 'one', undefined],
    [made, ['rm', 'one'], undefined, undefined],
  ] as const
  for (const [from, words, is, shows] of steps) {
    const args = ['snapshot', ...words]
    const state = ({ data }: Mirror): readonly (string | undefined)[] => {
      const catalog = openCatalog(`${data}/catalog.db`)
      try {
        return [catalog.snapshots.get('one')?.name, catalog.snapshots.shown()?.name]
      } finally {
        catalog.close()
      }
    }
    const before = state(mirror(from))
    for (const point of await points(mirror(from), { args }, seam)) {
      const one = mirror(from)
      await killedAt(one, point, { args }, seam)
      await whole(one, known)
      const there = state(one)
      assert.ok(
        [before, [is, shows]].some((each) => String(each) === String(there)),
        `after write ${point}`,
      )
      if (String(there) === String(before)) await pkgmirror(one, ...args)
      assert.deepEqual(state(one), [is, shows], `after write ${point}`)
      tidy(one.data)
    }
  }
})

test(`a catalog of an earlier version, killed while it is brought up to date (seed ${seed})`, async (t) => {
  const seam = await sqliteWrites()
  if (seam === undefined) return t.skip(noTracer)
  const at = await place(t, few)
  const { mirror, manifest, known, points } = at
  const older = await syncedOf(at)
  age(`${older.data}/catalog.db`)
  const start = { args: ['verify'] }
  for (const point of await points(mirror(older), start, seam)) {
    const one = mirror(older)
    await killedAt(one, point, start, seam)
    assert.equal(await whole(one, known), known.size, `after write ${point}`)
    await pkgmirror(one, 'sync', manifest)
    assert.equal(await whole(one, known), known.size, `after write ${point}`)
    tidy(one.data)
  }
})

/** What a catalog holds, as its first version would have it. */
function age(file: string): void {
  const old = new Database(`${file}.old`)
  old.exec(migrations[0] ?? '')
  old.pragma('user_version = 1')
  old.prepare('ATTACH ? AS newer').run(file)
  const namesOf = (of: string, table: string): readonly string[] =>
    old.prepare<[string, string], string>('SELECT name FROM pragma_table_info(?, ?)').pluck().all(table, of)
  const tables = old.prepare<[], string>("SELECT name FROM main.sqlite_schema WHERE type = 'table'").pluck().all()
  for (const table of tables) {
    const there = namesOf('newer', table)
    const columns = namesOf('main', table).filter((name) => there.includes(name))
    const list = columns.map((name) => `"${name}"`).join(', ')
    if (columns.length > 0) old.exec(`INSERT OR IGNORE INTO main.${table} (${list}) SELECT ${list} FROM newer.${table}`)
  }
  old.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  cpSync(`${file}.old`, file)
  rmSync(`${file}.old`)
}
