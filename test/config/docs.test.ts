// Documents that are generated from the declared keys are up to date. UPDATE_DOCS=1 writes them anew.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { manifestSchema } from '../../src/config/schema.ts'
import { configTables, configTemplate } from '../../src/config/template.ts'
import { settingsOf } from './builders.ts'

const docs = path.join(import.meta.dirname, '../../docs')

const update = process.env.UPDATE_DOCS === '1'

test('docs/configuration.md has every key', () => {
  const file = path.join(docs, 'configuration.md')
  const old = readFileSync(file, 'utf8')
  let fresh = old
  for (const [name, table] of Object.entries(configTables())) {
    const part = new RegExp(`(<!-- ${name}:[^\\n]*\\n).*?(<!-- end -->)`, 's')
    fresh = fresh.replace(part, (_, head: string, end: string) => `${head}\n${table}\n\n${end}`)
  }
  if (update) writeFileSync(file, fresh)
  else assert.equal(old, fresh, 'run this test with UPDATE_DOCS=1')
})

test('docs/manifest.schema.json has every key', () => {
  const file = path.join(docs, 'manifest.schema.json')
  const fresh = JSON.stringify(manifestSchema())
  if (update) writeFileSync(file, fresh)
  else assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(fresh), 'run this test with UPDATE_DOCS=1')
})

test('the template sets nothing', async () => {
  const { origins } = await settingsOf(configTemplate())
  assert.deepEqual([...new Set(Object.values(origins).map(({ file }) => file))], ['default'])
})

test('the template is right when all of it is uncommented', async () => {
  const text = configTemplate().replace(/^# /gm, '').replaceAll('npm', 'crate')
  const { wants, repositories } = await settingsOf(text)
  assert.equal(wants.length, 5)
  assert.ok(repositories.some(({ name, mount }) => name === 'corp' && mount === '/corp'))
})
