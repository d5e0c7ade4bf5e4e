import assert from 'node:assert/strict'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { extract, type Header } from 'tar-stream'
import { tarFileSink, tarSink } from '../../src/sinks/tar.ts'
import { bytesOf, codeOf, publishing, sinkSuite, treeOf } from '../suites/sink.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'tar-'))
after(() => rm(folder, { recursive: true, force: true }))
let archives = 0
const newFile = (): string => path.join(folder, `${++archives}.tar`)

async function entries(file: string): Promise<readonly { readonly header: Header; readonly text: string }[]> {
  if (!existsSync(file)) return []
  const found: { header: Header; text: string }[] = []
  for await (const entry of createReadStream(file).pipe(extract())) {
    const pieces: Uint8Array[] = []
    for await (const piece of entry) pieces.push(piece as Uint8Array)
    found.push({ header: entry.header, text: Buffer.concat(pieces).toString() })
  }
  return found
}

sinkSuite('tar', async () => {
  const file = newFile()
  return {
    sink: (bytes) => tarFileSink(file, bytes),
    read: async () => Object.fromEntries((await entries(file)).map(({ header, text }) => [header.name, text])),
    modified: async (name) => {
      const found = (await entries(file)).find(({ header }) => header.name === name)
      return found?.header.mtime?.getTime() ?? 0
    },
  }
})

const texts = { 'a.tgz': 'artifact', index: 'document' }

test('the same tree gives the same bytes, whoever writes it', async () => {
  const files = [newFile(), newFile()]
  for (const file of files) await tarFileSink(file, bytesOf(Object.values(texts))).publish(treeOf(texts), publishing())
  const [one, two] = files.map((file) => readFileSync(file))
  assert.deepEqual(one, two)
})

test('headers tell nothing of who wrote it', async () => {
  const file = newFile()
  await tarFileSink(file, bytesOf(Object.values(texts))).publish(treeOf(texts), publishing())
  for (const { header } of await entries(file)) {
    assert.deepEqual([header.uid, header.gid, header.uname, header.gname, header.mode], [0, 0, '', '', 0o644])
  }
})

test('an archive that cannot be completed leaves the old one, and nothing beside it', async () => {
  const file = newFile()
  await tarFileSink(file, bytesOf(Object.values(texts))).publish(treeOf(texts), publishing())
  const before = readFileSync(file)
  const broken = tarFileSink(file, bytesOf(['artifact'])).publish(treeOf(texts), publishing())
  assert.equal(await codeOf(broken), 'DAMAGED')
  assert.deepEqual(readFileSync(file), before)
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.endsWith('.tar')),
    [],
  )
})

test('bytes of another length than stated end the archive', async () => {
  const lying = treeOf({ 'a.tgz': { text: 'artifact', size: 3 } })
  assert.equal(await codeOf(tarFileSink(newFile(), bytesOf(['artifact'])).publish(lying, publishing())), 'DAMAGED')
})

test('a reader that leaves ends the export', async () => {
  const out = new PassThrough()
  const large = { 'a.tgz': 'x'.repeat(1_000_000) }
  const publishes = tarSink(out, bytesOf(Object.values(large))).publish(treeOf(large), publishing())
  out.once('data', () => out.destroy())
  assert.equal(await codeOf(publishes), 'STOPPED')
})

test('a slow reader is waited for', async () => {
  const out = new PassThrough()
  const large = { 'a.tgz': 'x'.repeat(300_000), 'b.tgz': 'y'.repeat(300_000) }
  const publishes = tarSink(out, bytesOf(Object.values(large))).publish(treeOf(large), publishing())
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(out.readableLength < 200_000, `${out.readableLength} bytes are waiting`)
  let size = 0
  for await (const piece of out) size += (piece as Uint8Array).length
  await publishes
  assert.equal(size % 512, 0)
  assert.ok(size > 600_000)
})

test('a folder that is not there is for the user to put right', async () => {
  const sink = tarFileSink(path.join(folder, 'nowhere', 'a.tar'), bytesOf(Object.values(texts)))
  assert.equal(await codeOf(sink.publish(treeOf(texts), publishing())), 'CONFIG')
})
