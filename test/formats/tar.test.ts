// Files of tar archives as a stream, with the long names of both worlds.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pack } from 'tar-stream'
import { MirrorError } from '../../src/errors.ts'
import { collect } from '../../src/formats/bytes.ts'
import { tarFiles } from '../../src/formats/tar.ts'

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const made = pack()
  for (const [name, content] of Object.entries(files)) made.entry({ name }, content)
  made.entry({ name: 'folder/', type: 'directory' })
  made.entry({ name: 'link', type: 'symlink', linkname: 'a' })
  made.finalize()
  return Buffer.concat((await Array.fromAsync(made)) as Buffer[])
}

async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 301) yield bytes.subarray(at, at + 301)
}

async function read(bytes: Uint8Array): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for await (const file of tarFiles(cut(bytes))) {
    if (!file.name.startsWith('skip')) found[file.name] = Buffer.from(await collect(file.bytes(), 1e6)).toString()
  }
  return found
}

describe('files of a tar archive', () => {
  const files = {
    'a.txt': 'a',
    'skip.txt': 'x'.repeat(2000),
    [`${'long/'.repeat(60)}ü.txt`]: 'b'.repeat(700),
    empty: '',
  }

  it('are the regular ones, whole or passed over', async () => {
    const { 'skip.txt': _, ...expected } = files
    assert.deepEqual(await read(await archive(files)), expected)
  })

  it('of an archive that is cut off or damaged are an error', async () => {
    const good = await archive(files)
    const damaged = Buffer.from(good)
    damaged[100] = 0xff
    for (const bad of [good.subarray(0, 1300), damaged, Buffer.from('x'.repeat(600))])
      await assert.rejects(read(bad), (error) => error instanceof MirrorError && error.code === 'UNREADABLE')
  })

  it('never make a header of a gigabyte be held', async () => {
    const made = await archive({ a: 'x' })
    made.write('x', 156)
    made.write('10000000000\0', 124)
    let sum = 0
    for (const [at, byte] of made.subarray(0, 512).entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
    made.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    await assert.rejects(read(made), /header without end/)
  })
})
