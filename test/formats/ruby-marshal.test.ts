import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { collect, once } from '../../src/formats/bytes.ts'
import { parseMarshal, parseMarshalList } from '../../src/formats/ruby-marshal-read.ts'
import { formatMarshal, formatMarshalList } from '../../src/formats/ruby-marshal-write.ts'
import { isKind, type RubyValue, rubyString, textOf } from '../../src/formats/ruby-values.ts'

const recorded = new URL('../replica/recorded/rubygems/', import.meta.url).pathname
const unreadable = { name: 'MirrorError', code: 'UNREADABLE' }
const marshal = (text: string): Uint8Array => Buffer.from(`\u0004\b${text}`, 'latin1')

/** Integers as Ruby has them: short up to 31 bits, long beyond. */
const integer = fc.oneof(
  fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 }),
  fc.bigInt({ min: 2n ** 40n, max: 2n ** 100n }),
  fc.bigInt({ min: -(2n ** 100n), max: -(2n ** 40n) }),
)
const name = fc.oneof(fc.constantFrom('@name', 'Gem::Version', 'ä'), fc.string({ minLength: 1, unit: 'grapheme' }))
const { value } = fc.letrec<{ value: RubyValue }>((tie) => {
  const variables = fc.array(fc.tuple(name, tie('value')), { maxLength: 3 })
  const bytes = fc.uint8Array({ maxLength: 20 })
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom(null, true, false),
      integer,
      fc.record({ type: fc.constant('symbol' as const), name }),
      fc.record({ type: fc.constant('float' as const), text: fc.constantFrom('1.5', 'inf', 'nan', '-0') }),
      fc.record({ type: fc.constant('string' as const), bytes, variables }),
      fc.record({ type: fc.constant('array' as const), items: fc.array(tie('value'), { maxLength: 4 }) }),
      fc.record({
        type: fc.constant('hash' as const),
        pairs: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }),
      }),
      fc.record({ type: fc.constant('object' as const), class: name, variables }),
      fc.record({ type: fc.constant('marshalled' as const), class: name, value: tie('value') }),
      fc.record({ type: fc.constant('dumped' as const), class: name, bytes, variables }),
    ),
  }
})
/** Buffers and typed arrays of the same bytes are the same. */
const plain = (of: RubyValue): unknown =>
  JSON.parse(
    JSON.stringify(of, (_, each: unknown) =>
      typeof each === 'bigint' ? `${each}n` : each instanceof Uint8Array ? [...each] : each,
    ),
  )

describe('Marshal data', () => {
  it('is read again as it was written', () => {
    fc.assert(
      fc.property(value, (given) => {
        assert.deepEqual(plain(parseMarshal(formatMarshal(given))), plain(given))
      }),
    )
  })

  it('of RubyGems is written again byte for byte', () => {
    const files = globSync('**/*.?z', { cwd: recorded })
    assert.ok(files.length > 10)
    for (const file of files) {
      const packed = readFileSync(`${recorded}${file}`)
      const bytes = file.endsWith('.rz') ? inflateSync(packed) : gunzipSync(packed)
      const read = parseMarshal(bytes)
      assert.deepEqual(Buffer.from(formatMarshal(read)), bytes, file)
      if (isKind(read, 'dumped')) {
        assert.deepEqual(Buffer.from(formatMarshal(parseMarshal(read.bytes))), Buffer.from(read.bytes), file)
      }
    }
  })

  it('refers to a value that occurs again, and reads it as the same', () => {
    const twice = rubyString('again')
    const read = parseMarshal(formatMarshal({ type: 'array', items: [twice, twice, rubyString('again')] }))
    assert.ok(isKind(read, 'array'))
    assert.equal(read.items[0], read.items[1])
    assert.notEqual(read.items[0], read.items[2])
  })

  it('keeps texts', () => {
    for (const text of ['', 'Ärger', '𝄞', '\ufeffx'])
      assert.equal(textOf(parseMarshal(formatMarshal(rubyString(text)))), text)
    assert.equal(textOf(7), undefined)
  })

  it('is understood by Ruby, and Ruby’s by us', (t) => {
    const script = `
      ints = [0, 1, -1, 122, 123, -123, -124, 255, 256, -256, -257, 65535, 65536, -65536, 2**30 - 1, -2**30, 2**31, -2**70]
      given = [ints, 1.5, nil, true, :a, :a, :"é", "x", "x".b, { 1 => 2 }, Hash.new(5), Time.at(0), [["s"] * 3],
               Gem::Version.new("1.0"), Gem::Requirement.new("~> 1", "< 3"), Gem::Platform.new("x86_64-linux")]
      $stdout.binmode
      if ARGV[0] == "write" then $stdout.write(Marshal.dump(given))
      else print Marshal.load($stdin.binmode.read) == given end`
    const ruby = (...args: string[]) => spawnSync('ruby', ['-e', script, ...args])
    const written = ruby('write')
    if (written.error !== undefined) return t.skip('ruby is not on this machine')
    const again = formatMarshal(parseMarshal(written.stdout))
    assert.deepEqual(Buffer.from(again), written.stdout)
    const { stdout, stderr } = spawnSync('ruby', ['-e', script, 'read'], { input: again })
    assert.equal(stdout.toString(), 'true', stderr.toString())
  })
})

