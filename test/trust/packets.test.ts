import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { packets } from '../../src/trust/packets.ts'
import { code } from './builders.ts'

/** A packet in each form of header that can hold it. */
function forms(tag: number, body: Uint8Array): Uint8Array[] {
  const { length } = body
  const headers = [
    [0xc0 | tag, 255, 0, 0, length >> 8, length & 255],
    [0x82 | (tag << 2), 0, 0, length >> 8, length & 255],
    [0x81 | (tag << 2), length >> 8, length & 255],
  ]
  if (length < 192) headers.push([0xc0 | tag, length])
  else if (length < 8384) headers.push([0xc0 | tag, ((length - 192) >> 8) + 192, (length - 192) & 255])
  if (length < 256) headers.push([0x80 | (tag << 2), length])
  return headers.map((header) => Buffer.concat([Buffer.from(header), body]))
}

const bodies = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 8000, maxLength: 9000 }))

test('reads every form of header', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 15 }), bodies, (tag, body) => {
      for (const form of forms(tag, body)) {
        const found = [...packets(Buffer.concat([form, form]))]
        assert.equal(found.length, 2)
        assert.equal(found[1]?.tag, tag)
        assert.deepEqual(Buffer.from(found[1]?.body ?? []), Buffer.from(body))
        assert.deepEqual(Buffer.from(found[1]?.whole ?? []), Buffer.from(form))
      }
    }),
    { numRuns: 50 },
  )
})

test('a packet that is cut off anywhere is broken', () => {
  for (const form of forms(2, Buffer.alloc(200))) {
    for (const length of [1, 2, 3, form.length - 1]) {
      assert.throws(() => [...packets(form.subarray(0, length))], code('BAD_FRAMING'))
    }
  }
})

test('partial and indeterminate lengths are refused', () => {
  assert.throws(() => [...packets(Buffer.of(0xc2, 0xe0, 0, 0))], code('BAD_FRAMING'))
  assert.throws(() => [...packets(Buffer.of(0x8b, 0, 0))], code('BAD_FRAMING'))
})

test('any bytes are packets or an error with a code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        assert.equal(Buffer.concat([...packets(bytes)].map(({ whole }) => whole)).length, bytes.length)
      } catch (error) {
        assert.ok(error instanceof MirrorError)
      }
    }),
  )
})
