import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { collect, lines, once } from '../../src/formats/bytes.ts'

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}
const linesOf = (text: string, size = 3, limit = 1000): Promise<string[]> =>
  Array.fromAsync(lines(cut(Buffer.from(text), size), { limit }))
const tooLarge = (error: unknown): boolean => error instanceof MirrorError && error.code === 'TOO_LARGE'

test('a stream is collected whole, up to its limit', async () => {
  const bytes = Buffer.from('twelve bytes')
  assert.deepEqual(await collect(cut(bytes, 5), 12), bytes)
  await assert.rejects(collect(cut(bytes, 5), 11), tooLarge)
  assert.deepEqual(await collect(once(bytes), 12), bytes)
})

test('lines end at a line feed, the last one also at the end', async () => {
  assert.deepEqual(await linesOf(''), [])
  assert.deepEqual(await linesOf('one'), ['one'])
  assert.deepEqual(await linesOf('one\n'), ['one'])
  assert.deepEqual(await linesOf('\none\r\n\n two'), ['', 'one\r', '', ' two'])
})

test('a character that is cut between pieces stays whole', async () => {
  for (const size of [1, 2, 3]) assert.deepEqual(await linesOf('zażółć\n🙂🙂', size), ['zażółć', '🙂🙂'])
})

test('lines are those of the whole text, however it is cut', async () => {
  const text = fc.array(fc.constantFrom('a', 'bc', '\n', 'ü', '\r')).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (whole, size) => {
      const expected = whole.split('\n')
      if (expected.at(-1) === '') expected.pop()
      assert.deepEqual(await linesOf(whole, size), expected)
    }),
  )
})

test('a line is no longer than its limit, in bytes, ended or not', async () => {
  assert.deepEqual(await linesOf('1234\n1234', 3, 4), ['1234', '1234'])
  await assert.rejects(linesOf('1\n12345\n', 100, 4), tooLarge)
  await assert.rejects(linesOf('12345', 2, 4), tooLarge)
  await assert.rejects(linesOf('üüü', 1, 5), tooLarge)
})
