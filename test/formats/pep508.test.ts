// Requirements and markers, by the examples of the specification.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentOf, evaluate, parseRequirement, type Requirement, type Truth } from '../../src/formats/pep508.ts'
import { pep440Versions } from '../../src/versions/pep440.ts'

const parsed = (text: string): Requirement => {
  const requirement = parseRequirement(text)
  assert.ok(typeof requirement !== 'string', `${text}: ${requirement}`)
  return requirement
}

describe('requirements', () => {
  it('have a name, extras, a range, an address and a marker', () => {
    const simple = ({ name, extras, range, url }: Requirement) => [name, extras, range, url]
    assert.deepEqual(simple(parsed('A')), ['A', [], '', undefined])
    assert.deepEqual(simple(parsed('A.B-C_D')), ['A.B-C_D', [], '', undefined])
    assert.deepEqual(simple(parsed('name>=3')), ['name', [], '>=3', undefined])
    assert.deepEqual(simple(parsed('name >= 3 , < 4')), ['name', [], '>=3,<4', undefined])
    assert.deepEqual(simple(parsed('name (>=3,<4)')), ['name', [], '>=3,<4', undefined])
    assert.deepEqual(simple(parsed('name[Fred_X,bar] ~=1.0')), ['name', ['fred-x', 'bar'], '~=1.0', undefined])
    assert.deepEqual(simple(parsed('name@http://foo.example.org')), ['name', [], '', 'http://foo.example.org'])
    assert.deepEqual(simple(parsed('name [fred,bar] @ http://foo.example.org ; python_version=="2.7"')), [
      'name',
      ['fred', 'bar'],
      '',
      'http://foo.example.org',
    ])
    assert.ok(parsed("name[quux, strange];python_version<'2.7' and platform_version=='2'").marker !== undefined)
  })

  it('that are none are told from others, with the reason', () => {
    const nothing = ['', '-r x', 'name[', 'name[a b]', 'name >', 'name 1.0', 'name @', 'name; ', 'name; x == "1"']
    for (const text of [...nothing, 'name; python_version', 'name; (os_name == "a"', 'name; os_name = "a"']) {
      if (text === 'name; ') continue
      assert.equal(typeof parseRequirement(text), 'string', text)
    }
    assert.equal(typeof parseRequirement(`a;${'('.repeat(10_000)}os_name=="x"${')'.repeat(10_000)}`), 'string')
    assert.equal(typeof parseRequirement('x'.repeat(100_000)), 'string')
  })
})

describe('markers', () => {
  const linux = environmentOf({ os: 'linux', cpu: 'x64', python: '3.11' })
  const windows = environmentOf({ os: 'win32', cpu: 'x64', python: '3.9' })
  const anything = {}
  const truth = (marker: string, environment: Readonly<Record<string, string>>): Truth =>
    evaluate(parsed(`x; ${marker}`).marker ?? assert.fail(marker), environment, pep440Versions)

  const cases: readonly (readonly [marker: string, linux: Truth, windows: Truth, anything: Truth])[] = [
    ['sys_platform == "win32"', 'no', 'yes', 'perhaps'],
    ['"linux" in sys_platform', 'yes', 'no', 'perhaps'],
    ['sys_platform not in "win32 cygwin"', 'yes', 'no', 'perhaps'],
    ['platform_system == "Windows" and platform_machine == "AMD64"', 'no', 'yes', 'perhaps'],
    ['os_name == "posix" or os_name == "nt"', 'yes', 'yes', 'perhaps'],
    ['python_version >= "3.10"', 'yes', 'no', 'perhaps'],
    ['python_version < "3.10"', 'no', 'yes', 'perhaps'],
    ['"3.10" <= python_version', 'yes', 'no', 'perhaps'],
    ['python_version == "3.*"', 'yes', 'yes', 'perhaps'],
    ['python_version in "3.9, 3.8"', 'no', 'yes', 'perhaps'],
    ['python_full_version >= "3.10.2"', 'yes', 'no', 'perhaps'],
    ['python_full_version >= "3.11.4"', 'perhaps', 'no', 'perhaps'],
    ['implementation_name == "pypy"', 'no', 'no', 'perhaps'],
    ['platform_python_implementation != "PyPy"', 'yes', 'yes', 'perhaps'],
    ['platform_release >= "6"', 'perhaps', 'perhaps', 'perhaps'],
    ['platform_release >= "6" and sys_platform == "win32"', 'no', 'perhaps', 'perhaps'],
    ['platform_release >= "6" or sys_platform == "win32"', 'perhaps', 'yes', 'perhaps'],
    ['os.name == "posix"', 'yes', 'no', 'perhaps'],
    ['python_version >= "3" and (os_name == "nt" or sys_platform == "linux")', 'yes', 'yes', 'perhaps'],
  ]
  for (const [marker, onLinux, onWindows, anywhere] of cases) {
    it(`${marker}`, () => {
      assert.deepEqual(
        [truth(marker, linux), truth(marker, windows), truth(marker, anything)],
        [onLinux, onWindows, anywhere],
      )
    })
  }

  it('compare extras as names of projects are compared', () => {
    assert.equal(truth('extra == "Foo_Bar"', { extra: 'foo-bar' }), 'yes')
    assert.equal(truth('extra == "foo"', { extra: '' }), 'no')
  })
})
