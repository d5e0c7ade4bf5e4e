// A Rust project, fetched by cargo into an empty home and built from what it fetched.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { environment, execute, files, folder, found } from './place.ts'
import type { Use } from './voyage.ts'

export interface CargoProject {
  /** The lines under `[dependencies]`. */
  readonly dependencies: string
  readonly program: string
  readonly printed: string
}

/** Digests of the crate files in cargo's cache, by name. */
export type Fetched = Readonly<Record<string, string>>

/** Where the toolchain is when cargo is rustup's. */
const toolchains = process.env.RUSTUP_HOME ?? path.join(homedir(), '.rustup')
export const rustup: Readonly<Record<string, string>> = existsSync(toolchains) ? { RUSTUP_HOME: toolchains } : {}

export function build(t: TestContext, { dependencies, program, printed }: CargoProject): Use<Fetched> {
  return async (url, { enter }) => {
    const home = folder(t)
    const project = files(path.join(home, 'project'), {
      'Cargo.toml': `[package]\nname = "project"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\n${dependencies}`,
      'src/main.rs': program,
    })
    files(path.join(home, '.cargo'), {
      'config.toml': `[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+${url}/cargo/"\n`,
    })
    const env = environment(home, {
      CARGO_HOME: path.join(home, '.cargo'),
      ...rustup,
    })
    await execute({ argv: [...enter, 'cargo', 'fetch', '--quiet'], cwd: project, env })
    // building needs a linker, which is no part of a Rust toolchain
    if (found('cc') !== undefined) {
      const argv = [...enter, 'cargo', 'run', '--quiet', '--offline', '--locked']
      assert.equal(await execute({ argv, cwd: project, env }), printed)
    }
    return digests(path.join(home, '.cargo/registry/cache'))
  }
}

export function digests(cache: string): Fetched {
  const crates = globSync('*/*.crate', { cwd: cache }).sort()
  return Object.fromEntries(
    crates.map((file) => [
      path.basename(file),
      createHash('sha256')
        .update(readFileSync(path.join(cache, file)))
        .digest('hex'),
    ]),
  )
}
