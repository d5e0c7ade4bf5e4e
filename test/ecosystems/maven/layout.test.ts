import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { maven } from '../../../src/ecosystems/maven/index.ts'
import { isFile, isMetadata, isSnapshotFile, listedIn, placeOf } from '../../../src/ecosystems/maven/layout.ts'
import { made } from '../../../src/ecosystems/maven/made.ts'
import { gather, repo } from './builders.ts'

const routeOf = (path: string): string | undefined =>
  maven.routes.find((route) => route.match(path) !== undefined)?.pattern

describe('a path', () => {
  it('is taken apart into coordinates', () => {
    assert.deepEqual(placeOf('org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.9-sources.jar'), {
      group: 'org.slf4j',
      artifact: 'slf4j-api',
      base: '2.0.9',
      version: '2.0.9',
      rest: '-sources.jar',
    })
    assert.deepEqual(placeOf('a/b.c_2.13/1.0-SNAPSHOT/b.c_2.13-1.0-20240101.010203-4-tests.jar'), {
      group: 'a',
      artifact: 'b.c_2.13',
      base: '1.0-SNAPSHOT',
      version: '1.0-20240101.010203-4',
      rest: '-tests.jar',
    })
    assert.equal(placeOf('a/b/1.0-SNAPSHOT/b-1.0-SNAPSHOT.jar')?.version, '1.0-SNAPSHOT')
    assert.equal(placeOf('a/b/1.0/b-1.0.tar.gz')?.rest, '.tar.gz')
  })

  for (const path of [
    'a/b/1.0/c-1.0.jar',
    'a/b/1.0/b-2.0.jar',
    'a/b/1.0/b-1.0',
    'a/b/1.0/b-1.0/x.jar',
    'b/1.0/b-1.0.jar',
    'a.b/c/1.0/c-1.0.jar',
    'a/b/1.0-SNAPSHOT/b-1.0-2024.01.jar',
    'a/b/1.0/b-1.0-20240101.010203-4.jar/..',
    'a/b/1.0/b-1.0.',
  ]) {
    it(`of no file is ${path}`, () => assert.equal(placeOf(path), undefined))
  }

  it('is a file that never changes, a snapshot that does, or a list', () => {
    assert.equal(isFile('a/b/1.0/b-1.0.jar'), true)
    assert.equal(isFile('a/b/1.0/b-1.0.jar.sha1'), false)
    assert.equal(isFile('a/b/1.0-SNAPSHOT/b-1.0-20240101.010203-4.pom'), true)
    assert.equal(isSnapshotFile('a/b/1.0-SNAPSHOT/b-1.0-SNAPSHOT.pom'), true)
    assert.equal(isMetadata('a/b/maven-metadata.xml'), true)
    assert.deepEqual(listedIn('a/b/maven-metadata.xml'), { name: 'a:b' })
    assert.deepEqual(listedIn('a/b/1.0-SNAPSHOT/maven-metadata.xml'), { name: 'a:b', snapshot: '1.0-SNAPSHOT' })
    assert.deepEqual(listedIn('junit/maven-metadata.xml'), {})
  })

  it('that names what policy may hide, or is none of a repository, has no route', () => {
    for (const path of [
      '/.meta/prefixes.txt',
      '/.index/nexus-maven-repository-index.gz',
      '/archetype-catalog.xml',
      '/robots.txt',
      '/a/b/1.0/',
      '/a/b/1.0/other.jar',
      '/a/b/1.0/b-1.0.jar.sha1.md5',
      '/a/b/1.0/b-1.0.jar.asc.asc',
      '/.checksums/sha1/archetype-catalog.xml',
      '/.checksums/crc32/a/b/1.0/b-1.0.jar',
    ]) {
      assert.equal(routeOf(path), undefined, path)
    }
  })

  it('of an odd length costs no time', () => {
    const started = performance.now()
    for (const path of [
      `${'a/'.repeat(500)}b`,
      `a/${'b'.repeat(100_000)}`,
      `a/b/${'1.'.repeat(50_000)}/b-1`,
      '-'.repeat(100_000),
    ]) {
      assert.equal(placeOf(path), undefined)
      assert.equal(isMetadata(path), false)
    }
    assert.ok(performance.now() - started < 500)
  })
})

describe('an exported tree', () => {
  it('has the checksums of each file and of every list above it, each once', async () => {
    const held = ['/a/b/1.0/b-1.0.jar', '/a/b/1.0/b-1.0.pom', '/a/c/2/c-2.pom'].map((path) => ({ path }))
    const paths = await gather(
      made(
        repo(),
        (async function* () {
          yield* held
        })(),
      ),
    )
    assert.equal(new Set(paths).size, paths.length)
    for (const path of [
      '/a/b/1.0/b-1.0.jar.sha512',
      '/a/c/2/c-2.pom.md5',
      '/a/b/maven-metadata.xml.sha1',
      '/a/maven-metadata.xml.sha256',
    ])
      assert.ok(paths.includes(path), path)
  })
})
