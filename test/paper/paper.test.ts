// The contract carries ecosystems of very different shapes: these declarations compile, and their patterns hold together.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyEcosystem } from '../../src/contract.ts'
import { go } from './go.ts'
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
    ecosystem: go,
    paths: [
      '/sumdb/sum.example.org/supported',
      '/sumdb/sum.example.org/latest',
      '/sumdb/sum.example.org/lookup/example.org/!azure/x@v1.0.0',
      '/sumdb/sum.example.org/tile/8/0/x001/067.p/3',
      '/example.org/a/b/@v/list',
      '/example.org/a/b/@v/v1.2.3.info',
      '/example.org/a/b/@v/v1.2.3.mod',
      '/example.org/a/b/@v/v1.2.3.zip',
      '/example.org/a/b/@upstream',
      '/example.org/a/b/@latest',
      '/index',
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
