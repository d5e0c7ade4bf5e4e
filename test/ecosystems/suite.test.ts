// Runs the suite over the list of ecosystems. A folder without a line in the list, or without fixtures, fails here.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ecosystems } from '../../src/ecosystems/index.ts'
import type { Fixtures } from '../suites/ecosystem/fixtures.ts'
import { testEcosystem } from '../suites/ecosystem.ts'

const folder = new URL('../../src/ecosystems/', import.meta.url)
const folders = readdirSync(folder, { withFileTypes: true })
  .filter((one) => one.isDirectory() && existsSync(new URL(`${one.name}/index.ts`, folder)))
  .map(({ name }) => name)
  .sort()
const ids = ecosystems.map(({ id }) => id)
const fixturesOf = (id: string): URL => new URL(`./${id}/fixtures.ts`, import.meta.url)

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
    it(`has fixtures of ${id}`, () => {
      assert.ok(existsSync(fixturesOf(id)), `write test/ecosystems/${id}/fixtures.ts: the suite runs over it`)
    })
  }
})

for (const ecosystem of ecosystems) {
  const file = fixturesOf(ecosystem.id)
  if (!existsSync(file)) continue
  const { fixtures } = (await import(file.href)) as { readonly fixtures: Fixtures }
  testEcosystem(ecosystem, fixtures)
}
