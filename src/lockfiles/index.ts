// The lockfile formats: one import and one name each. A name tells more than a beginning, a whole name more than a
// pattern; of several beginnings the first that fits counts, so formats that are hard to tell stand last.

import path from 'node:path'
import type { LockFormat } from '../contract.ts'
import { cargoLock } from './cargo-lock.ts'
import { condaEnvironment } from './conda-environment.ts'
import { condaExplicit } from './conda-explicit.ts'
import { condaLock } from './conda-lock.ts'
import { gemfileLock } from './gemfile-lock.ts'
import { goMod } from './go-mod.ts'
import { goSum } from './go-sum.ts'
import { gradleLockfile } from './gradle-lockfile.ts'
import { mavenInstall } from './maven-install.ts'
import { packageLock } from './package-lock.ts'
import { pdmLock } from './pdm-lock.ts'
import { pipfileLock } from './pipfile-lock.ts'
import { pixiLock } from './pixi-lock.ts'
import { poetryLock } from './poetry-lock.ts'
import { pom } from './pom.ts'
import { pylock } from './pylock.ts'
import { requirements } from './requirements.ts'
import { uvLock } from './uv-lock.ts'
import { verificationMetadata } from './verification-metadata.ts'

export const lockFormats: readonly LockFormat[] = [
  packageLock,
  cargoLock,
  uvLock,
  poetryLock,
  pdmLock,
  pylock,
  pipfileLock,
  condaLock,
  condaExplicit,
  condaEnvironment,
  pixiLock,
  goSum,
  goMod,
  gemfileLock,
  gradleLockfile,
  verificationMetadata,
  pom,
  mavenInstall,
  requirements,
]

/** The format of a file, by its name, else by how it begins (`head`: the first few kB). */
export function recognise(name: string, head: Uint8Array): LockFormat | undefined {
  const base = path.basename(name)
  return (
    lockFormats.find(({ names }) => names.includes(base)) ??
    lockFormats.find(({ names }) => names.some((pattern) => fits(base, pattern))) ??
    lockFormats.find(({ sniff }) => sniff?.(head) === true)
  )
}

/** One star at most. */
function fits(name: string, pattern: string): boolean {
  const [begin = '', end] = pattern.split('*')
  return end !== undefined && name.length >= begin.length + end.length && name.startsWith(begin) && name.endsWith(end)
}
