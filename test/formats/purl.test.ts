import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { compilePattern, formatPurl, parsePurl } from '../../src/formats/purl.ts'
import { cargoVersions } from '../../src/versions/cargo.ts'
import { versions as debianVersions } from '../../src/versions/debian.ts'
import { npmVersions } from '../../src/versions/npm.ts'

const versionsOf = (type: string) => ({ npm: npmVersions, cargo: cargoVersions, deb: debianVersions })[type]
const compile = (text: string) => compilePattern(text, versionsOf)
const code = (wanted: string) => (error: unknown) => error instanceof MirrorError && error.code === wanted

describe('a package URL', () => {
  test('names type, name with namespace, version and qualifiers', () => {
    assert.deepEqual(parsePurl('pkg:npm/%40corp/x@1.2.3'), {
      type: 'npm',
      name: '@corp/x',
      version: '1.2.3',
      qualifiers: {},
    })
    assert.deepEqual(parsePurl('pkg:npm/@corp/x'), { type: 'npm', name: '@corp/x', qualifiers: {} })
    assert.deepEqual(parsePurl('pkg:DEB/debian/curl@7.1~2-1?arch=amd64#sub'), {
      type: 'deb',
      name: 'debian/curl',
      version: '7.1~2-1',
      qualifiers: { arch: 'amd64' },
    })
    assert.equal(parsePurl('pkg:golang/github.com/BurntSushi/toml').name, 'github.com/BurntSushi/toml')
  })

  test('is refused when it is none', () => {
    for (const text of [
      '',
      'npm/x',
      'pkg:',
      'pkg:npm',
      'pkg:npm/',
      'pkg:npm//',
      'pkg:/x',
      'pkg:n pm/x',
      'pkg:npm/%zz',
      'pkg:npm/a%00b',
      'http://host/x',
    ]) {
      assert.throws(() => parsePurl(text), code('USAGE'), text)
    }
  })

  test('is written canonically', () => {
    assert.equal(formatPurl('npm', '@corp/x', '1.2.3'), 'pkg:npm/%40corp/x@1.2.3')
    assert.equal(
      formatPurl('deb', 'debian/libstdc++6', '1:2+b~1', { arch: 'amd64', a: 'x y', none: '' }),
      'pkg:deb/debian/libstdc%2B%2B6@1:2+b~1?a=x%20y&arch=amd64',
    )
    assert.equal(formatPurl('maven', 'org.example:thing', '1'), 'pkg:maven/org.example/thing@1')
    assert.equal(formatPurl('cargo', 'serde'), 'pkg:cargo/serde')
  })

  test('reads back as it was written', () => {
    const part = fc.string({ unit: 'grapheme-ascii', minLength: 1 })
    const name = fc
      .array(
        part.filter((text) => !text.includes('/')),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => parts.join('/'))
    fc.assert(
      fc.property(name, fc.option(part, { nil: undefined }), (text, version) => {
        const stated = version === undefined ? {} : { version }
        fc.pre(text.trim() === text && (version === undefined || version.trim() === version))
        assert.deepEqual(parsePurl(formatPurl('generic', text, version)), {
          type: 'generic',
          name: text,
          ...stated,
          qualifiers: {},
        })
      }),
    )
  })
})

