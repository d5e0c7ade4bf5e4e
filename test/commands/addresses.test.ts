// Where the mirror has what a lockfile names by address.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addressMap, rewritten, sedScript } from '../../src/commands/addresses.ts'
import type { LedgerLine } from '../../src/commands/ledger.ts'
import type { Mirror, MountedRepo } from '../../src/engine/mirror.ts'

const host = 'https://files.example.org'
const packages = ['apple', 'pear', 'plum']
const addresses: Readonly<Record<string, string>> = {
  apple: `${host}/01/apple-1.0.whl`,
  pear: `${host}/01/pear-1.0.whl`,
  plum: `${host}/02/plum-1.0.whl`,
}

const mounted = {
  settings: { name: 'pypi', mount: '/pypi', upstreams: [] },
  ecosystem: { repos: [] },
} as unknown as MountedRepo
const byName = (_: string, name: string) => [
  { entry: { path: `/files/${name}/${name}-1.0.whl`, url: addresses[name] } },
]
const mirror = { catalog: { facts: { byName } } } as unknown as Mirror
const lines: readonly LedgerLine[] = packages.map((name) => ({
  locked: { ecosystem: 'pypi', name, version: '1.0', url: addresses[name] ?? '', source: 'registry', digests: [] },
  mounted,
  selector: { name, from: { file: 'lock' } },
}))

it('files that lie together there and apart here are named one by one, all others by what they begin with', () => {
  const map = addressMap(mirror, 'http://mirror', lines)
  assert.deepEqual(
    map.mapped.map(({ from, to }) => [from, to]),
    [
      [addresses.apple, 'http://mirror/pypi/files/apple/apple-1.0.whl'],
      [addresses.pear, 'http://mirror/pypi/files/pear/pear-1.0.whl'],
      [`${host}/02/`, 'http://mirror/pypi/files/plum/'],
    ],
  )
  assert.equal(
    rewritten(packages.map((name) => addresses[name]).join('\n'), map),
    packages.map((name) => `http://mirror/pypi/files/${name}/${name}-1.0.whl`).join('\n'),
  )
  assert.equal(sedScript([map]).split('\n').length, 7)
})
