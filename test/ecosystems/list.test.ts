// The list of ecosystems: a folder without a line in it, or without a run of the suite over its fixtures, fails here.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ecosystems } from '../../src/ecosystems/index.ts'

const folder = new URL('../../src/ecosystems/', import.meta.url)
const folders = readdirSync(folder, { withFileTypes: true })
  .filter((one) => one.isDirectory() && existsSync(new URL(`${one.name}/index.ts`, folder)))
  .map(({ name }) => name)
  .sort()
const ids = ecosystems.map(({ id }) => id)
const suiteOf = (id: string): URL => new URL(`./${id}/suite.test.ts`, import.meta.url)

describe('the list of ecosystems', () => {
  it('has each folder once, under the name of the folder', () => {
    assert.deepEqual(ids.toSorted(), folders)
  })

  it('gives no word to two ecosystems, and no name or mount to two repositories', () => {
    const words = ecosystems.flatMap(({ id, aliases = [] }) => [id, ...aliases])
    const names = ecosystems.flatMap(({ repos }) => repos.map(({ name }) => name))
    const mounts = ecosystems.flatMap(({ repos }) => repos.map(({ name, mount = `/${name}` }) => mount))
    for (const each of [words, names, mounts]) assert.deepEqual([...new Set(each)], each)
  })

  for (const id of ids) {
    it(`runs the suite over ${id}`, () => {
      assert.ok(existsSync(suiteOf(id)), `write test/ecosystems/${id}/suite.test.ts: three lines over its fixtures`)
    })
  }
})