interface Row {
  readonly pattern: string
  readonly yes: readonly string[]
  readonly no: readonly string[]
}
/** Subjects as TYPE NAME [VERSION]. */
const rows: readonly Row[] = [
  {
    pattern: 'pkg:npm/left-pad',
    yes: ['npm left-pad', 'npm left-pad 1.0.0'],
    no: ['npm left-pad2', 'cargo left-pad', 'npm Left-pad'],
  },
  { pattern: 'pkg:npm/@corp/*', yes: ['npm @corp/x 1.0.0'], no: ['npm @corpx/x', 'npm corp/x', 'npm @corp/x/y'] },
  { pattern: 'pkg:npm/%40corp/x@1.2.3', yes: ['npm @corp/x 1.2.3'], no: ['npm @corp/x 1.2.4', 'npm @corp/x'] },
  { pattern: 'pkg:npm/@corp/x@^1', yes: ['npm @corp/x 1.9.0'], no: ['npm @corp/x 2.0.0'] },
  {
    pattern: 'pkg:npm/left-pad@<1.3',
    yes: ['npm left-pad 1.2.9'],
    no: ['npm left-pad 1.3.0', 'npm left-pad', 'npm right-pad 1.0.0'],
  },
  { pattern: 'pkg:npm/left-pad@%3C1.3', yes: ['npm left-pad 1.2.9'], no: ['npm left-pad 1.3.0'] },
  { pattern: 'pkg:npm/x@>=1 <2 || 3.x', yes: ['npm x 1.5.0', 'npm x 3.0.0'], no: ['npm x 2.0.0'] },
  { pattern: 'pkg:npm/x@1.2', yes: ['npm x 1.2.7'], no: ['npm x 1.3.0'] },
  { pattern: 'pkg:npm/x@1.2.*', yes: ['npm x 1.2.7'], no: ['npm x 1.3.0'] },
  { pattern: 'pkg:cargo/serde@1.0.3', yes: ['cargo serde 1.0.3'], no: ['cargo serde 1.0.4', 'cargo serde'] },
  { pattern: 'pkg:cargo/**', yes: ['cargo serde', 'cargo a/b'], no: ['npm serde'] },
  { pattern: 'pkg:*/evil', yes: ['npm evil', 'cargo evil 1.0.0'], no: ['npm evil2'] },
  { pattern: 'pkg:*/evil@6.6.*', yes: ['npm evil 6.6.6'], no: ['npm evil 6.7.0'] },
  { pattern: 'pkg:deb/debian/curl', yes: ['deb curl', 'deb debian/curl'], no: ['deb wget', 'deb ubuntu/curl'] },
  { pattern: 'pkg:deb/*/curl', yes: ['deb curl'], no: ['deb wget'] },
  { pattern: 'pkg:deb/curl@7.1~2-1', yes: ['deb curl 7.1~2-1'], no: ['deb curl 7.1-1'] },
  { pattern: 'pkg:deb/lib{ssl,crypto}*@<< 3', yes: ['deb libssl3 2.9'], no: ['deb libssl3 3.0', 'deb libcurl 1'] },
  { pattern: 'pkg:npm/debian/curl', yes: [], no: ['npm curl'] },
  { pattern: 'pkg:pypi/Zope.Interface_x', yes: ['pypi zope-interface-x'], no: ['pypi zope-interface'] },
  { pattern: 'pkg:pypi/Zope.*', yes: ['pypi zope-interface'], no: ['pypi zope'] },
  { pattern: 'pkg:maven/org.example/*', yes: ['maven org.example:thing'], no: ['maven org.example.x:thing'] },
  { pattern: 'pkg:maven/org.example:thing', yes: ['maven org.example:thing'], no: [] },
  {
    pattern: 'pkg:oci/library/alpine@sha256:abc',
    yes: ['oci library/alpine sha256:abc'],
    no: ['oci library/alpine sha256:abd'],
  },
  {
    pattern: 'pkg:golang/github.com/@x/y@v1.2.3',
    yes: ['golang github.com/@x/y v1.2.3'],
    no: ['golang github.com/@x/y v1.2.4'],
  },
]

const subject = (text: string) => {
  const [type = '', name = '', version] = text.split(' ')
  return { type, name, repo: 'debian', ...(version === undefined ? {} : { version }) }
}

describe('a package pattern', () => {
  for (const { pattern, yes, no } of rows) {
    test(`${pattern} matches what it says`, () => {
      const { matches } = compile(pattern)
      for (const text of yes) assert.ok(matches(subject(text)), `matches ${text}`)
      for (const text of no) assert.ok(!matches(subject(text)), `does not match ${text}`)
    })
  }

  test('can be asked about a name alone', () => {
    const { matchesName } = compile('pkg:npm/left-pad@<1.3')
    assert.ok(matchesName(subject('npm left-pad 9.0.0')))
    assert.ok(!matchesName(subject('npm right-pad')))
  })

  test('is nonsense when it could never mean anything', () => {
    const nonsense = [
      '',
      'left-pad',
      'pkg:',
      'pkg:npm',
      'pkg:npm/',
      'pkg:/x',
      'pkg:n*/x',
      'pkg:npm/a//b',
      'pkg:npm/x@',
      'pkg:npm/x@ ',
      'pkg:npm/%zz',
      'pkg:npm/x@latest',
      'pkg:npm/x@>>1',
      'pkg:cargo/x@1 - 2 -',
      'pkg:*/x@<1',
      'pkg:npm/[x',
      'pkg:npm/x?arch=amd64',
      'pkg:npm/x@1.0.0#sub',
      `pkg:npm/${'x'.repeat(600)}`,
      'pkg:deb/curl@<3',
    ]
    for (const text of nonsense) assert.throws(() => compile(text), code('CONFIG'), text)
  })

  test('with a range of an unknown ecosystem fails as soon as a version is compared, and not before', () => {
    const { matches } = compile('pkg:conda/x@<1.3')
    assert.ok(!matches(subject('npm x 1.0.0')))
    assert.ok(!matches(subject('conda x')))
    assert.throws(() => matches(subject('conda x 1.0.0')), code('CONFIG'))
  })

  test('says how specific it is', () => {
    const ascending = [
      'pkg:*/**',
      'pkg:npm/**',
      'pkg:npm/**@<2',
      'pkg:npm/@corp/*',
      'pkg:npm/@corp/lib-*',
      'pkg:npm/@corp/lib-*@<2',
      'pkg:*/x',
      'pkg:npm/x',
      'pkg:npm/x@<2',
    ]
    const numbers = ascending.map((text) => compile(text).specificity)
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    )
    assert.equal(new Set(numbers).size, numbers.length)
    assert.deepEqual(
      ascending.map((text) => compile(text).exactName),
      [false, false, false, false, false, false, true, true, true],
    )
  })
})
