import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { MirrorError } from '../../src/errors.ts'
import { directorySink } from '../../src/sinks/directory.ts'
import { linkNow, place } from '../../src/sinks/place.ts'
import type { Bytes, Published, Publishing } from '../../src/sinks/sink.ts'
import { bytesOf, codeOf, publishing, sha256, sinkSuite, type Texts, treeOf, written } from '../suites/sink.ts'

const made: string[] = []
after(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))))

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sink-'))
  made.push(folder)
  return folder
}

/** Every text by path; what the export keeps for itself is left out. */
function readTree(root: string): Record<string, string> {
  const found: Record<string, string> = {}
  if (!existsSync(root)) return found
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const place = path.join(root, name)
    if (name.startsWith('.pkgmirror') || lstatSync(place).isDirectory()) continue
    found[name.replaceAll(path.sep, '/')] = readFileSync(place, 'utf8')
  }
  return found
}

sinkSuite('directory', async () => {
  const root = path.join(await newFolder(), 'site')
  return {
    sink: (bytes) => directorySink(root, bytes),
    read: async () => readTree(root),
    modified: async (name) => lstatSync(path.join(root, name)).mtimeMs,
  }
})

interface Site {
  readonly root: string
  /** Files of a store, for hard links. */
  readonly blobs: string
  bytes(texts: Texts): Bytes
  publish(texts: Texts, more?: Partial<Publishing>): Promise<Published>
  tree(): Record<string, string>
}

async function newSite(): Promise<Site> {
  const folder = await newFolder()
  const [root, blobs] = [path.join(folder, 'site'), path.join(folder, 'blobs')]
  mkdirSync(blobs)
  const bytes = (texts: Texts): Bytes => {
    const plain = Object.values(texts).map((one) => (typeof one === 'string' ? one : one.text))
    for (const text of plain) {
      const blob = path.join(blobs, sha256(text))
      if (!existsSync(blob)) writeFileSync(blob, text)
    }
    return bytesOf(plain, (digest) => path.join(blobs, digest))
  }
  return {
    root,
    blobs,
    bytes,
    publish: (texts, more) => directorySink(root, bytes(texts)).publish(treeOf(texts), publishing(more)),
    tree: () => readTree(root),
  }
}

const many = (from: number, to: number): Texts =>
  Object.fromEntries(Array.from({ length: to - from }, (_, at) => [`pool/${from + at}.deb`, `content ${from + at}`]))

test('artifacts are the very files of the store, documents are copies', async () => {
  const site = await newSite()
  const published = await site.publish({ 'a.tgz': 'artifact', index: 'document' })
  assert.deepEqual([published.linked, published.copied], [1, 1])
  assert.equal(lstatSync(path.join(site.root, 'a.tgz')).ino, lstatSync(path.join(site.blobs, sha256('artifact'))).ino)
  assert.equal(lstatSync(path.join(site.root, 'index')).nlink, 1)
})

test('an artifact whose file in the store is gone or of another length has failed, and nothing is deleted then', async () => {
  const site = await newSite()
  await site.publish({ 'old.tgz': 'old' })
  const texts = { 'a.tgz': 'one', 'b.tgz': 'two', 'c.tgz': 'three' }
  const bytes = site.bytes(texts)
  await rm(path.join(site.blobs, sha256('one')))
  writeFileSync(path.join(site.blobs, sha256('two')), 'tw')
  const told = publishing()
  const { failed, linked } = await directorySink(site.root, bytes).publish(treeOf(texts), told)
  assert.deepEqual([failed, linked], [2, 1])
  assert.deepEqual(
    told.changes.map((change) => [change.path, change.what === 'failed' ? change.error.code : change.what]),
    [
      ['a.tgz', 'DAMAGED'],
      ['b.tgz', 'DAMAGED'],
      ['c.tgz', 'added'],
    ],
  )
  assert.deepEqual(site.tree(), { 'old.tgz': 'old', 'c.tgz': 'three' })
})

