// A small file that is written over: whole or not at all.

import { open, rename, rm } from 'node:fs/promises'
import { asWriteError } from '../sinks/refusals.ts'

/** Throws CONFIG where it may not be written. */
export async function textFile(file: string, text: string): Promise<void> {
  try {
    await replaceFile(file, text)
  } catch (error) {
    throw asWriteError(error, file)
  }
}

/** Whoever reads it meanwhile has the one before. Throws the system's error. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}.new`
  try {
    const handle = await open(aside, 'w')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}
