import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect } from '../../src/catalog/open.ts'
import { steady } from '../../src/catalog/steady.ts'

describe('steady statements', () => {
  it('hide what is bound from the planner wherever it is compared', () => {
    assert.equal(
      steady('SELECT a FROM t WHERE a = ? AND b <= @most AND (c, d) > (?, @d) LIMIT ?'),
      'SELECT a FROM t WHERE a = +? AND b <= +@most AND (c, d) > (+?, +@d) LIMIT ?',
    )
  })

  it('are those of every connection to a catalog, and find what they found', () => {
    const connection = connect(':memory:')
    connection.prepare('INSERT INTO seen (repo, path, first, baseline) VALUES (?, ?, ?, ?)').run('r', '1', 1, 0)
    const found = connection.prepare<[string, string, number], { path: string }>(
      'SELECT path FROM seen WHERE (repo, path) >= (?, ?) AND first = ?',
    )
    assert.equal(found.source.includes('= +?'), true)
    assert.deepEqual(found.all('r', '1', 1), [{ path: '1' }])
    connection.close()
  })
})
