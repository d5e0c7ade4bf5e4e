// Loaded before the program (`node --import`): fsync fails with EIO for as long as the file is there that the environment
// names. As in Linux the failure is told once for each file: the next fsync of the same bytes says that all is well.

import { existsSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { devNull } from 'node:os'

const failing = process.env.FSYNC_FAILS_WHILE ?? ''
const handle = await open(devNull, 'r')
const prototype = Object.getPrototypeOf(handle) as { sync(this: FileHandle): Promise<void> }
await handle.close()
const sync = prototype.sync
const told = new Set<number>()

prototype.sync = async function () {
  const { ino } = await this.stat()
  if (existsSync(failing) && !told.has(ino)) {
    told.add(ino)
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' })
  }
  await sync.call(this)
}
