import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineGroups } from '../../src/formats/text-lines.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const linesOf = async (text: string, size: number, longest = 100): Promise<readonly string[]> =>
  (await Array.fromAsync(lineGroups(inPieces(Buffer.from(text), size), longest, () => new Error('too long')))).flat()

for (const size of [1, 2, 3, 5, 64]) {
  test(`lines are the same in pieces of ${size} bytes, with characters that are cut in two`, async () => {
    assert.deepEqual(await linesOf('köln 1.0\n\n東京 2.0\nend', size), ['köln 1.0', '', '東京 2.0', 'end'])
    assert.deepEqual(await linesOf('one\n', size), ['one', ''])
  })
}

test('a line that is too long is refused, and not gathered', async () => {
  assert.deepEqual(await linesOf(`a\n${'b'.repeat(100)}\n`, 7), ['a', 'b'.repeat(100), ''])
  await assert.rejects(linesOf(`a\n${'b'.repeat(101)}\n`, 7), /too long/)
})
