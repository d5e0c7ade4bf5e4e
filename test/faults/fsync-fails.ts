// Loaded before the program (`node --import`): fsync fails with EIO for as long as the file is there that the environment
// names. As in Linux the failure is told once for each file: the next fsync of the same bytes says that all is well.

import fs, { existsSync, fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { devNull } from 'node:os'

const failing = process.env.FSYNC_FAILS_WHILE ?? ''
const handle = await open(devNull, 'r')
const prototype = Object.getPrototypeOf(handle) as { sync(this: FileHandle): Promise<void> }
await handle.close()
const sync = prototype.sync
const told = new Set<number>()

function tell(ino: number): void {
  if (!existsSync(failing) || told.has(ino)) return
  told.add(ino)
  throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' })
}

prototype.sync = async function () {
  tell((await this.stat()).ino)
  await sync.call(this)
}

// threads wait for the disk
const { fsyncSync } = fs
fs.fsyncSync = (descriptor) => {
  tell(fstatSync(descriptor).ino)
  fsyncSync(descriptor)
}
syncBuiltinESMExports()
