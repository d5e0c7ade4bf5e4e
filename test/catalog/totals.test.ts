import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import type { Ref } from '../../src/catalog/rows.ts'

const sha = (letter: string): string => letter.repeat(64)

const ref = (repo: string, path: string, more: Partial<Ref> = {}): Ref => ({
  repo,
  path,
  variant: '',
  generation: 0,
  kind: 'artifact',
  sha256: sha('a'),
  size: 10,
  status: 200,
  type: '',
  url: '',
  headers: {},
  fetched: 5,
  checked: 5,
  modified: 5,
  name: undefined,
  version: undefined,
  proof: 'digest',
  proven: '',
  hits: 0,
  used: 0,
  ...more,
})

describe('totals', () => {
  it('count what clients of a repository see', () => {
    const catalog = openCatalog(':memory:')
    const old = catalog.generations.make('signed', '/suite', 1)
    const current = catalog.generations.make('signed', '/suite', 2)
    catalog.generations.mark(old, 'previous')
    catalog.generations.mark(current, 'current')
    for (const one of [
      ref('plain', '/a', { hits: 2, used: 7 }),
      ref('plain', '/b', { kind: 'index', size: 5, fetched: 9 }),
      ref('plain', '/gone', { sha256: undefined, size: 0 }),
      ref('signed', '/root', { generation: old, kind: 'index' }),
      ref('signed', '/root', { generation: current, kind: 'index', size: 30 }),
    ])
      catalog.refs.put(one)
    assert.deepEqual(catalog.totals.held(), [
      { repo: 'plain', files: 2, artifacts: 1, bytes: 15, hits: 2, fetched: 9, used: 7 },
      { repo: 'signed', files: 1, artifacts: 0, bytes: 30, hits: 0, fetched: 5, used: 0 },
    ])
    catalog.close()
  })

  it('count each blob of the store once', () => {
    const catalog = openCatalog(':memory:')
    assert.deepEqual(catalog.totals.stored(), { blobs: 0, bytes: 0 })
    catalog.blobs.put(sha('a'), 10, {}, 1)
    catalog.blobs.put(sha('b'), 5, {}, 1)
    catalog.refs.put(ref('one', '/a'))
    catalog.refs.put(ref('two', '/a'))
    assert.deepEqual(catalog.totals.stored(), { blobs: 2, bytes: 15 })
    catalog.close()
  })
})
