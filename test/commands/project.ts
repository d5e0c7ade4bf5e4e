// A project with lockfiles of packages that the workbench's upstreams have.

import { createHash } from 'node:crypto'
import type { SeedOptions } from '../../src/commands/seed.ts'

export const sha = (algorithm: string, text: string) => createHash(algorithm).update(text)
export const bolt = 'the files of bolt as of 2.4.40404\n'
const kit = 'the files of kit as of 3.1.60101\n'

export const cargoLock = `version = 4

[[package]]
name = "kit"
version = "3.1.60101"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "${sha('sha256', kit).digest('hex')}"
`

/** As `seed FILE…` without flags. */
export const seedOptions = (files: readonly string[]): SeedOptions => ({
  files,
  as: undefined,
  dryRun: false,
  addresses: undefined,
  writeManifest: undefined,
  force: false,
})
