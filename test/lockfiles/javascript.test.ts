// Lockfiles of npm's other clients: the forms that the corpus does not have, and what is wrong in which line.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LockFormat } from '../../src/contract.ts'
import { bunLock } from '../../src/lockfiles/bun-lock.ts'
import { denoLock } from '../../src/lockfiles/deno-lock.ts'
import { pnpmLock } from '../../src/lockfiles/pnpm-lock.ts'
import { yarnBerry } from '../../src/lockfiles/yarn-berry.ts'
import { yarnLock } from '../../src/lockfiles/yarn-lock.ts'
import { inShort, readAll, rejectsAt } from '../suites/lockfile.ts'

const short = async (format: LockFormat, text: string): Promise<string[]> =>
  (await readAll(format, 'lock', text)).map(inShort)
const sha1 = 'a'.repeat(40)
const sri = `sha512-${Buffer.alloc(64, 2).toString('base64')}`

describe('yarn.lock of yarn 1', () => {
  const lock = (pattern: string, resolved?: string): string =>
    `# yarn lockfile v1\n\n\n${pattern}:\n  version "1.0.0"\n${resolved === undefined ? '' : `  resolved "${resolved}"\n`}`

  it('knows sources', async () => {
    const cases = [
      ['a@^1.0.0', `https://registry.example.org/a/-/a-1.0.0.tgz#${sha1}`, 'a@1.0.0 registry sha1'],
      ['"@s/a@^1, @s/a@^1.0"', `a-1.0.0.tgz#${sha1}`, '@s/a@1.0.0 registry sha1'],
      ['a@user/repo', `https://codeload.example.org/user/repo/tar.gz/${sha1}`, 'a@1.0.0 git'],
      ['"a@git+ssh://git@git.example.org/a.git"', `git+ssh://git@git.example.org/a.git#${sha1}`, 'a@1.0.0 git'],
      ['"a@https://files.example.org/a.tgz"', `https://files.example.org/a.tgz#${sha1}`, 'a@1.0.0 url sha1'],
      ['"a@file:./a.tgz"', `file:./a.tgz#${sha1}`, 'a@1.0.0 file sha1'],
      ['"a@link:./a"', undefined, 'a@1.0.0 link'],
      ['"a@npm:@s/b@^1"', `https://registry.example.org/b.tgz#${sha1}`, '@s/b@1.0.0 registry sha1'],
      // put in the place of `a` by the project's resolutions
      ['a@^1', `https://registry.example.org/npm/@s/b/-/b-1.0.0.tgz#${sha1}`, '@s/b@1.0.0 registry sha1'],
      ['a@^1', `https://registry.example.org/@s%2fb/-/b-1.0.0.tgz#${sha1}`, '@s/b@1.0.0 registry sha1'],
    ] as const
    for (const [pattern, resolved, expected] of cases)
      assert.deepEqual(await short(yarnLock, lock(pattern, resolved)), [expected])
  })

  it('is read as other tools write it, without comments and with quotes', async () => {
    assert.deepEqual(await short(yarnLock, '"a@^1.0.0":\n  "version" "1.0.0"\n'), ['a@1.0.0 registry'])
  })

  rejectsAt(yarnLock, [
    ['another file', '\n', 'lock:1: does not say that it is of yarn 1, and locks nothing'],
    ['another version', '# yarn lockfile v2\n', 'lock:1: lockfile version 2 is not known'],
    ['a pattern that is none', '# yarn lockfile v1\nhello\n', 'lock:2: is no pattern'],
    ['no version', '# yarn lockfile v1\na@1:\n  resolved "x"\n', 'lock:2: has no version'],
    ['a quote without end', '# yarn lockfile v1\na@1:\n  version "x\n', 'lock:3: has a quote without its end'],
    ['a conflict', '# yarn lockfile v1\n<<<<<<< HEAD\n', 'lock:2: holds a conflict of a merge'],
  ])
})

describe('yarn.lock of later yarns', () => {
  const entry = (resolution: string): string =>
    `__metadata:\n  version: 8\n\n"x":\n  version: 1.0.0\n  resolution: ${JSON.stringify(resolution)}\n`

  it('knows sources, aliases and archives, and passes over patches', async () => {
    const cases = [
      ['a@npm:1.0.0', ['a@1.0.0 registry']],
      ['num@npm:@s/b@1.0.0', ['@s/b@1.0.0 registry']],
      ['a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fx.example.org%2Fa.tgz', ['a@1.0.0 registry']],
      ['a@virtual:0123#npm:1.0.0', ['a@1.0.0 registry']],
      ['a@patch:a@npm%3A1.0.0#./a.patch', []],
      ['a@workspace:packages/a', ['a@- workspace']],
      ['a@link:../a::locator=x', ['a@1.0.0 link']],
      ['a@file:./a.tgz#./a.tgz::hash=01&locator=x', ['a@1.0.0 file']],
      ['a@https://x.example.org/a.tgz', ['a@1.0.0 url']],
      ['a@https://git.example.org/a.git#commit=0123', ['a@1.0.0 git']],
    ] as const
    for (const [resolution, expected] of cases)
      assert.deepEqual(await short(yarnBerry, entry(resolution)), expected, resolution)
    const [archive] = await readAll(yarnBerry, 'lock', entry(cases[2][0]))
    assert.equal(archive?.url, 'https://x.example.org/a.tgz')
  })

  rejectsAt(yarnBerry, [
    ['another file', 'a: 1\n', 'lock:1: has no __metadata'],
    ['no resolution', '__metadata:\n  version: 8\n"a":\n  version: 1\n', 'lock:3: has no resolution'],
  ])
})

