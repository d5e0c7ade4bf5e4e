// The examples of Maven's own page, and Maven itself where it is on the machine.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { baseVersion, isSnapshot, mavenVersions } from '../../src/versions/maven.ts'

const { compare, satisfies, prerelease, fault } = mavenVersions

describe('the order of versions', () => {
  const rows: readonly (readonly string[])[] = [
    ['1', '1.1'],
    ['1-snapshot', '1', '1-sp'],
    ['1-foo2', '1-foo10'],
    ['1-foo', '1-1', '1.1'],
    ['1-sp-1', '1-ga-1'],
    ['1-alpha', '1-beta', '1-milestone', '1-rc', '1-SNAPSHOT', '1', '1-sp', '1-abc', '1-def', '1-1'],
    ['1.0.RC2', '1.0-RC3', '1.0'],
    ['2.0.1-klm', '2.0.1-lmn', '2.0.1-123'],
    ['1.9', '1.10', '1.10.1'],
    ['31.0-android', '31.0-jre', '31.1-android'],
    ['1.0-20240101.010203-4', '1.0-20240101.010203-11', '1.0-20240102.010203-1'],
  ]
  for (const row of rows) {
    it(row.join(' < '), () => {
      for (const [index, version] of row.entries()) {
        const next = row[index + 1]
        if (next === undefined) continue
        assert.equal(Math.sign(compare(version, next)), -1, `${version} and ${next}`)
        assert.equal(Math.sign(compare(next, version)), 1)
      }
    })
  }

  const same: readonly (readonly string[])[] = [
    ['1.ga', '1-ga', '1-0', '1.0', '1', '1.final', '1-release'],
    ['1-a1', '1-alpha-1', '1.0-ALPHA1'],
    ['1.foo', '1-foo', '1.0.0-foo.0.0'],
    ['1-rc', '1-cr'],
    ['01.02', '1.2'],
  ]
  for (const row of same) {
    it(row.join(' = '), () => {
      for (const version of row) assert.equal(compare(version, row[0] ?? ''), 0, version)
    })
  }

  it('looks at no more than 256 characters', () => {
    assert.equal(compare('1.'.repeat(200_000), '1.'.repeat(128)), 0)
  })

  const [jar] = globSync('/usr/share/maven/lib/maven-artifact-*.jar')
  const java = spawnSync('java', ['-version']).status === 0 && jar !== undefined
  it('is that of Maven itself', { skip: java ? false : 'Maven is not on this machine' }, () => {
    const versions = [
      ...[
        '1',
        '1.0.1',
        '1-alpha-1',
        '1-a1',
        '1-beta-123',
        '1-m11',
        '1-rc',
        '1-cr2',
        '1-SNAPSHOT',
        '1-sp',
        '1-sp2',
        '1-abc',
        '1-1',
      ],
      ...[
        '2.0.1.MR',
        '1.0.RC1',
        '1.0-RC2',
        '5.3.0.Final',
        '31.0-jre',
        '1.1-foo.0.0',
        '1.x',
        '1..1',
        '1.-1',
        '1.0-beta.11',
      ],
      ...[
        '1.0.1b2',
        'r09',
        '1.8.0_10',
        '20040616',
        '2.0-20240101.010203-4',
        '4.1.100.Final',
        '1.0.0-M1',
        '3.0.0-preview',
      ],
    ]
    const pairs = versions.flatMap((a) => versions.flatMap((b) => [a, b]))
    const classpath = `${jar}:/usr/share/maven/lib/commons-lang3.jar`
    const { stdout } = spawnSync(
      'java',
      ['-cp', classpath, 'org.apache.maven.artifact.versioning.ComparableVersion', ...pairs],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    )
    const found = [...stdout.matchAll(/^\s+(\S+) (<|==|>) (\S+)$/gm)]
    assert.ok(found.length > versions.length)
    const wrong = found.flatMap(([, a = '', sign, b = '']) => {
      const ours = compare(a, b)
      return sign === (ours < 0 ? '<' : ours > 0 ? '>' : '==') ? [] : `${a} ${sign} ${b}`
    })
    assert.deepEqual(wrong, [])
  })
})

describe('a range', () => {
  const inside: Readonly<Record<string, readonly (readonly [string, boolean])[]>> = {
    '1.0': [
      ['1.0', true],
      ['1.0.0', true],
      ['1.1', false],
    ],
    '[1.0]': [
      ['1.0', true],
      ['1.0.1', false],
    ],
    '[1.2,1.3]': [
      ['1.2', true],
      ['1.3', true],
      ['1.3.1', false],
    ],
    '[1.0,2.0)': [
      ['1.9', true],
      ['2.0', false],
      ['2.0-rc1', true],
      ['1.0-SNAPSHOT', false],
    ],
    '[1.5,)': [
      ['1.5', true],
      ['99', true],
      ['1.4', false],
    ],
    '(,1.0],[1.2,)': [
      ['0.9', true],
      ['1.1', false],
      ['1.2', true],
    ],
    ' [ 1.0 , 2.0 ) ': [['1.5', true]],
    '[1.0-SNAPSHOT]': [
      ['1.0-20240101.010203-4', true],
      ['1.0', false],
    ],
    '[1.0-20240101.010203-4]': [
      ['1.0-20240101.010203-4', true],
      ['1.0-20240101.010203-5', false],
    ],
  }
  for (const [range, cases] of Object.entries(inside)) {
    it(range, () => {
      assert.equal(fault(range), undefined)
      for (const [version, expected] of cases) assert.equal(satisfies(version, range), expected, version)
    })
  }

  for (const none of [
    '',
    '[',
    '[1.0',
    '1.0]',
    '(1.0)',
    '[2.0,1.0]',
    '[1,2)[3,4)',
    '[,,]',
    '1.0,2.0',
    'a b',
    `[${'1'.repeat(2000)}]`,
  ]) {
    it(`is not ${JSON.stringify(none.slice(0, 20))}`, () => {
      assert.notEqual(fault(none), undefined)
      assert.equal(satisfies('1.0', none), false)
    })
  }
})

describe('a release to come', () => {
  it('is told by its qualifier', () => {
    const yes = ['1.0-alpha-1', '1.0-M3', '1.0.RC1', '2.0-SNAPSHOT', '2.0-20240101.010203-4', '1.0-pre', '6.0.0-ea']
    const no = ['1.0', '31.0-jre', '5.3.0.Final', '1.0-sp1', '2.0.1-klm']
    for (const version of yes) assert.equal(prerelease(version), true, version)
    for (const version of no) assert.equal(prerelease(version), false, version)
  })

  it('is a build of a snapshot under either name', () => {
    assert.equal(baseVersion('1.0-20240101.010203-4'), '1.0-SNAPSHOT')
    assert.equal(baseVersion('1.0'), '1.0')
    assert.equal(isSnapshot('1.0-20240101.010203-4'), true)
    assert.equal(isSnapshot('1.0-rc1'), false)
  })
})