test('a link takes the place of what is there under its name, and leaves nothing aside', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one' })
  await site.publish({ 'a.tgz': 'two' })
  writeFileSync(path.join(site.root, 'b.tgz'), 'a stranger')
  await site.publish({ 'a.tgz': 'two', 'b.tgz': 'mine' }, { force: true })
  assert.deepEqual(site.tree(), { 'a.tgz': 'two', 'b.tgz': 'mine' })
  assert.deepEqual(readdirSync(path.join(site.root, '.pkgmirror')), ['paths'])
})

test('the files of the store keep their dates', async () => {
  const site = await newSite()
  const blob = path.join(site.blobs, sha256('artifact'))
  site.bytes({ 'a.tgz': 'artifact' })
  utimesSync(blob, 1000, 1000)
  await site.publish({ 'a.tgz': 'artifact' })
  assert.equal(lstatSync(blob).mtimeMs, 1_000_000)
})

test('an export of the same again touches nothing', async () => {
  const site = await newSite()
  const texts = { 'a.tgz': 'artifact', index: 'document' }
  await site.publish(texts)
  const before = lstatSync(path.join(site.root, 'index'))
  const again = await site.publish(texts)
  assert.deepEqual([again.linked, again.copied, again.unchanged], [0, 0, 2])
  assert.equal(lstatSync(path.join(site.root, 'index')).ctimeMs, before.ctimeMs)
})

test('only what changed is written', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one', 'b.tgz': 'two', index: 'old' })
  const told = publishing()
  const texts = { 'a.tgz': 'one', 'b.tgz': 'two', 'c.tgz': 'three', index: 'new' }
  await directorySink(site.root, site.bytes(texts)).publish(treeOf(texts), told)
  assert.deepEqual(told.changes, [
    { what: 'added', path: 'c.tgz', bytes: 5 },
    { what: 'replaced', path: 'index', bytes: 3 },
  ])
  assert.deepEqual(site.tree(), texts)
})

test('what replaces a file of the same size and date is younger, since web servers and rsync go by these', async () => {
  const site = await newSite()
  const date = () => lstatSync(path.join(site.root, 'index')).mtimeMs
  await site.publish({ index: 'one' })
  assert.equal(date(), written)
  await site.publish({ index: 'two' })
  assert.equal(date(), written + 2000)
  const { unchanged } = await site.publish({ index: 'two' })
  assert.deepEqual([unchanged, date()], [1, written + 2000])
  await site.publish({ index: { text: 'six', modified: written + 60_000 } })
  assert.equal(date(), written + 60_000)
  await site.publish({ index: { text: 'ten', modified: 0 } })
  assert.equal(date(), written + 62_000, 'it never goes back')
})

test('what somebody changed or took away is put right', async () => {
  const site = await newSite()
  const texts = { changed: 'document', gone: 'other', dated: 'third' }
  await site.publish(texts)
  writeFileSync(path.join(site.root, 'changed'), 'tampered with')
  utimesSync(path.join(site.root, 'dated'), 5, 5)
  await rm(path.join(site.root, 'gone'))
  assert.equal((await site.publish(texts)).copied, 3)
  assert.deepEqual(site.tree(), texts)
})

test('what is no longer wanted is deleted, with the folders that are empty then', async () => {
  const site = await newSite()
  await site.publish({ 'a/b/c.tgz': 'one', 'a/d.tgz': 'two' })
  const published = await site.publish({ 'a/d.tgz': 'two' })
  assert.equal(published.deleted, 1)
  assert.deepEqual(readdirSync(path.join(site.root, 'a')), ['d.tgz'])
})

test('files that no export wrote stay, and so do their folders', async () => {
  const site = await newSite()
  await site.publish({ 'a/b.tgz': 'one', 'c.tgz': 'two' })
  writeFileSync(path.join(site.root, 'a', 'NOTES'), 'mine')
  await site.publish({ 'c.tgz': 'two' })
  assert.deepEqual(site.tree(), { 'a/NOTES': 'mine', 'c.tgz': 'two' })
})

const hour = 3_600_000
const graced = (now: number): Partial<Publishing> => ({ grace: hour, now })

