// The shipped manifests load without a warning, their wants are understood by their ecosystems, and editors find the schema.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { loadSettings } from '../../src/config/load.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { root } from './pages.ts'

const manifests = globSync('manifests/*.yaml', { cwd: root }).sort()

const load = (name: string) =>
  loadSettings({ files: [path.join(root, name)], flags: {}, env: {}, cwd: root, home: '/home/me', ecosystems })

for (const name of manifests) {
  test(`${name} loads without a warning and wants something`, async () => {
    const { warnings, wants, lockfiles } = await load(name)
    assert.deepEqual(warnings, [])
    assert.ok(wants.length + lockfiles.length > 0)
  })

  test(`${name}: every line is understood by its ecosystem`, async () => {
    const { wants, repositories } = await load(name)
    for (const { repo, text } of wants) {
      if (text === undefined) continue
      const repository = repositories.find((one) => one.name === repo)
      const ecosystem = ecosystems.find(({ id }) => id === repository?.ecosystem)
      assert.ok(repository !== undefined && ecosystem !== undefined, repo)
      const { upstreams, options } = repository
      assert.notEqual(ecosystem.want(text, { name: repo, upstreams, options }).name, '')
    }
  })

  test(`${name} names the schema for editors`, () => {
    const [first = ''] = readFileSync(path.join(root, name), 'utf8').split('\n')
    const schema = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1] ?? 'none'
    assert.ok(existsSync(path.join(root, 'manifests', schema)), schema)
  })
}

test('there is one for each ecosystem', () => {
  assert.deepEqual(
    ecosystems.map(({ id }) => `manifests/${id}.yaml`).filter((file) => !manifests.includes(file)),
    [],
  )
})
