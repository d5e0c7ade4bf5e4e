// Lockfiles of PHP, .NET, the BEAM, Dart, C and C++, R, Perl, Haskell, Swift and Julia: what is wrong in which line.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cabalFreeze } from '../../src/lockfiles/cabal-freeze.ts'
import { composerLock } from '../../src/lockfiles/composer-lock.ts'
import { conanLock } from '../../src/lockfiles/conan-lock.ts'
import { cpanfileSnapshot } from '../../src/lockfiles/cpanfile-snapshot.ts'
import { juliaManifest } from '../../src/lockfiles/julia-manifest.ts'
import { mixLock } from '../../src/lockfiles/mix-lock.ts'
import { nugetLock } from '../../src/lockfiles/nuget-lock.ts'
import { packageResolved } from '../../src/lockfiles/package-resolved.ts'
import { packagesConfig } from '../../src/lockfiles/packages-config.ts'
import { paketLock } from '../../src/lockfiles/paket-lock.ts'
import { podfileLock } from '../../src/lockfiles/podfile-lock.ts'
import { projectAssets } from '../../src/lockfiles/project-assets.ts'
import { pubspecLock } from '../../src/lockfiles/pubspec-lock.ts'
import { rebarLock } from '../../src/lockfiles/rebar-lock.ts'
import { renvLock } from '../../src/lockfiles/renv-lock.ts'
import { stackLock } from '../../src/lockfiles/stack-lock.ts'
import { readAll, rejectsAt } from '../suites/lockfile.ts'

describe('composer.lock', () =>
  rejectsAt(composerLock, [
    ['another document', '{}', 'lock:1: has no packages'],
    ['a package without version', '{"packages": [\n{"name": "a/b"}]}', 'lock:2: has no version'],
  ]))

describe("NuGet's files", () => {
  rejectsAt(nugetLock, [
    ['a later version', '{\n"version": 7}', 'lock:2: version 7 is not known'],
    [
      'a hash that is none',
      '{"version": 1, "dependencies": {"net8.0": {\n"A": {"type": "Direct", "resolved": "1", "contentHash": "AA=="}}}}',
      'lock:2: "AA==" is no content hash',
    ],
  ])
  rejectsAt(projectAssets, [
    ['a key that is none', '{"version": 3, "libraries": {\n"A": {}}}', 'lock:2: "A" is no package and version'],
  ])
  rejectsAt(packagesConfig, [
    ['a package without version', '<packages>\n<package id="A"/></packages>', 'lock:2: <package> has no version'],
  ])
  rejectsAt(paketLock, [
    ['another text', 'NUGET\n  remote: x\nhello\n', 'lock:3: is no part of a lockfile'],
    ['a line that is none', 'NUGET\n  remote: x\n    A\n', 'lock:3: is no package and version'],
  ])
})

describe("the BEAM's and Dart's files", () => {
  rejectsAt(mixLock, [
    ['another text', 'hello\n', 'lock:1: is no map of Elixir'],
    ['a line that is none', '%{\n  "a": 1,\n}\n', 'lock:2: is no package'],
    ['a package without digest', '%{\n  "a": {:hex, :a, "1.0"},\n}\n', 'lock:2: a has no version and digest'],
  ])
  rejectsAt(rebarLock, [
    ['another text', 'hello', 'lock:1: is no list of Erlang'],
    ['a text that does not end', '[{<<"a">>,{pkg,<<"a">>', 'lock: does not end'],
    ['an unknown source', '[\n{<<"a">>,{ftp,"x"},0}].\n', 'lock:2: the source of a is not known'],
  ])
  rejectsAt(pubspecLock, [
    ['another document', 'a: b\n', 'lock:1: has no packages'],
    [
      'an unknown source',
      'packages:\n  a:\n    description: {}\n    source: ftp\n',
      'lock:4: the source ftp is not known',
    ],
  ])
})

describe('conan.lock', () => {
  it('takes a reference apart', async () => {
    const requires = ['a/1.0@corp/stable#0123:pid#prev%1700000000.0', 'b/2.0', 'c/cci.20200203@_/_#01']
    const found = await readAll(conanLock, 'lock', JSON.stringify({ version: '0.5', requires }))
    assert.deepEqual(
      found.map(({ name, version, options }) => [name, version, options]),
      [
        ['a', '1.0', { user: 'corp', channel: 'stable', revision: '0123' }],
        ['b', '2.0', undefined],
        ['c', 'cci.20200203', { revision: '01' }],
      ],
    )
  })

  rejectsAt(conanLock, [
    ['a later version', '{\n"version": "3"}', 'lock:2: version 3 is not known'],
    ['a reference that is none', '{"version": "0.5", "requires": [\n"zlib"]}', 'lock:2: "zlib" is no reference'],
  ])
})

describe('files of R, Perl, Haskell, Swift and Julia', () => {
  rejectsAt(renvLock, [
    ['another document', '{}', 'lock:1: has no R and Packages'],
    [
      'a hash that is none',
      '{"R": {}, "Packages": {\n"a": {"Version": "1", "Hash": "x"}}}',
      'lock:2: "x" is no md5 digest',
    ],
  ])
  rejectsAt(cpanfileSnapshot, [
    ['another text', 'hello\n', 'lock:1: stands before DISTRIBUTIONS'],
    ['a distribution without version', 'DISTRIBUTIONS\n  Mojo\n', 'lock:2: "Mojo" is no distribution and version'],
  ])
  rejectsAt(stackLock, [
    [
      'a package that is none',
      'snapshots: []\npackages:\n- completed:\n    hackage: a\n',
      'lock:3: "a" is no package and version',
    ],
  ])
  it('of several versions that a constraint allows none is left out', async () => {
    const found = await readAll(cabalFreeze, 'lock', 'constraints: any.a ==1.0 || ==1.1,\n  b +flag, any.c ==2.0\n')
    assert.deepEqual(
      found.map(({ name, version, range }) => [name, version ?? range]),
      [
        ['a', '==1.0 || ==1.1'],
        ['c', '2.0'],
      ],
    )
  })

  rejectsAt(cabalFreeze, [
    ['another text', 'hello\n', 'lock:1: is no field'],
    ['a constraint that is none', 'constraints: any.a ==1.0,\n  ???\n', 'lock:2: "???" is no constraint'],
  ])
  rejectsAt(packageResolved, [
    ['a later version', '{\n"version": 9}', 'lock:2: version 9 is not known'],
    [
      'a kind that is none',
      '{"version": 2, "pins": [{"identity": "a",\n"kind": "x", "state": {}}]}',
      'lock:2: the kind x is not known',
    ],
  ])
  rejectsAt(podfileLock, [['a pod without version', 'PODS:\n  - A\n', 'lock:2: "A" is no pod and version']])
  rejectsAt(juliaManifest, [
    ['a later format', '\nmanifest_format = "3.0"\n', 'lock:2: manifest_format 3.0 is not known'],
    ['a tree that is none', '[[A]]\nuuid = "x"\ngit-tree-sha1 = "y"\n', 'lock:3: "y" is no Git tree'],
  ])
})
