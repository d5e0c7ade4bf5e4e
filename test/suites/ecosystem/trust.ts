// What is vouched for is had with exactly those bytes, or not at all.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AnyEcosystem } from '../../../src/contract.ts'
import { isBlob } from '../../../src/engine/served.ts'
import { hashOf } from '../../../src/formats/digest.ts'
import type { TestMirror } from '../../builders/mirror.ts'
import { type Bench, bytesOf } from './bench.ts'
import { find } from './documents.ts'

/** Positions tried in each file whose bits are flipped. */
const FLIPS = 16

export function testTrust(bench: Bench): void {
  const { ecosystem, paths, sourceAt, serve, mirror } = bench

  describe('trust', () => {
    it('refuses every file with one bit flipped, and keeps nothing of it', async () => {
      const one = await mirror()
      let tried = 0
      for (const path of paths()) {
        if (!isProven(ecosystem, path) && !(await isSignedRoot(bench, path))) continue
        const good = bytesOf(sourceAt(path))
        // what upstream has under several paths may be taken from any of them, and is fetched once
        const same = paths().filter((other) => Buffer.from(good).equals(bytesOf(sourceAt(other))))
        if (same[0] !== path) continue
        for (const [what, bad] of damaged(good)) {
          if (bench.fixtures.same?.(path, good, bad) === true) continue
          for (const each of same) serve(each, bad)
          const { code } = await one.failure(path)
          assert.equal(refusals.has(code), true, `${path} with ${what}: ${code}`)
          assert.deepEqual(await heldOf(one, path, bad), [], `${path} with ${what} was kept`)
          tried += 1
        }
        for (const each of same) serve(each, good)
        assert.deepEqual((await one.get(path)).bytes, Buffer.from(good), path)
      }
      await one.mirror.flights.idle()
      assert.deepEqual(await one.leftovers(), [])
      assert.ok(tried > 0, 'the fixtures hold nothing that is vouched for')
    })

    it('refuses a file that no index names, without asking for it', async () => {
      const one = await mirror()
      for (const path of paths()) {
        const { route, p } = find(ecosystem, path)
        const known = route.known?.(p).digests
        if (route.kind !== 'artifact' || route.vouchers === undefined || known !== undefined) continue
        if (route.unvouched !== undefined) continue
        const stranger = path.replace(/[^/]+$/, (file) => file.replace(/\d/g, '7'))
        if (bench.archive.files[stranger] !== undefined) continue
        bench.upstream.set(stranger, { body: 'stranger' })
        const { code } = await one.failure(stranger)
        assert.ok(['NOT_FOUND', 'NO_ROUTE'].includes(code), `${stranger}: ${code}`)
        assert.equal(bench.upstream.count(stranger), 0, stranger)
      }
    })
  })
}

/** Somebody vouches for it, or it names its own digest. */
function isProven(ecosystem: AnyEcosystem, path: string): boolean {
  const { route, p } = find(ecosystem, path)
  return route.vouchers !== undefined || route.known?.(p).digests !== undefined
}

/** A root of a chain that its own check proves. */
async function isSignedRoot({ ecosystem, test }: Bench, path: string): Promise<boolean> {
  const { route } = find(ecosystem, path)
  if (route.generation === undefined || route.check === undefined) return false
  const { body } = await test.open(path)
  return isBlob(body) && test.mirror.catalog.refs.bySha256(body.sha256).some(({ proof }) => proof === 'signature')
}

const refusals = new Set([
  'WRONG_DIGEST',
  'WRONG_LENGTH',
  'TOO_LARGE',
  'BAD_SIGNATURE',
  'NO_SIGNATURE',
  'UNKNOWN_KEY',
  'UNSUPPORTED_KEY',
  'BAD_FRAMING',
  'UNREADABLE',
  'NOT_YET_VALID',
])

/** One bit flipped at places all over the file; and a byte more, and half of it. */
function* damaged(good: Uint8Array): Generator<readonly [string, Uint8Array]> {
  const last = good.length - 1
  const places = new Set(Array.from({ length: FLIPS }, (_, index) => Math.round((last * index) / (FLIPS - 1))))
  for (const place of places) {
    const bad = Uint8Array.from(good)
    bad[place] = (good[place] ?? 0) ^ (1 << (place % 8))
    yield [`bit ${place % 8} of byte ${place} flipped`, bad]
  }
  yield ['a byte more', Buffer.concat([good, Buffer.from('x')])]
  yield ['its second half missing', good.subarray(0, good.length >> 1)]
}

/** What a mirror holds of bytes that it should have refused. */
async function heldOf(one: TestMirror, path: string, bytes: Uint8Array): Promise<readonly string[]> {
  const sha256 = hashOf(bytes)
  const blobs = await Array.fromAsync(one.mirror.store.list(), (blob) => blob.sha256)
  const refs = one.mirror.catalog.refs.bySha256(sha256).map((ref) => `${path} as ${ref.path}`)
  return [...refs, ...blobs.filter((blob) => blob === sha256)]
}
