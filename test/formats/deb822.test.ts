import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatStanza, type Limits, parseStanza, stanzas } from '../../src/formats/deb822.ts'
import { processorTime } from '../builders/processor-time.ts'

async function* pieces(text: string, size = text.length || 1): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read<const F extends string>(text: string, fields: readonly F[], size?: number, limits?: Limits) {
  return (await Array.fromAsync(stanzas(pieces(text, size), fields, limits))).flat()
}

const sample = `Package: hello
Depends: libc6 (>= 2.34),
 libx
Description: a café
 first line
 .
 last line
Size: 12

package: other
SIZE:\t7
`

test('gives the asked fields of each stanza and nothing else', async () => {
  assert.deepEqual(await read(sample, ['Package', 'Size', 'Depends', 'Description']), [
    {
      Package: 'hello',
      Size: '12',
      Depends: 'libc6 (>= 2.34),\nlibx',
      Description: 'a café\nfirst line\n.\nlast line',
    },
    { Package: 'other', Size: '7', Depends: undefined, Description: undefined },
  ])
})

test('reads the same however the bytes are cut', async () => {
  const whole = await read(sample, ['Package', 'Depends', 'Description', 'Size'])
  for (const size of [1, 2, 3, 7, 64]) {
    assert.deepEqual(await read(sample, ['Package', 'Depends', 'Description', 'Size'], size), whole, `by ${size}`)
  }
})

test('takes carriage returns at line ends and any number of empty lines between stanzas', async () => {
  const found = await read('\n\nPackage: a\r\n\r\n\r\nPackage: b\r\n', ['Package'])
  assert.deepEqual(found, [{ Package: 'a' }, { Package: 'b' }])
})

test('a # begins no comment', async () => {
  assert.deepEqual(await read('Package: a\n#Size: 4\n', ['Package', 'Size']), [{ Package: 'a', Size: undefined }])
})

test('a stanza cannot be injected by a value', async () => {
  const found = await read('Package: a\nDescription: x\n \n Package: evil\n', ['Package'])
  assert.deepEqual(found, [{ Package: 'a' }])
})

const refused: readonly (readonly [string, string, Limits?])[] = [
  ['a web page', '<!DOCTYPE html>\n<html lang="en">\n'],
  ['a line without a colon', 'Package: a\nnonsense\n'],
  ['a line without a name', ': value\n'],
  ['a field name with a blank', 'Pack age: a\n'],
  ['a continuation line before any field', ' text\nPackage: a\n'],
  ['an asked field written twice', 'Package: a\nPackage: b\n'],
  ['a line over the cap', `Package: ${'x'.repeat(200)}\n`, { maxLine: 100 }],
  ['an unended line over the cap', `Package: ${'x'.repeat(200)}`, { maxLine: 100 }],
  ['a stanza over the cap', `A: b\n${' x\n'.repeat(100)}`, { maxStanza: 100 }],
  ['too many fields', Array.from({ length: 20 }, (_, at) => `F${at}: x\n`).join(''), { maxFields: 10 }],
]
for (const [what, text, limits] of refused) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(read(text, ['Package'], 16, limits), { code: 'UNREADABLE' })
    assert.throws(() => parseStanza(text, limits), { code: 'UNREADABLE' })
  })
}

test('names the line that is broken', async () => {
  await assert.rejects(
    read('Package: a\n\nPackage: b\nbroken\n', ['Package']),
    (error: { facts: { line: number } }) => {
      assert.equal(error.facts.line, 4)
      return true
    },
  )
})

test('an unended line of tiny pieces is not quadratic', async () => {
  const begun = processorTime()
  await read(`Package: ${'x'.repeat(300_000)}\n`, ['Package'], 1)
  assert.ok(processorTime() - begun < 3000)
})

test('memory does not grow with the document', async () => {
  const stanza = Buffer.from(`Package: a\nFilename: pool/a\nDescription: ${'x'.repeat(700)}\n\n`.repeat(100))
  const endless = async function* () {
    for (let at = 0; at < 500; at++) yield stanza
  }
  let count = 0
  let largest = 0
  for await (const batch of stanzas(endless(), ['Package', 'Filename'])) {
    count += batch.length
    largest = Math.max(largest, batch.length)
  }
  assert.equal(count, 50_000)
  assert.ok(largest <= 100)
})

test('a Release is one stanza with every field', () => {
  const release = parseStanza('Origin: Debian\nSHA256:\n aa 1 main/x\n bb 2 main/y\n')
  assert.deepEqual(
    [...release],
    [
      ['origin', 'Debian'],
      ['sha256', '\naa 1 main/x\nbb 2 main/y'],
    ],
  )
})

test('a Release with a second stanza is refused', () => {
  assert.throws(() => parseStanza('A: 1\n\nB: 2\n'), { code: 'UNREADABLE' })
})

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,12}$/)
const line = fc.stringMatching(/^[!-~]([ -~é]{0,30}[!-~])?$/)
const value = fc
  .tuple(fc.option(line, { nil: '' }), fc.array(line, { maxLength: 4 }))
  .map(([first, more]) => [first, ...more].join('\n'))
const fields = fc.uniqueArray(fc.tuple(name, value), {
  selector: ([key]) => key.toLowerCase(),
  minLength: 1,
  maxLength: 8,
})

test('parsing is the inverse of formatting', () => {
  fc.assert(
    fc.property(fields, (written) => {
      const read = [...parseStanza(formatStanza(written))]
      assert.deepEqual(
        read,
        written.map(([key, text]) => [key.toLowerCase(), text]),
      )
    }),
  )
})

test('streaming reads what formatting wrote', async () => {
  await fc.assert(
    fc.asyncProperty(fields, fc.integer({ min: 1, max: 40 }), async (written, size) => {
      const [found] = await read(
        formatStanza(written),
        written.map(([key]) => key),
        size,
      )
      assert.deepEqual({ ...found }, Object.fromEntries(written))
    }),
    { numRuns: 50 },
  )
})

for (const [what, key, text] of [
  ['a blank line in a value', 'Description', 'x\n\nPackage: evil'],
  ['a carriage return', 'Description', 'x\rPackage: evil'],
  ['a NUL', 'Description', 'x\0'],
  ['a name with a colon', 'A:b', 'x'],
  ['a name that is a comment', '#a', 'x'],
] as const) {
  test(`does not write ${what}`, () => {
    assert.throws(() => formatStanza([[key, text]]), { code: 'UNREADABLE' })
  })
}
