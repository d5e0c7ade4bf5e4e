import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { parseGoMod } from '../../src/formats/go-mod.ts'
import { processorTime } from '../builders/processor-time.ts'

const parse = (text: string) => parseGoMod(Buffer.from(text), 'go.mod')

describe('a go.mod', () => {
  test('is read with all its directives, in lines and in blocks', () => {
    const text = `// Deprecated: use v2
module "example.test/kit" // the kit

go 1.21

toolchain go1.22.3
godebug default=go1.21

require example.test/one v1.2.3 // indirect
require (
\texample.test/two v0.0.0-20200101000000-abcdefabcdef // tagx:ignore
\t\`example.test/Three/v2\` v2.0.0+incompatible // indirect; why

)
exclude example.test/one v1.2.2
exclude (
  example.test/one v1.2.1
)
replace example.test/one => ../one
replace (
\texample.test/two v0.1.0 => example.test/other v0.2.0
)
retract v1.0.0 // a mistake
retract (
\t[v1.1.0, v1.2.0]
\t[ v1.3.0 , v1.4.0 ]
)
ignore ()
tool example.test/two/cmd
`
    assert.deepEqual(parse(text.replaceAll('\n', '\r\n')), parse(text))
    assert.deepEqual(parse(text), {
      module: 'example.test/kit',
      go: '1.21',
      toolchain: 'go1.22.3',
      require: [
        { path: 'example.test/one', version: 'v1.2.3', indirect: true, line: 9 },
        { path: 'example.test/two', version: 'v0.0.0-20200101000000-abcdefabcdef', indirect: false, line: 11 },
        { path: 'example.test/Three/v2', version: 'v2.0.0+incompatible', indirect: true, line: 12 },
      ],
      exclude: [
        { path: 'example.test/one', version: 'v1.2.2' },
        { path: 'example.test/one', version: 'v1.2.1' },
      ],
      replace: [
        { old: { path: 'example.test/one' }, with: { path: '../one' }, line: 19 },
        {
          old: { path: 'example.test/two', version: 'v0.1.0' },
          with: { path: 'example.test/other', version: 'v0.2.0' },
          line: 21,
        },
      ],
      retract: [
        { low: 'v1.0.0', high: 'v1.0.0' },
        { low: 'v1.1.0', high: 'v1.2.0' },
        { low: 'v1.3.0', high: 'v1.4.0' },
      ],
    })
  })

  test('that is empty says nothing', () => {
    assert.deepEqual(parse('').require, [])
    assert.equal(parse('\n// nothing\n').module, undefined)
  })

  test('is refused with the line of its fault', () => {
    const faults: Readonly<Record<string, number>> = {
      'module a.test/x y\n': 1,
      'go 1.21\nrequire a.test/x\n': 2,
      'require (\n\ta.test/x v1 v2\n)\n': 2,
      'require (\n': 1,
      'require (\n) x\n': 2,
      'replace a.test/x ../x\n': 1,
      'replace => ../x\n': 1,
      'replace a.test/x => \n': 1,
      'retract [v1.0.0 v1.1.0]\n': 1,
      'retract [v1.0.0,\n': 1,
      'module "a.test/x\n': 1,
      'module "a\\nb"\n': 1,
      'module a\u0000b\n': 1,
    }
    for (const [text, line] of Object.entries(faults)) {
      assert.throws(
        () => parse(text),
        (error) => error instanceof MirrorError && error.code === 'UNREADABLE' && error.facts.line === line,
        JSON.stringify(text),
      )
    }
    assert.throws(() => parseGoMod(Buffer.from([0xff]), 'go.mod'), { code: 'UNREADABLE' })
    assert.throws(() => parseGoMod(Buffer.alloc(16 * 1024 * 1024 + 1, '\n'), 'go.mod'), { code: 'TOO_LARGE' })
  })

  test('of any text is read or refused, and takes no long time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        try {
          parse(text)
        } catch (error) {
          assert.ok(error instanceof MirrorError)
        }
      }),
    )
    const started = processorTime()
    for (const text of [
      'require (\n'.repeat(50_000),
      '"'.repeat(60_000),
      `module ${'a'.repeat(60_000)}`,
      '\n'.repeat(3_000_000),
      'a '.repeat(30_000),
    ]) {
      try {
        parse(text)
      } catch (error) {
        assert.ok(error instanceof MirrorError)
      }
    }
    assert.ok(processorTime() - started < 1000)
  })
})