test('a file that has gone out of the tree stays for its grace, and is deleted by the next export after that', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one', 'b.tgz': 'two' })
  const first = await site.publish({ 'a.tgz': 'one' }, graced(written))
  assert.deepEqual([first.deleted, first.leaving, site.tree()['b.tgz']], [0, 1, 'two'])
  const list = () => readFileSync(path.join(site.root, '.pkgmirror', 'paths'), 'utf8')
  assert.ok(!list().includes('b.tgz'), 'it is not of the tree any more')
  const early = await site.publish({ 'a.tgz': 'one' }, graced(written + hour - 1))
  assert.deepEqual([early.deleted, early.leaving, site.tree()['b.tgz']], [0, 1, 'two'])
  const late = await site.publish({ 'a.tgz': 'one' }, graced(written + hour))
  assert.deepEqual([late.deleted, late.leaving, site.tree()], [1, 0, { 'a.tgz': 'one' }])
  assert.deepEqual(readdirSync(path.join(site.root, '.pkgmirror')), ['paths'])
})

test('a file that comes back during its grace stays', async () => {
  const site = await newSite()
  const both = { 'a.tgz': 'one', 'b.tgz': 'two' }
  await site.publish(both)
  await site.publish({ 'a.tgz': 'one' }, graced(written))
  await site.publish(both, graced(written))
  const late = await site.publish(both, graced(written + 2 * hour))
  assert.deepEqual([late.deleted, late.unchanged, site.tree()], [0, 2, both])
})

test('what must not be shown goes at once', async () => {
  const site = await newSite()
  const texts = { 'a.tgz': 'one', 'b.tgz': 'two' }
  await site.publish(texts)
  const tree = { ...treeOf({ 'a.tgz': 'one' }), isWithdrawn: (name: string) => name === 'b.tgz' }
  const published = await directorySink(site.root, site.bytes(texts)).publish(tree, publishing(graced(written)))
  assert.deepEqual([published.deleted, site.tree()], [1, { 'a.tgz': 'one' }])
})

test('a time to delete that only a wrong clock can have written has passed', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one', 'b.tgz': 'two' })
  await site.publish({ 'a.tgz': 'one' }, graced(written + 1000 * 366 * 24 * hour))
  const published = await site.publish({ 'a.tgz': 'one' }, graced(written))
  assert.deepEqual([published.deleted, site.tree()], [1, { 'a.tgz': 'one' }])
})

test('a run that is cut off forgets nothing of what is leaving', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one', 'b.tgz': 'two' })
  await site.publish({ 'a.tgz': 'one' }, graced(written))
  const next = { 'a.tgz': 'one', 'c.tgz': 'three', 'b.tgz': 'two again' }
  const broken = directorySink(site.root, breaking(site.bytes(next), 0))
  assert.equal(await codeOf(broken.publish(treeOf(next), publishing(graced(written)))), 'FAULT')
  await site.publish({ 'a.tgz': 'one' }, graced(written + 2 * hour))
  assert.deepEqual(site.tree(), { 'a.tgz': 'one' })
})

test('a dry run tells what begins to leave', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one', 'b.tgz': 'two' })
  const told = publishing({ ...graced(written), dryRun: true })
  await directorySink(site.root, site.bytes({})).publish(treeOf({ 'a.tgz': 'one' }), told)
  assert.deepEqual(told.changes, [{ what: 'leaving', path: 'b.tgz', bytes: 0 }])
})

test('an earlier file of the tree is read as it is there', async () => {
  const site = await newSite()
  await site.publish({ index: 'document' })
  const sink = directorySink(site.root, site.bytes({}))
  const pieces = sink.earlier?.('index')
  assert.ok(pieces !== undefined)
  assert.equal(Buffer.concat(await Array.fromAsync(pieces)).toString(), 'document')
  assert.equal(sink.earlier?.('nothing'), undefined)
})

test('paths that the tree does not cover stay', async () => {
  const site = await newSite()
  await site.publish({ 'npm/a.tgz': 'one', 'cargo/b.crate': 'two' })
  await site.publish({ 'npm/c.tgz': 'three' }, { covers: (name) => name.startsWith('npm/') })
  assert.deepEqual(site.tree(), { 'npm/c.tgz': 'three', 'cargo/b.crate': 'two' })
  await site.publish({ 'npm/c.tgz': 'three' })
  assert.deepEqual(site.tree(), { 'npm/c.tgz': 'three' })
})