describe('pnpm-lock.yaml', () => {
  const lock = (version: string, key: string, resolution: string): string =>
    `lockfileVersion: ${version}\npackages:\n  ${key}:\n    resolution: ${resolution}\n    version: 1.0.0\n    name: own\n`

  it('knows keys of every version', async () => {
    const digest = `{integrity: ${sri}}`
    const cases = [
      ['5.1', '/@s/a/1.0.0_b@2.0.0+c@3.0.0', digest, 'own@1.0.0 registry sha512'],
      ['5.4', 'registry.example.org/a/1.0.0', digest, 'own@1.0.0 registry sha512'],
      ['5.4', 'github.com/user/repo/0123', '{tarball: https://codeload.example.org/x}', 'own@1.0.0 url'],
      ["'6.0'", '/a@1.0.0(b@2.0.0)(c@3.0.0)', digest, 'own@1.0.0 registry sha512'],
      [
        "'6.0'",
        "'@git.example.org/a/b/0123'",
        '{type: git, repo: https://git.example.org/a/b, commit: "0123"}',
        'own@1.0.0 git',
      ],
      ["'9.0'", "'a@file:a.tgz'", `{integrity: ${sri}, tarball: file:a.tgz}`, 'own@1.0.0 file sha512'],
      ["'9.0'", "'a@https://x.example.org/a.tgz'", '{tarball: https://x.example.org/a.tgz}', 'own@1.0.0 url'],
    ] as const
    for (const [version, key, resolution, expected] of cases)
      assert.deepEqual(await short(pnpmLock, lock(version, key, resolution)), [expected], key)
  })

  it('holds a file once, however many peers it is installed with', async () => {
    const text = `lockfileVersion: 5.4\npackages:\n${['', '_b@1.0.0', '_b@2.0.0'].map((peer) => `  /a/1.0.0${peer}:\n    resolution: {integrity: ${sri}}\n`).join('')}`
    assert.deepEqual(await short(pnpmLock, text), ['a@1.0.0 registry sha512'])
  })

  rejectsAt(pnpmLock, [
    ['a later version', '\nlockfileVersion: 12\n', 'lock:2: lockfileVersion 12 is not known'],
    ['no resolution', "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    engines: {}\n", 'lock:3: has no resolution'],
  ])
})

describe('bun.lock', () => {
  const lock = (tuple: unknown): string =>
    JSON.stringify({ lockfileVersion: 1, workspaces: {}, packages: { a: tuple } })

  it('knows tuples of every source', async () => {
    const cases = [
      [['a@1.0.0', 'https://registry.example.org/a.tgz', {}, sri], ['a@1.0.0 registry sha512']],
      [['a@workspace:packages/a'], ['a@- workspace']],
      [['a@git+ssh://git.example.org/a#01', {}, '01'], ['a@- git']],
      [['a@github:a/b#01', {}, 'a-b-01'], ['a@- git']],
      [['a@https://x.example.org/a.tgz', {}, sri], ['a@- url sha512']],
      [['a@./a.tgz', {}], ['a@- file']],
      [['a@link:a'], ['a@- link']],
      [['a@root:', {}], ['a@- workspace']],
      [['a@1.0.0', '', { bundled: true }, sri], []],
    ] as const
    for (const [tuple, expected] of cases)
      assert.deepEqual(await short(bunLock, lock(tuple)), expected, String(tuple[0]))
  })

  rejectsAt(bunLock, [
    ['a later version', '{\n"lockfileVersion": 9}', 'lock:2: lockfileVersion 9 is not known'],
    ['a package that is no list', '{"lockfileVersion": 1, "packages": {\n"a": 1}}', 'lock:2: "a" is no list'],
  ])
})

describe('deno.lock', () => {
  rejectsAt(denoLock, [
    ['a later version', '{\n"version": "9"}', 'lock:2: version 9 is not known'],
    ['a digest that is none', '{"version": "5", "remote": {\n"https://x": "01"}}', 'lock:2: "01" is no sha256 digest'],
  ])
})
