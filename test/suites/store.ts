// What every store must do, whatever is behind it.

import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { MirrorError } from '../../src/errors.ts'
import type { Opened, Staged, Store } from '../../src/store/store.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** How many unfinished blobs lie about. */
  leftovers(): Promise<number>
  /** Leaves behind what a crash in the middle of a write would, and returns its size in bytes. */
  crash(): Promise<number>
  /** Makes another store over the same place, as the next process would. */
  reopen(): Promise<Store>
  remove(): Promise<void>
}

export function storeSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let at: StoreUnderTest
    let store: Store
    before(async () => {
      at = await open()
      store = at.store
    })
    after(async () => {
      await store.close()
      await at.remove()
    })

    test('a blob comes back byte for byte, under its sha256', async () => {
      const bytes = randomBytes(700_000)
      const put = await store.put(pieces(bytes, 9_000))
      assert.deepEqual(put, { sha256: sha256(bytes), size: bytes.length })
      assert.deepEqual(await all(store.stream(put.sha256)), bytes)
    })

    test('an empty blob is a blob', async () => {
      const { sha256, size } = await store.put(pieces(Buffer.alloc(0), 1))
      assert.equal(size, 0)
      assert.equal((await store.stat(sha256))?.size, 0)
      assert.deepEqual(await all(store.stream(sha256)), Buffer.alloc(0))
    })

    test('any part of a blob can be streamed, ends beyond it being its end', async () => {
      const bytes = randomBytes(600_001)
      const { sha256 } = await store.put(pieces(bytes, bytes.length))
      for (const [from, to] of [
        [0, 1],
        [1, 2],
        [262_143, 262_145],
        [599_999, 600_001],
        [600_001, 700_000],
        [5, 5],
        [10, 9_999_999],
      ] as const) {
        assert.deepEqual(await all(store.stream(sha256, from, to)), bytes.subarray(from, to), `${from}-${to}`)
      }
    })

    test('a blob that is open is read at any position and knows its size', async () => {
      const bytes = randomBytes(100_000)
      const { sha256 } = await store.put(pieces(bytes, 40_000))
      const opened = await store.open(sha256)
      assert.ok(opened)
      assert.equal(opened.size, bytes.length)
      assert.deepEqual(await readAt(opened, 99_990, 100), bytes.subarray(99_990))
      assert.deepEqual(await readAt(opened, 0, 10), bytes.subarray(0, 10))
      assert.deepEqual(await readAt(opened, 100_000, 10), Buffer.alloc(0))
      await opened.close()
    })

    test('what is not there is undefined, or an error for whoever wants its bytes', async () => {
      const absent = sha256(randomBytes(8))
      assert.equal(await store.open(absent), undefined)
      assert.equal(await store.stat(absent), undefined)
      await store.delete(absent)
      await assert.rejects(all(store.stream(absent)), code('DAMAGED'))
    })

    test('what is no sha256 never becomes a place', async () => {
      for (const name of ['', '../../etc/passwd', 'ab', 'G'.repeat(64), `${'a'.repeat(63)}/`]) {
        await assert.rejects(async () => store.open(name), code('FAULT'))
        await assert.rejects(async () => store.stat(name), code('FAULT'))
        await assert.rejects(async () => store.delete(name), code('FAULT'))
      }
    })

    test('stat states the size and a time close to now', async () => {
      const { sha256 } = await store.put(pieces(randomBytes(1234), 1234))
      const found = await store.stat(sha256)
      assert.equal(found?.sha256, sha256)
      assert.equal(found?.size, 1234)
      assert.ok(Math.abs((found?.modified ?? 0) - Date.now()) < 60_000)
    })

    test('a deleted blob is gone; who has it open reads on', async () => {
      const bytes = randomBytes(1000)
      const { sha256 } = await store.put(pieces(bytes, 1000))
      const opened = await store.open(sha256)
      assert.ok(opened)
      await store.delete(sha256)
      assert.equal(await store.stat(sha256), undefined)
      assert.deepEqual(await readAt(opened, 0, 1000), bytes)
      await opened.close()
    })

    test('every blob is listed once', async () => {
      const { sha256 } = await store.put(pieces(randomBytes(77), 77))
      await store.put(pieces(Buffer.from('the same twice'), 3))
      await store.put(pieces(Buffer.from('the same twice'), 4))
      const listed = await Array.fromAsync(store.list())
      assert.equal(new Set(listed.map((stat) => stat.sha256)).size, listed.length)
      assert.deepEqual(
        listed.find((stat) => stat.sha256 === sha256),
        await store.stat(sha256),
      )
    })

    test('what is being written can be read at once, and not beyond', async () => {
      const staged = await store.stage()
      const buffer = Buffer.alloc(10)
      assert.equal(await staged.read(buffer, 0), 0)
      await staged.write([Buffer.from('abc'), Buffer.alloc(0), Buffer.from('def')])
      assert.equal(staged.size, 6)
      assert.equal(await staged.read(buffer, 2), 4)
      assert.equal(buffer.toString('latin1', 0, 4), 'cdef')
      assert.equal(await staged.read(buffer, 6), 0)
      await staged.release()
      assert.equal(await at.leftovers(), 0)
    })

    for (const size of [50_000, 200_000]) {
      test(`a follower reads on while a blob is committed and after it was deleted, of ${size} bytes`, async () => {
        const bytes = randomBytes(size)
        const staged = await staging(store, bytes)
        await staged.commit(sha256(bytes))
        assert.deepEqual(await readAt(staged, 0, size), bytes)
        await store.delete(sha256(bytes))
        assert.deepEqual(await readAt(staged, size - 1000, 5000), bytes.subarray(size - 1000))
        await staged.release()
      })

      test(`a committed blob is there before and after its release, of ${size} bytes`, async () => {
        const bytes = randomBytes(size)
        const staged = await staging(store, bytes)
        assert.equal(await store.stat(sha256(bytes)), undefined)
        await staged.commit(sha256(bytes))
        assert.deepEqual(await all(store.stream(sha256(bytes))), bytes)
        await staged.release()
        await staged.release()
        assert.deepEqual(await all(store.stream(sha256(bytes))), bytes)
        assert.equal(await at.leftovers(), 0)
      })

      test(`a restart throws away what was written, of ${size} bytes`, async () => {
        const staged = await staging(store, randomBytes(size))
        await staged.restart()
        assert.equal(staged.size, 0)
        assert.equal(await staged.read(Buffer.alloc(10), 0), 0)
        await staged.write([Buffer.from('anew')])
        await staged.commit(sha256(Buffer.from('anew')))
        await staged.release()
        assert.equal((await all(store.stream(sha256(Buffer.from('anew'))))).toString(), 'anew')
      })

      test(`what was not committed leaves nothing behind, of ${size} bytes`, async () => {
        const bytes = randomBytes(size)
        const staged = await staging(store, bytes)
        await staged.release()
        assert.equal(await store.stat(sha256(bytes)), undefined)
        assert.equal(await at.leftovers(), 0)
      })
    }

    test('a source that breaks off leaves nothing behind', async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield randomBytes(100)
        throw new Error('broken off')
      }
      await assert.rejects(store.put(broken()), /broken off/)
      assert.equal(await at.leftovers(), 0)
    })

    test('nothing can be written or committed after a commit', async () => {
      const bytes = randomBytes(300)
      const staged = await staging(store, bytes)
      await staged.commit(sha256(bytes))
      await assert.rejects(staged.write([bytes]), code('FAULT'))
      await assert.rejects(staged.commit(sha256(bytes)), code('FAULT'))
      await assert.rejects(staged.restart(), code('FAULT'))
      await staged.release()
      assert.deepEqual(await all(store.stream(sha256(bytes))), bytes)
    })

    for (const size of [20_000, 200_000]) {
      test(`many writers of one blob all succeed, of ${size} bytes`, async () => {
        const bytes = randomBytes(size)
        const all20 = await Promise.all(Array.from({ length: 20 }, () => store.put(pieces(bytes, size / 7))))
        assert.deepEqual(new Set(all20.map((put) => put.sha256)), new Set([sha256(bytes)]))
        assert.deepEqual(await all(store.stream(sha256(bytes))), bytes)
        assert.equal(await at.leftovers(), 0)
      })
    }

    test('many blobs at once do not mix', async () => {
      const many = Array.from({ length: 40 }, (_, index) => randomBytes(1000 + index))
      await Promise.all(many.map((bytes) => store.put(pieces(bytes, 333))))
      for (const bytes of many) assert.deepEqual(await all(store.stream(sha256(bytes))), bytes)
    })

    test('rounds of flush may overlap with each other and with writers', async () => {
      const flushed = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const { sha256 } = await store.put(pieces(randomBytes(100), 100))
          await Promise.all([store.flush(), store.flush()])
          return sha256
        }),
      )
      for (const sha256 of flushed) assert.ok(await store.stat(sha256))
      await store.delete(flushed[0] ?? '')
      await store.flush()
    })

    test('what was flushed is there for the next process', async () => {
      const bytes = randomBytes(3000)
      await store.put(pieces(bytes, 3000))
      await store.flush()
      const next = await at.reopen()
      assert.deepEqual(await all(next.stream(sha256(bytes))), bytes)
      await next.close()
    })

    test('clean removes what a crash left behind, counts it, and no blob', async () => {
      const { sha256 } = await store.put(pieces(randomBytes(10), 10))
      const bytes = await at.crash()
      assert.equal(await at.leftovers(), 1)
      assert.deepEqual(await store.clean(), { files: 1, bytes })
      assert.deepEqual(await store.clean(), { files: 0, bytes: 0 })
      assert.equal(await at.leftovers(), 0)
      assert.ok(await store.stat(sha256))
    })
  })
}

export const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes)

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

export const all = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(stream))

export const code = (wanted: string) => (error: MirrorError) => error.code === wanted

async function readAt(source: Opened | Staged, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, await source.read(buffer, position))
}

export async function staging(store: Store, bytes: Uint8Array): Promise<Staged> {
  const staged = await store.stage()
  await staged.write([bytes.subarray(0, 100), bytes.subarray(100)])
  return staged
}