test('deleting most of a tree is refused without --force', async () => {
  const site = await newSite()
  await site.publish(many(0, 40))
  await assert.rejects(site.publish(many(0, 5)), { code: 'USAGE', message: /35 of the 40 files/ })
  assert.equal(Object.keys(site.tree()).length, 40)
  assert.equal((await site.publish(many(0, 5), { force: true })).deleted, 35)
})

test('a file of somebody else in the way is named, and replaced with --force alone', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one' })
  writeFileSync(path.join(site.root, 'index'), 'mine')
  const texts = { 'a.tgz': 'one', index: 'document' }
  await assert.rejects(site.publish(texts), { code: 'USAGE', message: /no export wrote.*: index$/ })
  assert.equal(site.tree().index, 'mine')
  await site.publish(texts, { force: true })
  assert.equal(site.tree().index, 'document')
})

test('a directory that is not ours is refused without --force', async () => {
  const site = await newSite()
  mkdirSync(site.root)
  writeFileSync(path.join(site.root, 'letter'), 'mine')
  assert.equal(await codeOf(site.publish({ 'a.tgz': 'one' })), 'USAGE')
  await site.publish({ 'a.tgz': 'one' }, { force: true })
  assert.deepEqual(site.tree(), { letter: 'mine', 'a.tgz': 'one' })
})

test('a file becomes a folder, and a folder a file', async () => {
  const site = await newSite()
  await site.publish({ a: 'file', 'b/c': 'below', 'b/d/e': 'deeper' })
  const texts = { 'a/x': 'below', b: 'file' }
  await site.publish(texts)
  assert.deepEqual(site.tree(), texts)
})

test('a symbolic link is never written through', async () => {
  const site = await newSite()
  const elsewhere = await newFolder()
  await site.publish({ 'a.tgz': 'one' })
  symlinkSync(elsewhere, path.join(site.root, 'npm'))
  await assert.rejects(site.publish({ 'a.tgz': 'one', 'npm/b.tgz': 'two' }), {
    code: 'CONFIG',
    message: /symbolic link/,
  })
  assert.deepEqual(readdirSync(elsewhere), [])
})

test('a file that became a link is deleted, not what it leads to', async () => {
  const site = await newSite()
  const elsewhere = await newFolder()
  writeFileSync(path.join(elsewhere, 'b.tgz'), 'mine')
  await site.publish({ 'a.tgz': 'one', 'npm/b.tgz': 'two' })
  await rm(path.join(site.root, 'npm'), { recursive: true })
  symlinkSync(elsewhere, path.join(site.root, 'npm'))
  assert.equal(await codeOf(site.publish({ 'a.tgz': 'one' })), 'CONFIG')
  assert.equal(readFileSync(path.join(elsewhere, 'b.tgz'), 'utf8'), 'mine')
})

test('bytes that cannot be had are told, the rest is written and nothing is deleted', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one', 'old.tgz': 'two' })
  const told = publishing()
  const published = await directorySink(site.root, site.bytes({ 'b.tgz': 'three' })).publish(
    treeOf({ 'a.tgz': 'one', 'b.tgz': 'three', 'lost.tgz': 'lost' }),
    told,
  )
  assert.deepEqual([published.failed, published.deleted], [1, 0])
  assert.deepEqual(site.tree(), { 'a.tgz': 'one', 'old.tgz': 'two', 'b.tgz': 'three' })
})

/** Stops working after so many blobs. */
function breaking(bytes: Bytes, after: number): Bytes {
  let left = after
  const step = (): void => {
    left -= 1
    if (left < 0) throw new Error('the machine stopped')
  }
  const { file } = bytes
  return {
    ...bytes,
    ...(file === undefined
      ? {}
      : {
          file(digest: string) {
            step()
            return file(digest)
          },
        }),
    async open(digest) {
      step()
      return bytes.open(digest)
    },
  }
}

