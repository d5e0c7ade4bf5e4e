// Loaded before the program (`node --import`): counts its writes, renames, fsyncs, links and unlinks, and kills the process
// at the one that the environment names. A write is half done by then, everything else not begun. Without a number it
// counts, and leaves the count behind.

import fs, { writeFileSync } from 'node:fs'
import promises, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { devNull } from 'node:os'
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'

const { writeSync: write } = fs
const at = Number(process.env.KILL_AT ?? 0)
const told = process.env.KILL_COUNT
if (isMainThread) setEnvironmentData('operations', new SharedArrayBuffer(4))
/** Of all threads together. */
const operations = new Int32Array(getEnvironmentData('operations') as unknown as SharedArrayBuffer)

function reached(half?: () => void): void {
  if (Atomics.add(operations, 0, 1) + 1 !== at) return
  half?.()
  process.kill(process.pid, 'SIGKILL')
}

type Anything = (this: unknown, ...args: unknown[]) => unknown

function counted(owner: object, name: string, half?: (self: unknown, args: unknown[]) => void): void {
  const holder = owner as Record<string, Anything | undefined>
  const original = holder[name]
  if (original === undefined) return
  holder[name] = function (...args) {
    reached(half === undefined ? undefined : () => half(this, args))
    return original.apply(this, args)
  }
}

const handle = await promises.open(devNull, 'r')
const prototype: object = Object.getPrototypeOf(handle) as object
await handle.close()

/** The first half of the bytes, where they belong. */
function halfOf(self: unknown, args: unknown[]): void {
  const [first, ...rest] = args
  const pieces = (Array.isArray(first) ? first : [first]) as unknown[]
  // of a stream nothing has come yet
  const known = pieces.filter((piece) => typeof piece === 'string' || piece instanceof Uint8Array)
  const bytes = Buffer.concat(known.map((piece) => Buffer.from(piece)))
  const position = Array.isArray(first) ? rest[0] : rest[2]
  write((self as FileHandle).fd, bytes, 0, bytes.length >> 1, typeof position === 'number' ? position : null)
}

function halfOfSync(_: unknown, [descriptor, bytes, from, length, position]: unknown[]): void {
  if (bytes instanceof Uint8Array && typeof length === 'number')
    write(descriptor as number, bytes, from as number, length >> 1, typeof position === 'number' ? position : null)
}

for (const name of ['write', 'writev', 'writeFile', 'appendFile'] as const) counted(prototype, name, halfOf)
for (const name of ['sync', 'datasync', 'truncate', 'chmod', 'utimes'] as const) counted(prototype, name)
for (const name of ['rename', 'link', 'unlink', 'rm', 'mkdir', 'copyFile', 'rmdir'] as const) counted(promises, name)
for (const name of ['renameSync', 'linkSync', 'unlinkSync', 'rmSync', 'fsyncSync', 'mkdirSync', 'fchmodSync'] as const)
  counted(fs, name)
counted(fs, 'writeSync', halfOfSync)
syncBuiltinESMExports()

if (told !== undefined && isMainThread) process.on('exit', () => writeFileSync(told, String(operations[0])))
