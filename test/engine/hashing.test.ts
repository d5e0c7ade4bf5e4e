import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import { createHashing, digestsFound, type Hashing } from '../../src/engine/hashing.ts'
import { asMirrorError } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { bytesOf } from '../fakes/upstream.ts'

const MiB = 1024 * 1024
const algorithms = ['sha256', 'sha512', 'md5']
const digestsOf = (bytes: Uint8Array) =>
  Object.fromEntries(algorithms.map((one) => [one, createHash(one).update(bytes).digest('hex')]))

function hashingOf(t: TestContext, threads: number): Hashing {
  const hashing = createHashing({} as Store, threads)
  t.after(() => hashing.close())
  return hashing
}

async function feed(hashing: Hashing, bytes: Uint8Array, size: number | undefined = bytes.length) {
  const running = hashing.running(algorithms, size)
  for (let at = 0; at < bytes.length; at += 65_521) {
    running.update(bytes.subarray(at, at + 65_521))
    await running.room()
  }
  return running.digests()
}

describe('the digests of bytes while they arrive', () => {
  for (const threads of [0, 2]) {
    for (const size of [0, 1, MiB - 1, MiB, 3 * MiB + 7])
      test(`are those of the whole: ${size} bytes, ${threads} threads`, async (t) => {
        const bytes = bytesOf(size, 5)
        assert.deepEqual(await feed(hashingOf(t, threads), bytes), digestsOf(bytes))
      })
  }

  test('are right for many at once, some of them let go of half way', async (t) => {
    const hashing = hashingOf(t, 2)
    const bodies = Array.from({ length: 6 }, (_, at) => bytesOf(2 * MiB + at, at))
    const dropped = hashing.running(algorithms, 2 * MiB)
    dropped.update(bytesOf(2 * MiB, 9))
    dropped.drop()
    const all = await Promise.all(bodies.map((bytes) => feed(hashing, bytes)))
    assert.deepEqual(all, bodies.map(digestsOf))
  })

  test('make whoever brings the bytes wait for a thread that is behind', async (t) => {
    const bytes = bytesOf(16 * MiB, 3)
    const running = hashingOf(t, 1).running(algorithms, bytes.length)
    let room: Promise<void> | undefined
    let brought = 0
    while (room === undefined && brought < 16) {
      running.update(bytes.subarray(brought * MiB, (brought + 1) * MiB))
      brought += 1
      room = running.room()
    }
    assert.equal(brought, 4, 'so many MiB are under way at most')
    await room
    assert.equal(running.room(), undefined)
    running.drop()
  })

  test('fail when their thread is gone', async () => {
    const hashing = createHashing({} as Store, 1)
    const running = hashing.running(algorithms, MiB)
    running.update(bytesOf(MiB, 1))
    await hashing.close()
    await assert.rejects(running.digests(), { code: 'FAULT' })
  })
})

test('bytes that the disk does not give have the code of the disk, those that are gone are damaged', async () => {
  const opened = (name: string) => ({ size: 1, file: name, read: async () => 0, close: async () => {} })
  // reading the first byte of the own memory fails with EIO
  const found = { gone: undefined, away: opened('/nowhere/blob'), broken: opened('/proc/self/mem') } as const
  const store = { open: async (sha256: keyof typeof found) => found[sha256] } as unknown as Store
  const hashing = createHashing(store, 1)
  const codeOf = async (sha256: string): Promise<string> => {
    try {
      digestsFound(await hashing.hash(sha256, ['sha256']), sha256)
      return 'OK'
    } catch (error) {
      return asMirrorError(error).code
    }
  }
  assert.equal(await codeOf('gone'), 'DAMAGED')
  assert.equal(await codeOf('away'), 'DAMAGED')
  if (process.platform === 'linux') assert.equal(await codeOf('broken'), 'DISK_FAILED')
  await hashing.close()
})
