// The lockfile formats: one import and one name each.

import path from 'node:path'
import type { LockFormat } from '../contract.ts'
import { cargoLock } from './cargo-lock.ts'
import { packageLock } from './package-lock.ts'

export const lockFormats: readonly LockFormat[] = [packageLock, cargoLock]

/** The format of a file, by its name, else by how it begins (`head`: the first few kB). */
export function recognise(name: string, head: Uint8Array): LockFormat | undefined {
  const base = path.basename(name)
  return (
    lockFormats.find(({ names }) => names.includes(base)) ?? lockFormats.find(({ sniff }) => sniff?.(head) === true)
  )
}
