import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assume } from '../../../src/ecosystems/pypi/assume.ts'
import { type Environment, evaluate, type Marker, parseRequirement } from '../../../src/formats/pep508.ts'
import { pep440Versions } from '../../../src/versions/pep440.ts'
import { processorTime } from '../../builders/processor-time.ts'

function markerOf(text: string): Marker {
  const parsed = parseRequirement(`kit; ${text}`)
  assert.ok(typeof parsed !== 'string' && parsed.marker !== undefined, String(parsed))
  return parsed.marker
}

describe('an environment for a marker', () => {
  for (const text of [
    'python_version < "3.9"',
    'python_version > "3.9" and python_version < "3.11"',
    'python_full_version < "3.11.4"',
    'python_version in "3.7 3.8"',
    'sys_platform == "win32" or sys_platform == "cygwin"',
    'platform_machine not in "x86_64 amd64" and os_name != "nt"',
    'sys_platform == "emscripten" and python_version >= "3.12" and platform_python_implementation != "PyPy"',
    '"linux" in sys_platform',
    'python_version == "3.8.*"',
  ]) {
    it(`is one in which ${text}`, () => {
      const found = assume(markerOf(text), {})
      assert.ok(found !== undefined)
      assert.equal(evaluate(markerOf(text), found, pep440Versions), 'yes', JSON.stringify(found))
    })
  }

  it('keeps what is known, and is none where the marker can never be true', () => {
    const known: Environment = { python_version: '3.11', sys_platform: 'linux' }
    const found = assume(markerOf('python_full_version >= "3.11.4" and platform_release == "6"'), known)
    assert.deepEqual([found?.python_version, found?.sys_platform, found?.platform_release], ['3.11', 'linux', '6'])
    assert.equal(assume(markerOf('sys_platform == "win32" and os_name == "nt"'), known), undefined)
    assert.equal(assume(markerOf('python_version < "3" and python_version > "4"'), {}), undefined)
  })

  it('takes no time to speak of, whatever is compared', () => {
    const variables = ['python_version', 'os_name', 'sys_platform', 'platform_machine', 'platform_release']
    const wide = Array.from({ length: 300 }, (_, at) => `${variables[at % 5]} == "${at}"`).join(' and ')
    const started = processorTime()
    assert.equal(assume(markerOf(wide), {}), undefined)
    assert.ok(processorTime() - started < 1000)
  })
})
