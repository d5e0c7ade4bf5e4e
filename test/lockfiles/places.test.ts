// Structured texts as places: lines are true, names are names, and no text takes long.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseJson } from '../../src/lockfiles/json-places.ts'
import type { Place } from '../../src/lockfiles/place.ts'
import { parsePlainYaml } from '../../src/lockfiles/plain-yaml.ts'
import { mostOf } from '../../src/lockfiles/text.ts'
import { parseToml } from '../../src/lockfiles/toml-places.ts'
import { type Element, parseXml } from '../../src/lockfiles/xml.ts'
import { parseWholeYaml, parseYaml } from '../../src/lockfiles/yaml-places.ts'

const fixtures = path.join(import.meta.dirname, '../fixtures/lockfiles')

/** `path: value @line` for every value, tables and lists without theirs. */
function shown(place: Place, path = ''): string[] {
  const { value, line } = place
  if (value instanceof Map)
    return [`${path} @${line}`, ...[...value].flatMap(([name, one]) => shown(one, `${path}.${name}`))]
  if (Array.isArray(value))
    return [`${path} @${line}`, ...(value as readonly Place[]).flatMap((one, at) => shown(one, `${path}.${at}`))]
  return [`${path}: ${String(value)} @${line}`]
}

async function quickly(work: () => unknown): Promise<void> {
  const begun = process.cpuUsage()
  await assert.rejects(async () => work(), { code: 'LOCKFILE' })
  const { user, system } = process.cpuUsage(begun)
  assert.ok(user + system < 4_000_000, `${(user + system) / 1000} ms`)
}

describe('JSON', () => {
  it('has the lines of names and items', () => {
    const text = '{\n "a": [\n  1,\n  {"__proto__":\n   true}],\n "b"\n : null, "b": "last"}'
    assert.deepEqual(shown(parseJson(text, 'f')), [
      ' @1',
      '.a @2',
      '.a.0: 1 @3',
      '.a.1 @4',
      '.a.1.__proto__: true @4',
      '.b: last @7',
    ])
  })

  it('takes comments and last commas where they are allowed', () => {
    assert.deepEqual(shown(parseJson('{"a": [1, /* x */],}', 'f', 'jsonc')), [' @1', '.a @1', '.a.0: 1 @1'])
    for (const text of ['{"a": 1,}', '{"a": /* x */ 1}', '{} {}', '', '{"a" 1}', '{"a": "x']) {
      assert.throws(() => parseJson(text, 'f'), { code: 'LOCKFILE', message: 'is not JSON' })
    }
  })

  it('is bounded', async () => {
    await quickly(() => parseJson('['.repeat(1_000_000), 'f'))
    await quickly(() => parseJson('{"a":'.repeat(1_000_000), 'f'))
    await quickly(() => parseJson(`"${'\\"'.repeat(2_000_000)}`, 'f'))
  })
})

