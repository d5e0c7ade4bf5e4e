// npm's lockfiles: what real ones hold, and the forms that the fixtures do not have.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageLock } from '../../src/lockfiles/package-lock.ts'
import { inShort, lockfileSuite, readAll } from '../suites/lockfile.ts'

const registry = [
  '@types/ms@2.1.0 registry sha512',
  'is-number@7.0.0 registry sha512',
  'is-number@6.0.0 registry sha512',
  'is-odd@3.0.1 registry sha512',
  'ms@2.1.3 registry sha512',
]
const folders = ['local@- link', 'local@0.1.0 workspace']

lockfileSuite(packageLock, [
  { file: 'package-lock/v1/package-lock.json', holds: [...registry, 'local@- link'] },
  { file: 'package-lock/v2/package-lock.json', holds: [...registry, ...folders] },
  { file: 'package-lock/v3/package-lock.json', holds: [...registry, ...folders] },
  { file: 'package-lock/bare/package-lock.json', holds: [...registry, ...folders] },
  {
    file: 'package-lock/workspaces/package-lock.json',
    holds: ['@corp/a@- link', '@corp/a@0.1.0 workspace', 'is-number@7.0.0 registry sha512', 'ms@2.1.3 registry sha512'],
  },
])

const sha1 = `sha1-${Buffer.alloc(20, 1).toString('base64')}`
const sha512 = `sha512-${Buffer.alloc(64, 2).toString('base64')}`

const v3 = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages }, null, 2)
const v1 = (dependencies: object): string => JSON.stringify({ lockfileVersion: 1, dependencies }, null, 2)
const short = async (text: string): Promise<string[]> => (await readAll(packageLock, 'lock', text)).map(inShort)

test('tells a tarball from an address from one of the registry', async () => {
  const one = 'https://files.example.org/one.tgz'
  const two = 'https://registry.example.org/two/-/two-1.0.0.tgz'
  const found = await short(
    v3({
      '': { dependencies: { one } },
      'node_modules/one': { version: '1.0.0', resolved: one, integrity: sha512 },
      'node_modules/two': { version: '1.0.0', resolved: two, integrity: sha512 },
    }),
  )
  assert.deepEqual(found, ['one@1.0.0 url sha512', 'two@1.0.0 registry sha512'])
})

test('knows git and file sources, and takes no digest for a git checkout', async () => {
  const git = { version: '1.0.0', resolved: 'git+ssh://git@example.org/a/b.git#0123', integrity: sha512 }
  const file = { version: '1.0.0', resolved: 'file:../c.tgz', integrity: sha512 }
  const found = await short(v3({ 'node_modules/b': git, 'node_modules/c': file }))
  assert.deepEqual(found, ['b@1.0.0 git', 'c@1.0.0 file sha512'])
})

test('leaves out what another tarball bundles', async () => {
  const found = await short(v3({ 'node_modules/a/node_modules/b': { version: '1.0.0', inBundle: true } }))
  assert.deepEqual(found, [])
  assert.deepEqual(
    await short(v1({ a: { version: '1.0.0', dependencies: { b: { version: '1.0.0', bundled: true } } } })),
    ['a@1.0.0 registry'],
  )
})

test('reads the sources of version 1 from the version', async () => {
  const found = await short(
    v1({
      git: { version: 'github:a/b#0123' },
      ssh: { version: 'git+ssh://git@example.org/a/b.git#0123' },
      tar: { version: 'https://files.example.org/tar.tgz', integrity: sha1 },
      local: { version: 'file:../x.tgz' },
      scoped: { version: 'npm:@corp/real@2.0.0-rc.1', integrity: sha1 },
    }),
  )
  assert.deepEqual(found, [
    'git@- git',
    'ssh@- git',
    'tar@- url sha1',
    'local@- file',
    '@corp/real@2.0.0-rc.1 registry sha1',
  ])
})

test('takes names that every object has for names', async () => {
  const text =
    '{"lockfileVersion":1,"dependencies":{"__proto__":{"version":"1.0.0"},"constructor":{"version":"2.0.0"}}}'
  assert.deepEqual(await short(text), ['__proto__@1.0.0 registry', 'constructor@2.0.0 registry'])
})

const broken: readonly (readonly [string, string, string])[] = [
  ['broken JSON', '{\n  "lockfileVersion": 3,\n  "packages": {\n', 'lock:4: is not JSON'],
  ['a list', '[]', 'lock:1: is not a JSON object'],
  ['a later version', '{\n "lockfileVersion": 9}', 'lock:2: lockfileVersion 9 is not known'],
  ['no packages', '{"lockfileVersion": 3}', 'lock:1: has no packages'],
  ['packages of another kind', '{"lockfileVersion": 3,\n"packages": []}', 'lock:2: "packages" is not an object'],
  ['a package of another kind', v3({ 'node_modules/a': 1 }), 'lock:4: "node_modules/a" is not an object'],
  ['a field of another kind', v3({ 'node_modules/a': { version: 1 } }), 'lock:4: version is not a text'],
  [
    'an integrity that is none',
    v3({ 'node_modules/a': { integrity: 'x' } }),
    'lock:4: integrity "x" holds no digest of a known kind',
  ],
]
for (const [what, text, message] of broken) {
  test(`names the line of ${what}`, async () => {
    await assert.rejects(readAll(packageLock, 'lock', text), (error: { located?: string }) => {
      assert.equal(error.located, message)
      return true
    })
  })
}

test('refuses a tree that is nested without end', async () => {
  let tree: object = {}
  for (let depth = 0; depth < 500; depth++) tree = { a: { version: '1.0.0', dependencies: tree } }
  await assert.rejects(readAll(packageLock, 'lock', JSON.stringify({ lockfileVersion: 1, dependencies: tree })), {
    code: 'LOCKFILE',
    message: 'is nested more than 200 deep',
  })
})
