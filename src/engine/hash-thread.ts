// A worker thread that hashes. Files it reads synchronously into one buffer: nothing else waits in this thread but other
// hashes, and so a file goes by at the disk's or the hash's own speed.

import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { type Hashers, hashers } from '../formats/digest.ts'
import type { Hashed, ToHash } from './hashing.ts'

const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
const running = new Map<number, { readonly hash: Hashers; size: number }>()

const say = (hashed: Hashed): void => parentPort?.postMessage(hashed)

function hashFile(id: number, file: string, algorithms: readonly string[]): Hashed {
  const handle = openSync(file, 'r')
  try {
    const hash = hashers(algorithms)
    let size = 0
    for (;;) {
      const count = readSync(handle, buffer, 0, buffer.length, size)
      if (count === 0) return { type: 'hashed', id, size, digests: hash.digests() }
      hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
      size += count
    }
  } finally {
    closeSync(handle)
  }
}

parentPort?.on('message', (message: ToHash) => {
  const { id } = message
  const one = running.get(id)
  switch (message.type) {
    case 'file':
      try {
        say(hashFile(id, message.file, message.algorithms))
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? { code: String(error.code) } : {}
        say({ type: 'broken', id, message: error instanceof Error ? error.message : String(error), ...code })
      }
      break
    case 'begin':
      running.set(id, { hash: hashers(message.algorithms), size: 0 })
      break
    case 'piece':
      if (one === undefined) return
      one.hash.update(message.piece)
      one.size += message.piece.length
      say({ type: 'taken', id, size: message.piece.length })
      break
    case 'end':
      if (one === undefined) return
      running.delete(id)
      say({ type: 'hashed', id, size: one.size, digests: one.hash.digests() })
      break
    case 'drop':
      running.delete(id)
  }
})