describe('hostile Marshal data', () => {
  const attacks: Readonly<Record<string, Uint8Array>> = {
    'of another version': Buffer.from('\u0004\u0009i\u0006', 'latin1'),
    empty: new Uint8Array(),
    'that ends in a value': marshal('[\u0007i\u0006'),
    'that goes on': marshal('i\u0006i\u0006'),
    'nested without end': marshal('[\u0006'.repeat(100_000)),
    'nested in objects': marshal('U:\u0006A'.padEnd(3) + 'U;\u0000'.repeat(10_000)),
    'of a list as long as four billion': marshal('[\u0004\u00ff\u00ff\u00ff\u00ff'),
    'of a list as long as a billion': marshal('[\u0004\u00ff\u00ff\u00ff\u003f'),
    'of a text as long as a billion': marshal('"\u0004\u00ff\u00ff\u00ff\u003f'),
    'of a negative length': marshal('"\u00fa'),
    'of a hash longer than its bytes': marshal('{\u0004\u00ff\u00ff\u00ff\u003f'),
    'of an endless integer': marshal(`l+\u0002\u00ff\u00ff${'\u00ff'.repeat(131070)}`),
    'that refers to itself': marshal('[\u0006@\u0000'),
    'that refers to what holds it': marshal('[\u0006[\u0006@\u0000'),
    'that refers to nothing': marshal('@\u0006'),
    'that refers backwards': marshal('[\u0007"\u0000@\u00fa'),
    'with an unknown symbol': marshal(';\u0006'),
    'of a Ruby class': marshal('c\u000bString'),
    'of a module': marshal('m\u000bKernel'),
    'of a regular expression': marshal('/\u0006a\u0000'),
    'of a struct': marshal('S:\u0006A\u0000'),
    'of an extended object': marshal('e:\u0006Ao:\u0006B\u0000'),
    'of a class with a text as its name': marshal('o"\u0006A\u0000'),
    'of C data': marshal('d:\u0006Ai\u0000'),
  }
  for (const [what, bytes] of Object.entries(attacks)) {
    it(`is refused: ${what}`, async () => {
      assert.throws(() => parseMarshal(bytes), unreadable)
      await assert.rejects(async () => {
        for await (const _ of parseMarshalList(once(bytes)));
      }, unreadable)
    })
  }

  it('never makes anything else than an error of ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseMarshal(Buffer.concat([Buffer.from([4, 8]), bytes]))
        } catch (error) {
          assert.equal((error as { code: string }).code, 'UNREADABLE')
        }
      }),
    )
  })

  it('of references to references costs no more than its bytes', () => {
    // a list of two references to the list before, forty times: spelt out it has 2^40 values
    let text = `[\u002d[\u0007"\u0000"\u0000`
    for (let index = 1; index < 40; index++) {
      const before = index === 1 ? 1 : index + 2
      const link = `@${String.fromCharCode(before + 5)}`
      text += `[\u0007${link}${link}`
    }
    const read = parseMarshal(marshal(text))
    assert.ok(isKind(read, 'array'))
    assert.equal(formatMarshal(read).length, text.length + 2)
  })
})

describe('a list that is read item by item', () => {
  const shared = rubyString('shared')
  const items: readonly RubyValue[] = Array.from({ length: 3000 }, (_, index) => ({
    type: 'array',
    items: [shared, rubyString(`${index}`), index],
  }))

  async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }

  it('has the same items, however it is cut', async () => {
    const bytes = formatMarshal({ type: 'array', items })
    for (const size of [1, 7, 1000, 1e6]) {
      const read = await Array.fromAsync(parseMarshalList(pieces(bytes, size)))
      assert.equal(read.length, items.length)
      for (const [index, item] of read.entries()) assert.deepEqual(plain(item), plain(items[index] ?? null))
    }
  })

  it('is written as the whole is', async () => {
    const bytes = await collect(formatMarshalList(items.length, items), 1e7)
    assert.deepEqual(Buffer.from(bytes), Buffer.from(formatMarshal({ type: 'array', items })))
  })

  it('refuses a reference to an item, for it was let go of', async () => {
    const [one] = items
    assert.ok(one !== undefined)
    const bytes = formatMarshal({ type: 'array', items: [one, one] })
    await assert.rejects(Array.fromAsync(parseMarshalList(once(bytes))), unreadable)
  })

  it('refuses an item of more than 64 KiB', async () => {
    const bytes = formatMarshal({ type: 'array', items: [rubyString('x'.repeat(200_000))] })
    await assert.rejects(Array.fromAsync(parseMarshalList(pieces(bytes, 1000))), unreadable)
  })
})
