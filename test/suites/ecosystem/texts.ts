// What users read and write: set-ups, lines of package lists, versions and their ranges.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { MirrorError } from '../../../src/errors.ts'
import { type Bench, hostsOf } from './bench.ts'
import { repoOf } from './documents.ts'

export function testTexts(bench: Bench): void {
  const { ecosystem, fixtures, shelf } = bench

  describe('texts', () => {
    it('of a set-up name the mirror and no upstream', () => {
      const base = 'https://mirror.example.org/some/mount'
      for (const builtIn of ecosystem.repos) {
        const { name, upstreams } = builtIn
        const repo = { name, upstreams, options: v.parse(ecosystem.options, builtIn.options ?? {}) }
        const setups = ecosystem.setup({ repo, base })
        assert.ok(setups.length > 0, name)
        for (const setup of setups) {
          const { files = [], env = {}, commands = [] } = setup
          const text = JSON.stringify([files, env, commands])
          assert.ok(text.includes(base), `${name}, ${setup.title}: ${text}`)
          for (const host of hostsOf(ecosystem)) assert.ok(!text.includes(host), `${setup.title} names ${host}`)
        }
      }
    })

    it('of package lists mean what the page says', () => {
      for (const [line, expected] of Object.entries(fixtures.lines)) {
        const want: Readonly<Record<string, unknown>> = { ...ecosystem.want(line, repoOf(shelf())) }
        for (const [key, value] of Object.entries(expected)) assert.deepEqual(want[key], value, `${line}: ${key}`)
      }
    })

    it('that mean nothing are refused as the user’s mistake', () => {
      const nothing = ['', ' ', '\n', '\u0000', '../../etc/passwd', '<html>', 'a\nb', '$(id)', 'x'.repeat(100_000)]
      for (const line of [...nothing, ...fixtures.garbage]) {
        assert.throws(
          () => ecosystem.want(line, repoOf(shelf())),
          (error) => error instanceof MirrorError && error.code === 'CONFIG' && error.message.length < 2000,
          JSON.stringify(line.slice(0, 80)),
        )
      }
    })
  })

  describe('versions', () => {
    const { compare, satisfies, exact, fault, prerelease } = ecosystem.versions
    const version = fc.oneof(fixtures.version, fc.constantFrom(...fixtures.versions))
    const any = fc.oneof(version, fc.string())

    it('stand in the order of the fixtures', () => {
      assert.deepEqual(fixtures.versions.toReversed().sort(compare), fixtures.versions)
    })

    it('have one order, whatever the text', () => {
      fc.assert(
        fc.property(any, any, any, (a, b, c) => {
          assert.equal(compare(a, a), 0)
          assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) || 0)
          const [first, second, third] = [a, b, c].sort(compare) as [string, string, string]
          assert.ok(compare(first, second) <= 0 && compare(second, third) <= 0 && compare(first, third) <= 0)
        }),
      )
    })

    it('are met by their own exact range and by no other', () => {
      fc.assert(
        fc.property(version, version, (a, b) => {
          assert.equal(fault(exact(a)), undefined)
          assert.equal(satisfies(a, exact(a)), true)
          if (satisfies(b, exact(a))) assert.equal(satisfies(a, exact(b)), true)
          assert.equal(typeof prerelease(a), 'boolean')
        }),
      )
    })

    it('never meet a range that is none', () => {
      fc.assert(
        fc.property(any, fc.string(), (a, range) => {
          if (fault(range) !== undefined) assert.equal(satisfies(a, range), false)
        }),
      )
    })
  })
}
