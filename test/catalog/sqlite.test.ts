import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { migrations } from '../../src/catalog/migrations.ts'
import { catalogSuite, refOf } from '../suites/catalog.ts'

const fresh = (): Promise<string> => mkdtemp(join(tmpdir(), 'catalog-'))

catalogSuite('a catalog in SQLite', async () => {
  const folder = await fresh()
  const file = join(folder, 'catalog.db')
  return { catalog: openCatalog(file), connect: () => openCatalog(file), remove: () => rm(folder, { recursive: true }) }
})

describe('migrations', () => {
  test('run once, and opening again changes nothing', async (t) => {
    const folder = await fresh()
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'catalog.db')
    const schemaOf = () => {
      const connection = new Database(file)
      const rows = connection.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
      const version = connection.pragma('user_version', { simple: true })
      connection.close()
      return { rows, version }
    }
    const first = openCatalog(file)
    first.refs.put(refOf())
    first.close()
    const schema = schemaOf()
    assert.equal(schema.version, migrations.length)
    const second = openCatalog(file)
    assert.deepEqual(second.refs.get('r', '/a', '', 0), refOf())
    second.close()
    assert.deepEqual(schemaOf(), schema)
  })

  test('a catalog of a newer version is refused, and left as it is', async (t) => {
    const folder = await fresh()
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'catalog.db')
    const newer = new Database(file)
    newer.pragma(`user_version = ${migrations.length + 1}`)
    newer.close()
    assert.throws(() => openCatalog(file), { code: 'CONFIG', message: /the catalog is of version/ })
  })

  test('that fail leave the version before', async (t) => {
    const folder = await fresh()
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'catalog.db')
    const spoilt = new Database(file)
    spoilt.exec('CREATE TABLE run (id INTEGER)')
    spoilt.close()
    assert.throws(() => openCatalog(file))
    const after = new Database(file)
    assert.equal(after.pragma('user_version', { simple: true }), 0)
    assert.equal(after.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'").pluck().get(), 1)
    after.close()
  })

  test('many processes may open a new catalog at once', async (t) => {
    const folder = await fresh()
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'catalog.db')
    const module = new URL('../../src/catalog/catalog.ts', import.meta.url).href
    const script = `
      const { openCatalog } = await import(${JSON.stringify(module)})
      const catalog = openCatalog(${JSON.stringify(file)})
      for (let n = 0; n < 20; n += 1) catalog.runs.start('run', n)
      catalog.close()`
    const run = promisify(execFile)
    await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, ['--input-type=module', '-e', script])))
    const catalog = openCatalog(file)
    assert.equal(catalog.runs.list(1000).length, 120)
    catalog.close()
  })
})
