// Cargo.lock: what real ones hold, and the forms that the fixtures do not have.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cargoLock } from '../../src/lockfiles/cargo-lock.ts'
import { inShort, lockfileSuite, readAll } from '../suites/lockfile.ts'

const holds = [
  'cfg-if@1.0.5 registry sha256',
  'itoa@1.0.18 registry sha256',
  'log@0.4.35 registry sha256',
  'neighbour@0.2.0 workspace',
  'tiny@0.1.0 workspace',
]
lockfileSuite(
  cargoLock,
  [1, 2, 3, 4].map((version) => ({ file: `cargo-lock/v${version}/Cargo.lock`, holds })),
)

const lock = (source: string): string =>
  `version = 4\n\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "${source}"\n`

test('knows git sources and other registries', async () => {
  const git = 'git+https://git.example.org/a?rev=01#0123'
  const sparse = 'sparse+https://registry.example.org/index/'
  const [first] = await readAll(cargoLock, 'lock', lock(git))
  const [second] = await readAll(cargoLock, 'lock', lock(sparse))
  assert.deepEqual([first?.source, first?.url], ['git', git])
  assert.deepEqual([second?.source, second?.url], ['registry', sparse])
})

test('reads version 1 without a checksum', async () => {
  const source = 'git+https://git.example.org/a#0123'
  const text = `${lock(source).slice(12)}\n[metadata]\n"checksum a 1.0.0 (${source})" = "<none>"\n`
  assert.deepEqual((await readAll(cargoLock, 'lock', text)).map(inShort), ['a@1.0.0 git'])
})

const broken: readonly (readonly [string, string, string])[] = [
  ['broken TOML', 'version = 4\n[[package]]\nname = \n', 'lock:3: is not TOML'],
  ['a later version', '# x\nversion = 9\n', 'lock:2: version 9 is not known'],
  [
    'a package without version',
    '[[package]]\nname = "a"\nversion = "1"\n[[package]]\nname = "b"\n',
    'lock:4: a package lacks its name or version',
  ],
  [
    'a checksum that is none',
    `${lock('registry+https://x.example.org')}checksum = "AB"\n`,
    'lock:3: the checksum of a 1.0.0 is no SHA-256',
  ],
  ['a name of another kind', '[[package]]\nname = 1\nversion = "1"\n', 'lock:1: name is not a text'],
]
for (const [what, text, message] of broken) {
  test(`names the line of ${what}`, async () => {
    await assert.rejects(readAll(cargoLock, 'lock', text), (error: { located?: string }) => {
      assert.equal(error.located, message)
      return true
    })
  })
}
