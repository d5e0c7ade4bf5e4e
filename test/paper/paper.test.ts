// The contract carries ecosystems of very different shapes: these declarations compile, and their patterns hold together.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyEcosystem } from '../../src/contract.ts'
import { maven } from './maven.ts'
import { oci } from './oci.ts'
import { pypi } from './pypi.ts'

const digest = `sha256:${'a'.repeat(64)}`
const paper: readonly { readonly ecosystem: AnyEcosystem; readonly paths: readonly string[] }[] = [
  {
    ecosystem: pypi,
    paths: [
      '/simple/',
      '/simple/six/',
      '/pypi/six/json',
      '/integrity/six/1.0/six-1.0.tar.gz/provenance',
      '/files/six/six-1.0-py3-none-any.whl.metadata',
      '/files/six/six-1.0.tar.gz',
    ],
  },
  {
    ecosystem: maven,
    paths: [
      '/org/example/a/1.0/a-1.0.jar.sha1',
      '/org/example/a/1.0/a-1.0.jar.md5',
      '/org/example/a/1.0/a-1.0.jar.sha256',
      '/org/example/a/1.0/a-1.0.jar.sha512',
      '/org/example/a/1.0/a-1.0.jar.asc',
      '/org/example/a/maven-metadata.xml',
      '/org/example/a/1.1-SNAPSHOT/a-1.1-SNAPSHOT.jar',
      '/org/example/a/1.0/a-1.0.jar',
    ],
  },
  {
    ecosystem: oci,
    paths: [
      '/',
      `/library/alpine/manifests/${digest}`,
      '/library/alpine/manifests/3.22',
      `/library/alpine/blobs/${digest}`,
      '/library/alpine/tags/after/3.21',
      '/library/alpine/tags/list',
      `/library/alpine/referrers/${digest}`,
    ],
  },
]

test('every ecosystem has an id of its own', () => {
  const ids = paper.map(({ ecosystem }) => ecosystem.id)
  assert.equal(new Set(ids).size, ids.length)
})

for (const { ecosystem, paths } of paper) {
  test(`${ecosystem.id}: each sample path meets its own route and is written back the same`, () => {
    assert.equal(paths.length, ecosystem.routes.length)
    for (const [index, path] of paths.entries()) {
      const first = ecosystem.routes.find((candidate) => candidate.match(path) !== undefined)
      assert.equal(first, ecosystem.routes[index], path)
      assert.equal(first?.path(first.match(path) ?? {}), path)
    }
  })
}
