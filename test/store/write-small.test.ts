import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDiskStore } from '../../src/store/disk.ts'
import { smallWriter } from '../../src/store/write-small.ts'
import { code, sha256, staging } from '../suites/store.ts'

test('what a thread could not write is told with what the system said, and the next is written', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'small-'))
  const store = await openDiskStore(root)
  t.after(async () => {
    await store.close()
    await rm(root, { recursive: true })
  })
  const bytes = randomBytes(500)
  const lost = await staging(store, bytes)
  await rmdir(join(root, 'tmp'))
  await assert.rejects(lost.commit(sha256(bytes)), /ENOENT/)
  await lost.release()
  assert.equal(await store.stat(sha256(bytes)), undefined)
  await assert.rejects(async () => store.stream(sha256(bytes))[Symbol.asyncIterator]().next(), code('DAMAGED'))
})

test('files that come while a group is written go into the next one, each with its own bytes', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'small-'))
  const writer = smallWriter()
  t.after(async () => {
    await writer.close()
    await rm(root, { recursive: true })
  })
  const many = Array.from({ length: 200 }, (_, at) => ({ name: String(at), bytes: randomBytes(at * 100) }))
  await Promise.all(many.map(({ name, bytes }) => writer.write(join(root, `${name}.new`), join(root, name), bytes)))
  for (const { name, bytes } of many) assert.deepEqual(await readFile(join(root, name)), bytes)
  assert.equal((await readdir(root)).length, many.length)
})

test('after its end nothing is written', async () => {
  const writer = smallWriter()
  await writer.close()
  await assert.rejects(async () => writer.write('/nowhere/new', '/nowhere/blob', Buffer.alloc(1)), code('STOPPED'))
})
