// A thread that copies the catalog: SQLite does it in one call, which may take seconds.

import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const { from, to } = workerData as { readonly from: string; readonly to: string }
const connection = new Database(from, { readonly: true, fileMustExist: true })
try {
  // one state of it, while others write
  connection.prepare('VACUUM INTO ?').run(to)
} finally {
  connection.close()
}
parentPort?.postMessage('done')
