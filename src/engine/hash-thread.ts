// A worker thread that hashes files. It reads synchronously into one buffer: nothing else waits in this thread, and so a
// file goes by at the disk's or the hash's own speed.

import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { hashers } from '../formats/digest.ts'
import type { Hashed, HashJob } from './hashing.ts'

const buffer = Buffer.allocUnsafeSlow(1024 * 1024)

function hashFile({ id, file, algorithms }: HashJob): Hashed {
  const handle = openSync(file, 'r')
  try {
    const hash = hashers(algorithms)
    let size = 0
    for (;;) {
      const count = readSync(handle, buffer, 0, buffer.length, size)
      if (count === 0) return { id, size, digests: hash.digests() }
      hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
      size += count
    }
  } finally {
    closeSync(handle)
  }
}

parentPort?.on('message', (job: HashJob) => {
  try {
    parentPort?.postMessage(hashFile(job))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    parentPort?.postMessage({ id: job.id, message } satisfies Hashed)
  }
})
