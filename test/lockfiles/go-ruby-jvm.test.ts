// Lockfiles of Go, Ruby and the JVM: the forms that the corpus does not have, and what is wrong in which line.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gemfileLock } from '../../src/lockfiles/gemfile-lock.ts'
import { goMod } from '../../src/lockfiles/go-mod.ts'
import { goSum } from '../../src/lockfiles/go-sum.ts'
import { gradleLockfile } from '../../src/lockfiles/gradle-lockfile.ts'
import { mavenInstall } from '../../src/lockfiles/maven-install.ts'
import { pom } from '../../src/lockfiles/pom.ts'
import { verificationMetadata } from '../../src/lockfiles/verification-metadata.ts'
import { inShort, readAll, rejectsAt } from '../suites/lockfile.ts'

const hash = `h1:${'A'.repeat(43)}=`

describe('go.sum', () => {
  it('tells a module from one whose go.mod alone is wanted', async () => {
    const found = await readAll(
      goSum,
      'go.sum',
      `a.org/x v1.0.0/go.mod ${hash}\nb.org/y v1.0.0 ${hash}\nb.org/y v1.0.0/go.mod ${hash}\n`,
    )
    assert.deepEqual(
      found.map(({ name, options, digests }) => [name, options, digests.map(({ filename }) => filename)]),
      [
        ['a.org/x', { files: ['mod'] }, ['v1.0.0.mod']],
        ['b.org/y', undefined, ['v1.0.0.zip', 'v1.0.0.mod']],
      ],
    )
    assert.deepEqual(found[0]?.digests[0]?.digests, { h1: hash })
  })

  rejectsAt(goSum, [
    ['a line that is none', `a.org/x v1.0.0 ${hash}\n\nx\n`, 'lock:3: is no module, version and hash'],
    ['a short hash', 'a.org/x v1.0.0 h1:AAAA=\n', 'lock:1: is no module, version and hash'],
  ])
})

describe('go.mod', () => {
  const short = async (text: string): Promise<string[]> =>
    (await readAll(goMod, 'go.mod', `module a.org/a\n${text}`)).map(inShort)

  it('replaces all versions, or one, and leaves out what is excluded', async () => {
    const text = 'require (\n b.org/b v1.0.0\n c.org/c v1.0.0\n "d.org/d" v1.0.0 // indirect\n e.org/e v1.0.0\n)\n'
    const more =
      'replace b.org/b => x.org/x v2.0.0\nreplace c.org/c v0.9.0 => ../c\nexclude d.org/d v1.0.0\nreplace e.org/e v1.0.0 => `../e`\n'
    assert.deepEqual(await short(text + more), ['x.org/x@v2.0.0 registry', 'c.org/c@v1.0.0 registry', 'e.org/e@- link'])
  })

  it('passes over directives that bring in nothing', async () => {
    assert.deepEqual(
      await short(
        'go 1.24\ngodebug default=go1.21\ntool b.org/b/cmd\nretract [v1.0.0, v1.1.0] // why\ntoolchain default\n',
      ),
      [],
    )
  })

  rejectsAt(goMod, [
    ['another file', '\nrequire a v1.0.0\n', 'lock:1: names no module'],
    ['a block without end', 'module a\nrequire (\n b v1.0.0\n', 'lock:4: the block of require does not end'],
    ['a requirement without version', 'module a\nrequire b\n', 'lock:2: requires no module and version'],
    ['a replacement that is none', 'module a\nreplace b c\n', 'lock:2: is no replacement'],
    ['a quote without end', 'module a\nrequire "b v1.0.0\n', 'lock:2: has a quote without its end'],
  ])
})

describe('Gemfile.lock', () => {
  it('names the registry only when a section has one', async () => {
    const two = 'GEM\n  remote: https://a.example.org/\n  remote: https://b.example.org/\n  specs:\n    x (1.0)\n'
    const one = 'GEM\n  remote: https://a.example.org/\n  specs:\n    x (1.0-java)\n      y (>= 1)\n'
    assert.equal((await readAll(gemfileLock, 'lock', two))[0]?.registry, undefined)
    const [found, ...more] = await readAll(gemfileLock, 'lock', one)
    assert.deepEqual(
      [found?.registry, found?.version, found?.markers, more],
      ['https://a.example.org/', '1.0-java', 'java', []],
    )
  })

  rejectsAt(gemfileLock, [
    ['a conflict', 'GEM\n  remote: x\n<<<<<<< HEAD\n', 'lock:3: holds a conflict of a merge'],
    ['an unknown section', 'GEM\n\nHELLO\n', 'lock:3: the section "HELLO" is not known'],
    ['a gem without version', 'GEM\n  specs:\n    x\n', 'lock:3: "x" is no gem and version'],
    [
      'a wrong checksum',
      'CHECKSUMS\n  x (1.0) sha256=aaaaaaaaaaaaaaaaaa\n',
      'lock:2: "aaaaaaaaaaaaaaaaaa" is no sha256 digest',
    ],
  ])
})

describe("the JVM's lockfiles", () => {
  rejectsAt(gradleLockfile, [['a line that is none', '# x\na:b\n', 'lock:2: is no group, artifact and version']])
  rejectsAt(verificationMetadata, [
    ['another document', '<html>\n</html>', 'lock:1: is <html>, not verification metadata'],
    ['an element without end', '<verification-metadata>\n<components>\n', 'lock:2: <components> does not end'],
    ['a document type', '\n<!DOCTYPE x [<!ENTITY a "b">]><x/>', 'lock:2: declares a document type'],
    [
      'a missing attribute',
      '<verification-metadata><components>\n<component name="a"/></components></verification-metadata>',
      'lock:2: <component> has no group',
    ],
  ])
  rejectsAt(pom, [['another document', '<html/>', 'lock:1: is <html>, not <project>']])
  rejectsAt(mavenInstall, [['a later version', '{\n"version": "9"}', 'lock:2: version 9 is not known']])

  it('expands properties of properties, but not for ever', async () => {
    const text = `<project><properties><a>\${b}</a><b>1.0</b><c>\${c}\${c}</c></properties><dependencies>
<dependency><groupId>x</groupId><artifactId>y</artifactId><version>\${a}</version></dependency>
<dependency><groupId>x</groupId><artifactId>z</artifactId><version>\${c}</version></dependency></dependencies></project>`
    assert.deepEqual((await readAll(pom, 'pom.xml', text)).map(inShort), ['x:y@1.0 registry'])
  })

  it('names the files of artifacts with classifiers', async () => {
    const sha = 'a'.repeat(64)
    const artifacts = {
      'x:y': { version: '1', shasums: { jar: sha, sources: sha } },
      'x:z:aar:native': { version: '2', shasums: { aar: sha } },
    }
    const found = await readAll(mavenInstall, 'lock', JSON.stringify({ artifacts, version: '2' }))
    assert.deepEqual(
      found.map(({ digests, options }) => [digests.map(({ filename }) => filename), options]),
      [
        [['y-1.jar', 'y-1-sources.jar'], undefined],
        [['z-2-native.aar'], { type: 'aar', classifier: 'native' }],
      ],
    )
  })
})
