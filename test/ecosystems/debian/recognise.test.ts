import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Repo } from '../../../src/contract.ts'
import type { DebianOptions } from '../../../src/ecosystems/debian/options.ts'
import { recognise } from '../../../src/ecosystems/debian/recognise.ts'

const repo = (suites: readonly string[], upstream = 'https://deb.example.org/debian') =>
  ({ name: 'debian', upstreams: [upstream], options: { suites } }) as unknown as Repo<DebianOptions>
const root = (...fields: readonly string[]): Uint8Array =>
  Buffer.from(`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${fields.join('\n')}\nSHA256:\n`)
const paths = (bytes: Uint8Array, of: Repo<DebianOptions>) => recognise(bytes, of).map(({ path }) => path)

test('a signed root names its suite, by the name that is wanted where one is', () => {
  const bytes = root('Origin: Debian', 'Label: Debian', 'Suite: stable', 'Codename: trixie')
  assert.deepEqual(paths(bytes, repo(['trixie'])), ['/dists/trixie/InRelease'])
  assert.deepEqual(paths(bytes, repo(['bookworm'])), ['/dists/stable/InRelease', '/dists/trixie/InRelease'])
})

test('the security archive is another one, though the same keys sign it', () => {
  const main = root('Origin: Debian', 'Label: Debian', 'Codename: trixie')
  const security = root('Origin: Debian', 'Label: Debian-Security', 'Codename: trixie-security')
  const elsewhere = repo([], 'https://security.example.org/debian-security')
  assert.deepEqual([paths(main, elsewhere), paths(security, repo([]))], [[], []])
  assert.deepEqual(paths(security, elsewhere), ['/dists/trixie-security/InRelease'])
})

test('what names no suite is of the only one that there is; what is not signed, or climbs, is of none', () => {
  assert.deepEqual(paths(root('Origin: Other'), repo(['main'])), ['/dists/main/InRelease'])
  assert.deepEqual(paths(root('Origin: Other'), repo(['main', 'more'])), [])
  assert.deepEqual(paths(Buffer.from('Suite: stable\n'), repo(['stable'])), [])
  assert.deepEqual(paths(root('Suite: ../../etc', 'Codename: a/../b'), repo(['a', 'b'])), [])
  assert.deepEqual(paths(root('Suite: stable beta'), repo(['a', 'b'])), [])
})
