import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry, Selector } from '../../../src/contract.ts'
import { readWantOptions } from '../../../src/ecosystems/debian/options.ts'
import { readPool } from '../../../src/ecosystems/debian/pool.ts'
import { type Resolution, resolve } from '../../../src/ecosystems/debian/resolve.ts'
import { binary, docOf, readEntries, selector } from './archive.ts'

type Fields = Readonly<Record<string, string>>
type Stanza = readonly [name: string, version: string, fields?: Fields]

interface Case {
  readonly archive: readonly Stanza[]
  readonly want: string | Selector
  readonly gives: readonly string[]
  readonly lacks?: readonly string[]
  readonly how?: Partial<Resolution>
}

const cases: Readonly<Record<string, Case>> = {
  'Depends and Pre-Depends are followed': {
    archive: [
      ['a', '1', { Depends: 'b', 'Pre-Depends': 'c' }],
      ['b', '1'],
      ['c', '1'],
      ['unused', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'b 1', 'c 1'],
  },
  'Recommends are followed by choice alone': {
    archive: [
      ['a', '1', { Recommends: 'b, missing' }],
      ['b', '1'],
    ],
    want: 'a',
    gives: ['a 1'],
  },
  'Recommends by choice; one that cannot be had is no lack': {
    archive: [
      ['a', '1', { Recommends: 'b, missing' }],
      ['b', '1'],
    ],
    want: 'a',
    how: { follow: ['depends', 'recommends'] },
    gives: ['a 1', 'b 1'],
  },
  'nothing is followed when nothing is to be': {
    archive: [
      ['a', '1', { Depends: 'b' }],
      ['b', '1'],
    ],
    want: 'a',
    how: { follow: [] },
    gives: ['a 1'],
  },
  'cycles end': {
    archive: [
      ['a', '1', { Depends: 'b' }],
      ['b', '1', { Depends: 'a (= 1)' }],
    ],
    want: 'a',
    gives: ['a 1', 'b 1'],
  },
  'the highest version wins, by Debian order': {
    archive: [
      ['a', '1.9'],
      ['a', '1.10'],
      ['a', '1.10~rc1'],
    ],
    want: 'a',
    gives: ['a 1.10'],
  },
  'a range narrows': {
    archive: [
      ['a', '1.9'],
      ['a', '1.10'],
    ],
    want: selector('a', { range: '<< 1.10' }),
    gives: ['a 1.9'],
  },
  'keep holds more than one version': {
    archive: [
      ['a', '1'],
      ['a', '2'],
      ['a', '3'],
    ],
    want: selector('a', { keep: 2 }),
    gives: ['a 2', 'a 3'],
  },
  'the first alternative that can be met is taken': {
    archive: [
      ['a', '1', { Depends: 'gone | b (>= 2) | c | d' }],
      ['b', '1'],
      ['c', '1'],
      ['d', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'c 1'],
  },
  'an alternative that is chosen already is preferred': {
    archive: [
      ['a', '1', { 'Pre-Depends': 'x | d', Depends: 'c | d' }],
      ['c', '1'],
      ['d', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'd 1'],
  },
  'a versioned dependency takes a version that fits': {
    archive: [
      ['a', '1', { Depends: 'b (= 1)' }],
      ['b', '1'],
      ['b', '2'],
    ],
    want: 'a',
    gives: ['a 1', 'b 1'],
  },
  'two versions of one package may both be needed': {
    archive: [
      ['a', '1', { Depends: 'b (= 1), b (= 2) | c' }],
      ['b', '1'],
      ['b', '2'],
    ],
    want: 'a',
    gives: ['a 1', 'b 1', 'b 2'],
  },
  'a virtual package is met by a provider': {
    archive: [
      ['a', '1', { Depends: 'mta' }],
      ['exim', '1', { Provides: 'other, mta' }],
    ],
    want: 'a',
    gives: ['a 1', 'exim 1'],
  },
  'a real package comes before a provider': {
    archive: [
      ['a', '1', { Depends: 'mta' }],
      ['exim', '1', { Provides: 'mta' }],
      ['mta', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'mta 1'],
  },
  'of several providers priority and name decide': {
    archive: [
      ['a', '1', { Depends: 'mta' }],
      ['abc', '1', { Provides: 'mta', Priority: 'optional' }],
      ['exim', '1', { Provides: 'mta', Priority: 'standard' }],
      ['postfix', '1', { Provides: 'mta', Priority: 'standard' }],
    ],
    want: 'a',
    gives: ['a 1', 'exim 1'],
  },
  'a provider that is chosen already is preferred': {
    archive: [
      ['a', '1', { Depends: 'mta', 'Pre-Depends': 'postfix' }],
      ['exim', '1', { Provides: 'mta' }],
      ['postfix', '1', { Provides: 'mta' }],
    ],
    want: 'a',
    gives: ['a 1', 'postfix 1'],
  },
  'a versioned Provides meets a versioned relation': {
    archive: [
      ['a', '1', { Depends: 'api (>= 2)' }],
      ['lib', '9', { Provides: 'api (= 2.1)' }],
    ],
    want: 'a',
    gives: ['a 1', 'lib 9'],
  },
  'a Provides without a version does not': {
    archive: [
      ['a', '1', { Depends: 'api (>= 2)' }],
      ['lib', '9', { Provides: 'api' }],
    ],
    want: 'a',
    gives: ['a 1'],
    lacks: ['a: a 1 needs api (>= 2)'],
  },
  'a versioned Provides that is too old does not': {
    archive: [
      ['a', '1', { Depends: 'api (>= 2)' }],
      ['lib', '9', { Provides: 'api (= 1.9)' }],
    ],
    want: 'a',
    gives: ['a 1'],
    lacks: ['a: a 1 needs api (>= 2)'],
  },
  'a wanted name that is only virtual stands for its provider': {
    archive: [
      ['exim', '1', { Provides: 'mta', Depends: 'b' }],
      ['b', '1'],
    ],
    want: 'mta',
    gives: ['b 1', 'exim 1'],
  },
  'Architecture: all serves every machine, another architecture none': {
    archive: [
      ['a', '1', { Depends: 'data, lib' }],
      ['data', '1', { Architecture: 'all' }],
      ['lib', '2', { Architecture: 'arm64' }],
      ['lib', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'data 1', 'lib 1'],
  },
  'Multi-Arch: foreign serves another architecture where its own has none': {
    archive: [
      ['a', '1', { Depends: 'tool' }],
      ['tool', '1', { Architecture: 'arm64', 'Multi-Arch': 'foreign' }],
    ],
    want: 'a',
    gives: ['a 1', 'tool 1'],
  },
  ':any takes what Multi-Arch: allowed offers, and its own first': {
    archive: [
      ['a', '1', { Depends: 'perl:any' }],
      ['perl', '2', { Architecture: 'arm64', 'Multi-Arch': 'allowed' }],
      ['perl', '1', { 'Multi-Arch': 'allowed' }],
    ],
    want: 'a',
    gives: ['a 1', 'perl 1'],
  },
  'a named architecture is that one': {
    archive: [
      ['a', '1', { Depends: 'lib:arm64' }],
      ['lib', '1'],
      ['lib', '2', { Architecture: 'arm64' }],
    ],
    want: 'a',
    gives: ['a 1', 'lib 2'],
  },
  'an architecture list that leaves the machine out does not apply': {
    archive: [
      ['a', '1', { Depends: 'b [arm64], c [!arm64], d [amd64]' }],
      ['c', '1'],
      ['d', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'c 1', 'd 1'],
  },
  'the obsolete < is inclusive': {
    archive: [
      ['a', '1', { Depends: 'b (< 2)' }],
      ['b', '2'],
      ['b', '3'],
    ],
    want: 'a',
    gives: ['a 1', 'b 2'],
  },
  'what cannot be met is told, with who needs it': {
    archive: [
      ['a', '1', { Depends: 'b' }],
      ['b', '2', { Depends: 'c (>= 3) | d' }],
      ['c', '1'],
    ],
    want: 'a',
    gives: ['a 1', 'b 2'],
    lacks: ['a: b 2 needs c (>= 3) | d'],
  },
  'a relation that cannot be read is told': {
    archive: [
      ['a', '1', { Depends: 'b (>= 3' }],
      ['b', '9'],
    ],
    want: 'a',
    gives: ['a 1'],
    lacks: ['a: a 1 needs what cannot be read'],
  },
  'a package that is not there is told': {
    archive: [['a', '1']],
    want: selector('b', { range: '>= 2' }),
    gives: [],
    lacks: ['b: no b (>= 2) for amd64'],
  },
  'a lockfile digest picks its file': {
    archive: [
      ['a', '1'],
      ['a', '2'],
    ],
    want: selector('a', { digests: [{ sha256: '0'.repeat(64) }] }),
    gives: [],
    lacks: ['a: no a for amd64'],
  },
  'globs mean every name that matches': {
    archive: [
      ['libssl3', '1'],
      ['libssl-dev', '1', { Depends: 'x' }],
      ['openssl', '1'],
      ['x', '1'],
    ],
    want: 'libssl*',
    gives: ['libssl-dev 1', 'libssl3 1', 'x 1'],
  },
  'a glob that matches nothing is told': {
    archive: [['a', '1']],
    want: 'b*',
    gives: [],
    lacks: ['b*: no package matches'],
  },
}

async function entriesOf(archive: readonly Stanza[]): Promise<readonly Entry[]> {
  const text = archive.map(([name, version, fields]) => binary(name, version, fields)).join('\n')
  return readEntries(docOf('/dists/a/main/binary-amd64/Packages', text))
}

for (const [what, { archive, want, gives, lacks = [], how }] of Object.entries(cases)) {
  test(what, async () => {
    const wanted = typeof want === 'string' ? selector(want) : want
    const lacking: string[] = []
    const note = (by: Selector, reason: string) => void lacking.push(`${by.name}: ${reason}`)
    const entries = await entriesOf(archive)
    const pool = readPool([wanted], readWantOptions(wanted))
    for (const entry of entries) pool.add(entry, 0)
    const universe = pool.universe(async function* (name) {
      yield* entries.filter((entry) => entry.name === name)
    })
    const resolution = { architecture: 'amd64', follow: ['depends'] as const, universe, lacks: note, ...how }
    const found = await Array.fromAsync(resolve(pool.seeds([wanted], note), resolution))
    assert.deepEqual(found.map(({ name, version }) => `${name} ${version}`).sort(), gives)
    assert.deepEqual(lacking, lacks)
  })
}