test('wherever a run is cut off, files are old or new and whole, and the next run completes it', async () => {
  const before: Texts = { ...many(0, 60), index: 'old', 'gone.tgz': 'gone' }
  const next: Texts = { ...many(10, 70), index: 'new' }
  const wanted = new Map<string, Set<string>>()
  for (const texts of [before, next]) {
    for (const [name, text] of Object.entries(texts))
      wanted.set(name, (wanted.get(name) ?? new Set()).add(String(text)))
  }
  for (const blobs of [0, 1, 5, 10]) {
    const site = await newSite()
    await site.publish(before)
    const broken = directorySink(site.root, breaking(site.bytes(next), blobs))
    assert.equal(await codeOf(broken.publish(treeOf(next), publishing())), 'FAULT')
    const between = site.tree()
    for (const [name, text] of Object.entries(between)) assert.ok(wanted.get(name)?.has(text), `${name}: ${text}`)
    assert.equal(between.index, 'old', 'an entry document comes after what it speaks of')
    assert.equal(between['gone.tgz'], 'gone', 'deletions come last')
    await site.publish(next)
    assert.deepEqual(site.tree(), next)
    assert.deepEqual(readdirSync(path.join(site.root, '.pkgmirror')), ['paths'])
  }
})

test('what a run that was cut off wrote is known as ours by the next, whatever that wants', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one' })
  const texts = { 'a.tgz': 'one', ...many(0, 64) }
  await codeOf(directorySink(site.root, breaking(site.bytes(texts), 40)).publish(treeOf(texts), publishing()))
  assert.ok(Object.keys(site.tree()).length > 1)
  await site.publish({ 'a.tgz': 'one' }, { force: true })
  assert.deepEqual(site.tree(), { 'a.tgz': 'one' })
})

test('the list beside the tree is one that sha256sum checks', async () => {
  const site = await newSite()
  await site.publish({ 'b.tgz': 'two', a: 'one' })
  const list = readFileSync(path.join(site.root, '.pkgmirror', 'paths'), 'utf8')
  assert.equal(list, `${sha256('one')}  a\n${sha256('two')}  b.tgz\n`)
})

test('a list that leads out of the tree is refused with its line', async () => {
  const site = await newSite()
  await site.publish({ 'a.tgz': 'one' })
  const list = path.join(site.root, '.pkgmirror', 'paths')
  writeFileSync(list, `${sha256('one')}  a.tgz\n${sha256('x')}  ../blobs/${sha256('one')}\n`)
  await assert.rejects(site.publish({ 'b.tgz': 'two' }), (error: MirrorError) => {
    assert.deepEqual([error.code, error.facts.file, error.facts.line], ['UNREADABLE', list, 2])
    return true
  })
  assert.ok(existsSync(path.join(site.blobs, sha256('one'))))
})

test('two exports of one tree are equal in bytes and dates', async () => {
  const [one, two] = [await newSite(), await newSite()]
  const texts = { 'a.tgz': 'artifact', index: 'document' }
  for (const site of [one, two]) await site.publish(texts)
  const listOf = (site: Site) => readFileSync(path.join(site.root, '.pkgmirror', 'paths'), 'utf8')
  assert.equal(listOf(one), listOf(two))
  for (const site of [one, two]) assert.equal(lstatSync(path.join(site.root, 'index')).mtimeMs, written)
})

test('what a killed run left aside is in nobody’s way', async () => {
  const site = await newSite()
  const file = treeOf({ 'a.tgz': 'one' }).get('a.tgz')
  assert.ok(file !== undefined)
  const [aside, target] = [path.join(site.blobs, 'a.part'), path.join(site.blobs, 'a')]
  for (const linkable of [true, false]) {
    writeFileSync(aside, 'half')
    const bytes = site.bytes({ 'a.tgz': 'one' })
    if (linkable) {
      writeFileSync(target, 'older')
      assert.equal(linkNow(path.join(site.blobs, file.sha256), file, { aside, target }), true)
    } else assert.equal(await place(bytes, file, { aside, target, after: 0 }), 'linked')
    assert.equal(readFileSync(target, 'utf8'), 'one')
    assert.equal(existsSync(aside), false)
  }
})
