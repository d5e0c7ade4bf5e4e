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
  return (await Array.fromAsync(stanzas(pieces(text, size), fields, (stanza) => ({ ...stanza }), limits))).flat()
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
  for await (const batch of stanzas(endless(), ['Package', 'Filename'], (stanza) => ({ ...stanza }))) {
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

const asked = ['Package', 'Size', 'Depends', 'X'] as const
type Outcome = readonly Record<string, string | undefined>[] | { readonly message: string; readonly line: unknown }

/** The same by the book, line by line over a text of a character a byte. */
function slowly(bytes: Buffer, { maxLine, maxStanza, maxFields }: Required<Limits>): Outcome {
  const found: Record<string, string | undefined>[] = []
  let values = new Map<string, string[]>()
  let [count, size, current]: [number, number, string[] | undefined] = [0, 0, undefined]
  const end = () => {
    const one = asked.map((name) => {
      const parts = values.get(name.toLowerCase())
      return [name, parts?.map((part) => Buffer.from(part.replace(/[ \t]+$/, ''), 'latin1').toString()).join('\n')]
    })
    if (count > 0) found.push(Object.fromEntries(one))
    values = new Map()
    ;[count, size, current] = [0, 0, undefined]
  }
  const all = bytes.toString('latin1').split('\n')
  if (all.at(-1) === '') all.pop()
  for (const [at, raw] of all.entries()) {
    const broken = (message: string): Outcome => ({ message, line: at + 1 })
    const text = raw.replace(/\r+$/, '')
    if (text === '') {
      end()
      continue
    }
    if (raw.length > maxLine) return broken(`a line is longer than ${maxLine} bytes`)
    size += raw.length
    if (size > maxStanza) return broken(`a stanza is longer than ${maxStanza} bytes`)
    if (/^[ \t]/.test(text)) {
      if (count === 0) return broken('a stanza begins with a continuation line')
      current?.push(text.slice(1))
      continue
    }
    const [, name = '', value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/s.exec(text) ?? []
    if (name === '') return broken('a line is no field of a stanza')
    count += 1
    if (count > maxFields) return broken(`a stanza has over ${maxFields} fields`)
    const own = asked.find((one) => one.toLowerCase() === name.toLowerCase())
    if (own !== undefined && values.has(own.toLowerCase())) return broken(`${own} is written twice in a stanza`)
    current = own === undefined ? undefined : [value]
    if (own !== undefined && current !== undefined) values.set(own.toLowerCase(), current)
  }
  end()
  return found
}

async function outcome(bytes: Buffer, size: number, limits: Limits): Promise<Outcome> {
  const cut = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  try {
    return (await Array.fromAsync(stanzas(cut(), asked, (stanza) => ({ ...stanza }), limits))).flat()
  } catch (error) {
    const { message, facts } = error as { message: string; facts: { line: unknown } }
    return { message, line: facts.line }
  }
}

const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: odd })
const bits = fc.constantFrom('a', 'bc', ' ', '\t', ':', 'é', '📦', '\r', '.', '#', ' (>= 1), ', 'x'.repeat(20))
const odd = fc.constantFrom('\0', '\x7f', '\n', '\r\n ', 'x'.repeat(70))
const hostileText = fc.array(often(bits, odd), { maxLength: 5 }).map((parts) => parts.join(''))
const ending = fc.constantFrom('\n', '\r\n', ' \n', '\n \n', '\n\t.\n', '\n\n', '\n\r\n\n', '\n\n')
const named = fc.constantFrom('Package', 'PACKAGE', 'size', 'Depends', 'X', 'Y', 'Packagf', 'Else', 'Sizf')
const begun = often(named, fc.constantFrom('é', '', 'a b', '\ta', ' '))
const hostileLine = fc
  .tuple(begun, hostileText, ending)
  .map(([name, text, end]) => Buffer.from(`${name}:${text}${end}`))
const hostile = fc
  .tuple(fc.array(often(hostileLine, fc.uint8Array({ maxLength: 3 }))), hostileText)
  .map(([parts, rest]) => Buffer.concat([...parts, Buffer.from(rest && `X:${rest}`)]))

test('any bytes are read as a plain reading does, however they are cut', async () => {
  const caps = {
    maxLine: fc.constantFrom(60, 1 << 20),
    maxStanza: fc.constantFrom(120, 1 << 24),
    maxFields: fc.constantFrom(3, 1000),
  }
  let read = 0
  await fc.assert(
    fc.asyncProperty(hostile, fc.integer({ min: 1, max: 50 }), fc.record(caps), async (bytes, size, limits) => {
      const plainly = slowly(bytes, limits)
      if (Array.isArray(plainly) && plainly.length > 1) read += 1
      assert.deepEqual(await outcome(bytes, size, limits), plainly)
      assert.deepEqual(await outcome(bytes, bytes.length || 1, limits), plainly)
    }),
    { numRuns: 2000 },
  )
  assert.ok(read > 50, `${read} texts of several stanzas`)
})

test('a stanza longer than what is read at once is whole, and so is the one behind it', async () => {
  const lines = Array.from({ length: 9000 }, (_, at) => `lib${at} (>= 1.${at}) ${'é'.repeat(40)}`)
  const text = `Package: long\nDepends: ${lines.join(',\n ')}\n\nPackage: next\nSize: 1\n`
  for (const size of [1000, 262_144, text.length]) {
    const [long, next] = await read(text, ['Package', 'Depends', 'Size'], size)
    assert.equal(long?.Depends, lines.join(',\n'))
    assert.deepEqual(next, { Package: 'next', Depends: undefined, Size: '1' })
  }
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
