import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type KeysFlags, keys } from '../../src/commands/keys.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

let bench: Workbench
before(async () => {
  bench = await openWorkbench()
})
after(() => bench.close())

const run = (action: string, flags: Partial<KeysFlags> = {}, speaking: Speaking = {}): Promise<Said> =>
  bench.say((context) => keys(context, action, { what: undefined, name: undefined, public: false, ...flags }), speaking)
const other = (name: string): Speaking => ({ flags: { data: path.join(bench.folder, name) } })

describe('keys', () => {
  it('makes a key that only its owner may read, once', async () => {
    const { code, out, err } = await run('create')
    assert.equal(code, 0, err)
    assert.match(out, /^untrusted comment: pkgmirror public key [0-9A-F]{16}\nRW\S{54}\n$/)
    const folder = path.join(bench.folder, 'mirror', 'keys')
    assert.deepEqual(readdirSync(folder), ['mirror.key', 'mirror.pub'])
    for (const name of readdirSync(folder)) assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o600)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    const before = readFileSync(path.join(folder, 'mirror.key'))
    const again = await run('create')
    assert.equal(again.code, 2)
    assert.match(again.err, /mirror\.key: is there already/)
    assert.deepEqual(readFileSync(path.join(folder, 'mirror.key')), before)
  })

  it('shows what the other side is to trust, and trusts it there', async () => {
    const { out } = await run('show', { public: true })
    const line = out.split('\n')[1] ?? ''
    const file = bench.write('near.pub', out)
    const { document } = await run('trust', { what: file }, { ...other('far'), json: true })
    assert.equal(document.added, true)
    assert.equal((await run('trust', { what: line }, { ...other('far'), json: true })).document.added, false)
    const { document: listed } = await run('list', {}, { ...other('far'), json: true })
    assert.deepEqual(
      (listed.trusted as { id: string }[]).map(({ id }) => id),
      [document.id],
    )
    const gone = await run('untrust', { what: String(document.id).toLowerCase() }, other('far'))
    assert.equal(gone.code, 0, gone.err)
    assert.match((await run('list', {}, other('far'))).err, /There are no keys/)
  })

  it('refuses names that climb, what is no key, and what is not there', async () => {
    assert.equal((await run('create', { name: '../x' })).code, 2)
    assert.equal((await run('trust', { what: bench.manifest })).code, 2)
    assert.equal((await run('trust', { what: '/nowhere.pub' })).code, 2)
    assert.equal((await run('trust')).code, 2)
    assert.equal((await run('forge')).code, 2)
    assert.equal((await run('untrust', { what: 'AAAAAAAAAAAAAAAA' })).code, 2)
    assert.match((await run('show', { what: 'other' })).err, /keys create --name other/)
  })
})
