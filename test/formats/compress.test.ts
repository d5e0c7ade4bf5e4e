import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { brotliCompressSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { collect } from '../../src/formats/bytes.ts'
import { type Coding, codingOf, compress, inflate } from '../../src/formats/compress.ts'

/** What the fixtures hold; they were made by the reference tools. */
function content(packages: number): Buffer {
  let text = ''
  for (let index = 0; index < packages; index++) text += `Package: p${index}\nVersion: 1.${index % 7}\n\n`
  return Buffer.from(text + 'a'.repeat(3000))
}
const short = content(200)
const long = content(5000)
const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../fixtures/compress/${name}`, import.meta.url))

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}
const inflated = (bytes: Uint8Array, coding: Coding, size = 1000, limit = 1e9): Promise<Uint8Array> =>
  collect(inflate(cut(bytes, size), coding, limit), Number.POSITIVE_INFINITY)
const code = (wanted: string) => (error: unknown) => error instanceof MirrorError && error.code === wanted

const samples: readonly {
  readonly coding: Coding
  readonly bytes: Buffer
  readonly holds: Buffer
  readonly name: string
}[] = [
  { name: 'gzip', coding: 'gzip', bytes: gzipSync(long), holds: long },
  { name: 'br', coding: 'br', bytes: brotliCompressSync(short), holds: short },
  { name: 'zstd with a checksum', coding: 'zstd', bytes: await fixture('short.zst'), holds: short },
  { name: 'xz', coding: 'xz', bytes: await fixture('short.xz'), holds: short },
  { name: 'xz in blocks', coding: 'xz', bytes: await fixture('blocks.xz'), holds: long },
  { name: 'bzip2', coding: 'bzip2', bytes: await fixture('short.bz2'), holds: short },
  { name: 'bzip2 in blocks', coding: 'bzip2', bytes: await fixture('blocks.bz2'), holds: long },
  { name: 'lz4', coding: 'lz4', bytes: await fixture('short.lz4'), holds: short },
  { name: 'lz4 with linked blocks', coding: 'lz4', bytes: await fixture('linked.lz4'), holds: long },
]

test('a coding is told by the suffix, and only by it', () => {
  const told = ['Packages.gz', 'a.xz', 'b.bz2', 'c.zst', 'd.lz4', 'e.br', 'Packages', 'gz', 'x.gz.asc', 'x.lzma'].map(
    codingOf,
  )
  assert.deepEqual(told, ['gzip', 'xz', 'bzip2', 'zstd', 'lz4', 'br', 'identity', 'identity', 'identity', 'identity'])
})

for (const { name, coding, bytes, holds } of samples) {
  describe(name, () => {
    test('is decoded, however it is cut into pieces', async () => {
      for (const size of [1, 7, 1000, bytes.length]) {
        if (bytes.length / size < 5000)
          assert.ok(holds.equals(await inflated(bytes, coding, size)), `pieces of ${size}`)
      }
    })

    test('is unreadable when it is cut off anywhere', async () => {
      const ends = [0, 1, 3, 4, 5, 10, 20, bytes.length >> 1, bytes.length - 9, bytes.length - 4, bytes.length - 1]
      for (const end of ends) {
        await assert.rejects(
          inflated(bytes.subarray(0, end), coding),
          code('UNREADABLE'),
          `${end} of ${bytes.length} bytes`,
        )
      }
    })

    test('never decodes to anything else when a bit is flipped', async () => {
      for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7))
        const result = await inflated(flipped, coding, 1000, 1e7).catch((error: unknown) => error)
        // brotli has no checksum; gzip's header has fields that mean nothing here.
        if (coding === 'br') continue
        const same = result instanceof Uint8Array && holds.equals(result)
        assert.ok(
          same || code('UNREADABLE')(result),
          `bit ${at & 7} of byte ${at}: ${result instanceof Error ? result : 'decoded'}`,
        )
      }
    })

    test('stops at the limit', async () => {
      assert.equal((await inflated(bytes, coding, 1000, holds.length)).length, holds.length)
      await assert.rejects(inflated(bytes, coding, 1000, holds.length - 1), code('TOO_LARGE'))
    })

    test('is something else than a page of a portal', async () => {
      await assert.rejects(
        inflated(Buffer.from('<!doctype html><title>Sign in</title>'.repeat(50)), coding),
        code('UNREADABLE'),
      )
    })

    if (coding !== 'br') {
      test('goes on with what is concatenated to it', async () => {
        const twice = Buffer.concat([bytes, bytes])
        const held = Buffer.concat([holds, holds])
        assert.ok(held.equals(await inflated(twice, coding, 4096)))
        assert.ok(held.equals(await inflated(twice, coding, bytes.length)), 'cut where the second begins')
        await assert.rejects(inflated(twice.subarray(0, twice.length - 1), coding), code('UNREADABLE'))
      })

      test('is unreadable with something else behind it', async () => {
        await assert.rejects(
          inflated(Buffer.concat([bytes, Buffer.from('something else')]), coding),
          code('UNREADABLE'),
        )
      })
    }

    test('passes an error of its source on', async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 200)
        throw new MirrorError('TRUNCATED', 'the transfer broke off')
      }
      await assert.rejects(Array.fromAsync(inflate(broken(), coding, 1e9)), code('TRUNCATED'))
    })

    test('lets go of its source when nobody reads on', async () => {
      let closed = false
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield* cut(bytes, 100)
        } finally {
          closed = true
        }
      }
      for await (const _ of inflate(endless(), coding, 1e9)) break
      await new Promise(setImmediate)
      assert.ok(closed)
    })
  })
}

test('two xz streams can be read in step', async () => {
  const bytes = await fixture('blocks.xz')
  const one = inflate(cut(bytes, 100), 'xz', 1e9)
  const other = inflate(cut(bytes, 100), 'xz', 1e9)
  for (;;) {
    const [left, right] = [await one.next(), await other.next()]
    assert.deepEqual(left, right)
    if (left.done === true) break
  }
})

test('an xz stream with a dictionary over 64 MiB or a check that is not supported says so', async () => {
  await assert.rejects(inflated(await fixture('dictionary.xz'), 'xz'), /dictionary is larger/)
  await assert.rejects(inflated(await fixture('sha256.xz'), 'xz'), /not supported/)
})

test('skippable frames of zstd and lz4 are skipped', async () => {
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5])
  for (const [coding, name] of [
    ['zstd', 'short.zst'],
    ['lz4', 'short.lz4'],
  ] as const) {
    const bytes = await fixture(name)
    assert.ok(short.equals(await inflated(Buffer.concat([skippable, bytes, skippable]), coding)))
    await assert.rejects(inflated(Buffer.concat([bytes, skippable.subarray(0, 10)]), coding), code('UNREADABLE'))
  }
})

test('bytes without a coding pass as they are, in pieces of at most 1 MiB', async () => {
  const sizes: number[] = []
  for await (const piece of inflate(cut(Buffer.alloc(2_500_000), 2_500_000), 'identity', 1e9)) sizes.push(piece.length)
  assert.deepEqual(sizes, [1_048_576, 1_048_576, 402_848])
  await assert.rejects(inflated(Buffer.alloc(11), 'identity', 11, 10), code('TOO_LARGE'))
})

test('a bomb is stopped at the limit, having cost little', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000), { level: 9 })
  let seen = 0
  await assert.rejects(async () => {
    for await (const piece of inflate(cut(bomb, bomb.length), 'gzip', 1_000_000)) seen += piece.length
  }, code('TOO_LARGE'))
  assert.ok(seen <= 1_000_000)
})

test('what is compressed is decoded to the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 1, max: 700 }),
      fc.constantFrom('gzip' as const, 'br' as const, 'zstd' as const),
      async (bytes, size, coding) => {
        const packed = await collect(compress(cut(bytes, size), coding), 1e9)
        assert.deepEqual(Buffer.from(await inflated(packed, coding, size)), Buffer.from(bytes))
      },
    ),
    { numRuns: 60 },
  )
})

test('what is compressed depends on the bytes alone: not on their pieces, the time or the system', async () => {
  for (const coding of ['gzip', 'br', 'zstd'] as const) {
    const whole = await collect(compress(cut(long, long.length), coding), 1e9)
    assert.deepEqual(await collect(compress(cut(long, 777), coding), 1e9), whole, coding)
  }
  const gzip = Buffer.from(await collect(compress(cut(short, 100), 'gzip', 9), 1e9))
  assert.equal(gzip.readUInt32LE(4), 0, 'no time')
  assert.equal(gzip[9], 255, 'no operating system')
  assert.ok(short.equals(gunzipSync(gzip)))
})

test('a higher level compresses further', async () => {
  for (const coding of ['gzip', 'br', 'zstd'] as const) {
    const size = async (level: number) => (await collect(compress(cut(long, 5000), coding, level), 1e9)).length
    assert.ok((await size(9)) < (await size(1)), coding)
  }
})

test('zstd without a checksum is decoded too', async () => {
  assert.ok(long.equals(await inflated(zstdCompressSync(long), 'zstd')))
})

test('the empty file is decoded from what each tool makes of it, not from nothing', async () => {
  const empty = {
    gzip: 'H4sIAAAAAAAAAwMAAAAAAAAAAAA=',
    bzip2: 'QlpoORdyRThQkAAAAAA=',
    lz4: 'BCJNGGRApwAAAAAFXcwC',
    xz: '/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=',
    zstd: 'KLUv/SQAAQAAmenYUQ==',
  } as const
  for (const [coding, text] of Object.entries(empty)) {
    assert.equal((await inflated(Buffer.from(text, 'base64'), coding as Coding, 3)).length, 0, coding)
  }
})
