import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, mock, test } from 'node:test'
import { openDiskStore } from '../../src/store/disk.ts'
import type { Store } from '../../src/store/store.ts'
import { all, code, pieces, type StoreUnderTest, sha256, staging, storeSuite } from '../suites/store.ts'

/** Bytes of a blob that grows in a file and not in memory. */
const LARGE = 200_000

/** No process ever has this number: it is above the highest that Linux gives. */
const DEAD = 2 ** 22 + 1

const fresh = (): Promise<string> => mkdtemp(join(tmpdir(), 'store-'))

async function onDisk(): Promise<StoreUnderTest> {
  const root = await fresh()
  return {
    store: await openDiskStore(root),
    leftovers: async () => (await readdir(join(root, 'tmp'))).length,
    async crash() {
      await writeFile(join(root, 'tmp', `${DEAD}-torn`), Buffer.alloc(4321))
      return 4321
    },
    reopen: () => openDiskStore(root),
    remove: () => rm(root, { recursive: true }),
  }
}

storeSuite('a store on disk', onDisk)

describe('on disk', () => {
  let root: string
  let store: Store
  before(async () => {
    root = await fresh()
    store = await openDiskStore(root)
  })
  after(() => rm(root, { recursive: true }))
  const blob = (digest: string): string => join(root, 'blobs', 'sha256', digest.slice(0, 2), digest)
  const leftovers = async (): Promise<number> => (await readdir(join(root, 'tmp'))).length

  test('what running processes write is not cleaned away', async (t) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const theirs = join(root, 'tmp', `${child.pid}-abc`)
    t.after(async () => {
      child.kill()
      await rm(theirs)
    })
    await writeFile(theirs, 'theirs')
    const bytes = randomBytes(LARGE)
    const mine = await staging(store, bytes)
    assert.equal(await leftovers(), 2)

    assert.deepEqual(await store.clean(), { files: 0, bytes: 0 })

    await mine.commit(sha256(bytes))
    await mine.release()
    assert.equal(await readFile(theirs, 'utf8'), 'theirs')
  })

  test('what a process in another container writes is not cleaned away, unless it has long stopped', async () => {
    const young = join(root, 'tmp', `${process.pid}-1-abc`)
    const old = join(root, 'tmp', `${DEAD}-1-def`)
    for (const file of [young, old]) await writeFile(file, 'theirs')
    const before = new Date(performance.timeOrigin - 60_000)
    await utimes(young, before, before)
    const hour = new Date(Date.now() - 3_600_000)
    await utimes(old, hour, hour)
    assert.deepEqual(await store.clean(), { files: 1, bytes: 6 })
    assert.deepEqual(await readdir(join(root, 'tmp')), [`${process.pid}-1-abc`])
    await rm(young)
  })

  test('a blob is a plain file that others may read and its owner alone may replace', async () => {
    const { sha256 } = await store.put(pieces(Buffer.from('content'), 7))
    assert.equal(await readFile(blob(sha256), 'utf8'), 'content')
    assert.equal((await stat(blob(sha256))).mode & 0o777, 0o644)
    const opened = await store.open(sha256)
    assert.equal(opened?.file, blob(sha256))
    await opened?.close()
  })

  test('nobody else reads what is not verified yet', async () => {
    const staged = await staging(store, randomBytes(LARGE))
    const [name = ''] = await readdir(join(root, 'tmp'))
    assert.match(name, new RegExp(`^${process.pid}-`))
    assert.equal((await stat(join(root, 'tmp', name))).mode & 0o077, 0)
    await staged.release()
  })

  test('a blob that was cut short by a crash is replaced by the next commit of it', async () => {
    const bytes = randomBytes(2000)
    await store.put(pieces(bytes, 2000))
    await truncate(blob(sha256(bytes)), 500)
    await store.put(pieces(bytes, 2000))
    assert.deepEqual(await all(store.stream(sha256(bytes))), bytes)
  })

  test('a damaged blob of the right length is replaced by the next commit of it', async () => {
    const bytes = randomBytes(2000)
    await store.put(pieces(bytes, 2000))
    await writeFile(blob(sha256(bytes)), randomBytes(2000))
    await store.put(pieces(bytes, 2000))
    assert.deepEqual(await readFile(blob(sha256(bytes))), bytes)
  })

  test('a blob that shrinks while it is streamed is damaged, not shorter', async () => {
    const bytes = randomBytes(600_000)
    await store.put(pieces(bytes, 600_000))
    const stream = store.stream(sha256(bytes))[Symbol.asyncIterator]()
    await stream.next()
    await truncate(blob(sha256(bytes)), 300_000)
    await stream.next()
    await assert.rejects(async () => stream.next(), code('DAMAGED'))
    await store.delete(sha256(bytes))
  })

  test('foreign names are not listed', async () => {
    const { sha256 } = await store.put(pieces(randomBytes(5), 5))
    await mkdir(join(root, 'blobs', 'sha256', 'lost+found'), { recursive: true })
    await writeFile(join(root, 'blobs', 'sha256', 'README'), '')
    await writeFile(join(root, 'blobs', 'sha256', sha256.slice(0, 2), 'notes.txt'), '')
    await writeFile(join(root, 'blobs', 'sha256', sha256.slice(0, 2), `${sha256.slice(0, 63)}x`), '')
    await mkdir(join(root, 'blobs', 'sha256', '00'), { recursive: true })
    await writeFile(join(root, 'blobs', 'sha256', '00', 'f'.repeat(64)), '')
    for await (const { sha256 } of store.list()) assert.ok((await stat(blob(sha256))).isFile())
    assert.ok((await Array.fromAsync(store.list())).some((found) => found.sha256 === sha256))
  })

  test('a full disk is said to be full, and the unfinished file is gone at once', async () => {
    const staged = await staging(store, randomBytes(LARGE))
    const full = await failing('writev', 'ENOSPC')
    await assert.rejects(staged.write([randomBytes(10)]), code('DISK_FULL'))
    full.restore()
    assert.equal(await leftovers(), 0)
    assert.equal(await staged.read(Buffer.alloc(2 * LARGE), 0), LARGE)
    await staged.release()
  })

  test('a short write goes on with the rest', async () => {
    const staged = await store.stage()
    const prototype = await handlePrototype()
    const { writev } = prototype
    const short = mock.method(prototype, 'writev', function (this: unknown, given: Uint8Array[], position: number) {
      return writev.call(this, [given[0]?.subarray(0, 60_000) ?? new Uint8Array()], position)
    })
    const bytes = randomBytes(LARGE)
    await staged.write([bytes.subarray(0, 150_000), bytes.subarray(150_000)])
    short.mock.restore()
    const buffer = Buffer.alloc(LARGE)
    assert.equal(await staged.read(buffer, 0), LARGE)
    assert.deepEqual(buffer, bytes)
    await staged.release()
  })

  test('what a failed flush lost is told to whoever needs it, until it is written anew', async () => {
    await store.flush()
    const bytes = randomBytes(LARGE)
    const put = await store.put(pieces(bytes, LARGE))
    const broken = await failing('sync', 'EIO')
    await assert.rejects(store.flush(), /EIO/)
    broken.restore()
    // the system has forgotten the bytes by now, and would say that all is well
    await assert.rejects(store.flush([put.sha256]), /EIO/)
    await store.flush()
    await store.put(pieces(bytes, LARGE))
    await store.flush([put.sha256])
    const counted = mock.method(await handlePrototype(), 'sync')
    await store.flush([put.sha256])
    assert.equal(counted.mock.callCount(), 0, 'nothing is left to do')
    counted.mock.restore()
  })

  test('callers of flush share one round', async () => {
    const prototype = await handlePrototype()
    for (let index = 0; index < 5; index++) await store.put(pieces(randomBytes(LARGE), LARGE))
    const counted = mock.method(prototype, 'sync')
    await Promise.all(Array.from({ length: 20 }, () => store.flush()))
    assert.ok(counted.mock.callCount() <= 5 + 5 + 1, `${counted.mock.callCount()} syncs`)
    counted.mock.restore()
  })
})

interface Handle {
  writev(pieces: Uint8Array[], position: number): Promise<unknown>
  sync(): Promise<void>
}

async function handlePrototype(): Promise<Handle> {
  const handle = await open(tmpdir(), 'r')
  await handle.close()
  return Object.getPrototypeOf(handle) as Handle
}

async function failing(method: keyof Handle, systemCode: string): Promise<{ restore(): void }> {
  const mocked = mock.method(await handlePrototype(), method, async () => {
    throw Object.assign(new Error(systemCode), { code: systemCode })
  })
  return { restore: () => mocked.mock.restore() }
}