describe('YAML', () => {
  it('keeps scalars as they are written, with their lines', async () => {
    const [place] = await parseYaml('a: 1.10\nb:\n  - ~\n  - "x: y"\nc: !!int 7\n__proto__: yes\n', 'f')
    assert.deepEqual(shown(place as Place), [
      ' @1',
      '.a: 1.10 @1',
      '.b @2',
      '.b.0: ~ @3',
      '.b.1: x: y @4',
      '.c: 7 @5',
      '.__proto__: yes @6',
    ])
  })

  it('reads every document, and leaves empty ones out', async () => {
    assert.deepEqual(
      (await parseYaml('---\na: 1\n---\n---\nb: 2\n', 'f')).map((one) => shown(one)[1]),
      ['.a: 1 @2', '.b: 2 @5'],
    )
  })

  it('resolves aliases and merges', async () => {
    const [place] = await parseYaml('x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\nz: *x\n', 'f')
    assert.deepEqual(shown(place as Place).slice(4), [
      '.y @2',
      '.y.b: 3 @4',
      '.y.a: 1 @1',
      '.z @5',
      '.z.a: 1 @1',
      '.z.b: 2 @1',
    ])
  })

  const wrong: readonly (readonly [string, string, string])[] = [
    ['an alias of nothing', 'a: *b\n', 'f:1: the alias "b" names nothing above it'],
    ['an alias of itself', 'a: &a\n  b: *a\n', 'f:2: the alias "a" names nothing above it'],
    ['a name that stands twice', 'a: 1\nb: 2\na: 3\n', 'f:3: "a" stands twice'],
    ['a name that is none', '? [a]\n: 1\n', 'f:1: a name is not a text'],
    ['a broken text', 'a: 1\nb: "x\n', 'f:3: is not YAML'],
  ]
  for (const [what, text, located] of wrong) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(parseYaml(text, 'f'), (error: { located?: string }) => {
        assert.equal(error.located, located)
        return true
      })
    })
  }

  it('is bounded', async () => {
    await quickly(() => parseYaml('['.repeat(100_000), 'f'))
    await quickly(() => parseYaml('a: {'.repeat(50_000), 'f'))
    const laughs = Array.from(
      { length: 20 },
      (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]`,
    )
    await quickly(() => parseYaml(['a0: &a0 x', ...laughs].join('\n'), 'f'))
  })
})

describe('TOML', () => {
  it('has the lines of tables and keys, through texts and lists of several lines', () => {
    const text = [
      'a = """',
      '[[package]]',
      'b = 1"""',
      '[[package]]',
      'name = "x" # [[package]]',
      'files = [',
      '  ["[[package]]"],',
      '  {a = 1}, # ]',
      ']',
      '[package."so.urce"]',
      "'q k'.z = 2",
      '[[package]]',
      'name = "y"',
    ].join('\n')
    const lines = shown(parseToml(text, 'f')).filter((line) => /name|so\.urce|package\.\d @|^\.a:/.test(line))
    assert.deepEqual(lines, [
      '.a: [[package]]\nb = 1 @1',
      '.package.0 @4',
      '.package.0.name: x @5',
      '.package.0.so.urce @10',
      '.package.0.so.urce.q k @10',
      '.package.0.so.urce.q k.z: 2 @11',
      '.package.1 @12',
      '.package.1.name: y @13',
    ])
  })

  it('is bounded', async () => {
    await quickly(() => parseToml(`a = ${'['.repeat(500_000)}`, 'f'))
    await quickly(() => parseToml(`a = ${'{a='.repeat(200_000)}`, 'f'))
    await quickly(() => parseToml(`a = """${'x'.repeat(2_000_000)}`, 'f'))
  })
})

describe('XML', () => {
  it('has the lines of elements', async () => {
    const names = ({ name, line, children }: Element): string[] => [`${name}@${line}`, ...children.flatMap(names)]
    const root = await parseXml(
      '<?xml version="1.0"?>\n<x:a b="&lt;">\n <c/>t&amp;<![CDATA[<u>]]>\n\n<d\n>e</d></x:a>\n',
      'f',
    )
    assert.deepEqual([names(root), root.attributes.get('b'), root.text.trim()], [['a@2', 'c@3', 'd@5'], '<', 't&<u>'])
  })

  it('refuses what does not end, ends another, or begins twice', async () => {
    for (const text of ['<a>', '<a><b></a>', '<a/><b/>', 'x<a/>', '', '<a b="', '<a><b/>']) {
      await assert.rejects(parseXml(text, 'f'), { code: 'LOCKFILE' }, text)
    }
  })

  it('is bounded', async () => {
    await quickly(() => parseXml('<a>'.repeat(300_000), 'f'))
    await quickly(() => parseXml(`<a ${'b="1" '.repeat(100_000)}`, 'f'))
  })
})

describe('plain YAML', () => {
  const texts = [
    'a: b',
    'a:',
    '- a',
    '-',
    "'a b': 'it''s'",
    '"a": "b"',
    "a: {b: c, d: [e, 'f']}",
    '- a: []',
    'a: |-',
    '---',
  ]
  const oddities = [
    'a: b: c',
    'a: b # c',
    '# a',
    '',
    '\ta: b',
    'a: &b c',
    'a: *b',
    '<<: {a: b}',
    '{a: b}',
    '? a',
    'a: >',
    '...',
    '[a]',
  ]
  const line = fc
    .tuple(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(...texts, ...texts, ...oddities),
      fc.constantFrom('', '', ' ', 'x'),
    )
    .map(([indent, text, end]) => `${'  '.repeat(indent)}${text}${end}`)

  it('is what all YAML is, with the same lines, or left to the parser of all YAML', async () => {
    let plainly = 0
    const same = fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
      const text = lines.map((one, at) => one.replace('a', `a${at}`)).join('\n')
      const plain = parsePlainYaml(text, 'f')
      if ('notPlainAt' in plain) return
      plainly += 1
      assert.deepEqual(plain, await parseWholeYaml(text, 'f'))
    })
    await fc.assert(same, { numRuns: 3000, seed: 1 })
    assert.ok(plainly > 100, `${plainly} were plain`)
  })

  it('is what the tools write', () => {
    const written = globSync('{pnpm-lock,yarn-berry,conda-lock,pixi-lock,pubspec-lock}/**/*.{yaml,yml,lock}', {
      cwd: fixtures,
    })
    assert.ok(written.length > 5)
    for (const name of written)
      assert.ok(!('notPlainAt' in parsePlainYaml(readFileSync(path.join(fixtures, name), 'utf8'), name)), name)
  })
})

describe('whole documents', () => {
  const refused = (parse: () => unknown, what: string) =>
    assert.rejects(async () => parse(), {
      code: 'LOCKFILE',
      message: new RegExp(`^is ${what} of more than \\d+ characters$`),
    })

  it('are refused beyond what memory allows', async () => {
    await refused(() => parseYaml(' '.repeat(mostOf.plainYaml + 1), 'lock'), 'YAML')
    await refused(() => parseToml(' '.repeat(mostOf.toml + 1), 'lock'), 'TOML')
    await refused(() => parseJson(' '.repeat(mostOf.json + 1), 'lock'), 'JSON')
    await refused(() => parseXml(' '.repeat(mostOf.xml + 1), 'lock'), 'XML')
  })

  it('may be larger where they are plain YAML, and say from which line on they are not', async () => {
    const value = 'x'.repeat(1000)
    const lines = Array.from({ length: Math.ceil(mostOf.yaml / value.length) }, (_, at) => `key-${at}: ${value}`)
    const [place] = await parseYaml(lines.join('\n'), 'lock')
    assert.ok(place?.value instanceof Map)
    assert.equal(place.value.size, lines.length)
    await assert.rejects(parseYaml([...lines, 'key-7: again'].join('\n'), 'lock'), {
      code: 'LOCKFILE',
      message: `is not plain YAML, and other YAML is read up to ${mostOf.yaml} characters`,
      facts: { file: 'lock', line: lines.length + 1, cause: undefined },
    })
  })
})
