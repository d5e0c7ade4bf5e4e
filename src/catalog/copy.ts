// Copies of the whole catalog: one state of it in a file of its own, compacted; and whether such a file can be trusted.

import { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { asMirrorError, MirrorError } from '../errors.ts'
import { migrations } from './migrations.ts'

/** Writes a copy to a file that is not there yet; it is not durable. Others may read and write meanwhile. */
export async function copyCatalog(from: string, to: string): Promise<void> {
  const file = new URL(import.meta.url.endsWith('.ts') ? './copy-thread.ts' : './copy-thread.js', import.meta.url)
  const worker = new Worker(file, { name: 'copies', workerData: { from, to } })
  const done = Promise.withResolvers<void>()
  worker.once('message', () => done.resolve())
  worker.once('error', (error) => done.reject(asMirrorError(error)))
  worker.once('exit', () => done.reject(new MirrorError('FAULT', 'the thread that copies the catalog ended')))
  await done.promise
}

/** Why a file is no catalog that this version can read; undefined when it is one. */
export function faultOfCatalog(file: string): string | undefined {
  try {
    const connection = new Database(file, { readonly: true, fileMustExist: true })
    try {
      const version = Number(connection.pragma('user_version', { simple: true }))
      if (version < 1) return 'it is empty'
      if (version > migrations.length)
        return `it is of version ${version}, this pkgmirror knows up to ${migrations.length}`
      const said = String(connection.pragma('quick_check(1)', { simple: true }))
      return said === 'ok' ? undefined : said
    } finally {
      connection.close()
    }
  } catch (error) {
    return asMirrorError(error).message
  }
}
