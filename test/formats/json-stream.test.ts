// Values of a JSON document while its bytes pass: the same however they are cut, and nothing that is no JSON.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { jsonValues, type Place } from '../../src/formats/json-stream.ts'

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const values = async (text: string, places: readonly Place[], size = 3) =>
  (await Array.fromAsync(jsonValues(cut(Buffer.from(text), size), places, { path: '/x' })))
    .flat()
    .map(({ path, value }) => ({ path, value }))

describe('values of a JSON stream', () => {
  it('come from their places, in the order of the document', async () => {
    const text = '{"a":{"x":[1,"two\\"}",null,{"y":[true]}],"z":{}},"b":[[1],[2]],"c":-1.5e3, "c2" : "ü"}'
    assert.deepEqual(await values(text, [['a', 'x', '*'], ['b', '1'], ['c'], ['c2']]), [
      { path: ['a', 'x', '0'], value: 1 },
      { path: ['a', 'x', '1'], value: 'two"}' },
      { path: ['a', 'x', '2'], value: null },
      { path: ['a', 'x', '3'], value: { y: [true] } },
      { path: ['b', '1'], value: [2] },
      { path: ['c'], value: -1500 },
      { path: ['c2'], value: 'ü' },
    ])
  })

  it('are those that JSON.parse finds, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.integer({ min: 1, max: 40 }),
        async (object, size) => {
          const text = JSON.stringify(object)
          const found = await values(text, [['*']], size)
          const expected = Object.entries(JSON.parse(text) as object)
          assert.deepEqual(
            found.map(({ path, value }) => [path[0], value]),
            expected,
          )
        },
      ),
    )
  })

  it('of what is no JSON are an error', async () => {
    const nothing = [
      '',
      '{',
      '[1',
      '{"a"}',
      '{"a":1,}',
      '[1,]',
      '{"f":[1,2}',
      '"x',
      '{}x',
      '{} {}',
      '[tru]',
      '{"f":[nul]}',
    ]
    for (const text of [...nothing, '1 2', '{a:1}', '[1 2]', '{"a":1 "b":2}', ':', '{"f":[1]}]']) {
      await assert.rejects(
        values(text, [['f', '*']]),
        (error) => error instanceof MirrorError && error.code === 'UNREADABLE',
        text,
      )
    }
  })

  it('of what is nested or long beyond reason are an error', async () => {
    const hostile = [
      `${'['.repeat(100)}${']'.repeat(100)}`,
      `{"f":[${'['.repeat(100)}${']'.repeat(100)}]}`,
      `{"${'k'.repeat(5000)}":1}`,
    ]
    for (const text of hostile) await assert.rejects(values(text, [['f', '*']], 1000), MirrorError)
  })
})
