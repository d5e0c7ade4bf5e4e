// Gems, installed by bundler or by gem into an empty home, and a program of theirs run.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { environment, execute, files, folder } from './place.ts'
import type { Use } from './voyage.ts'

export interface Bundle {
  /** The lines of the Gemfile after its source. */
  readonly gemfile: string
  readonly printed: string
}

/** Digests of the gems in a cache of RubyGems, by name; and, of bundler, what it locked. */
export interface Installed {
  readonly gems: Readonly<Record<string, string>>
  readonly locked?: string
}

/** How bundler is told of the mirror: nothing of the project changes, or its source is the mirror itself. */
export type Pointing = 'a mirror of every source' | 'the source of the Gemfile'

/** What bundler says of its requests: which index it went by. */
const withCompactIndex = /HTTP GET \S+\/info\//

/** The beginning of the command that runs a program of Ruby's: its name alone, or an interpreter that is told it. */
export type Runner = (program: string) => readonly string[]
const itself: Runner = (program) => [program]

export function bundle(
  t: TestContext,
  { gemfile, printed }: Bundle,
  pointing: Pointing,
  run: Runner = itself,
): Use<Installed> {
  return async (url, { enter }) => {
    const home = folder(t)
    const mirrored = pointing === 'a mirror of every source'
    const source = mirrored ? 'https://gems.example.org/' : `${url}/gem/`
    const project = files(path.join(home, 'project'), { Gemfile: `source "${source}"\n${gemfile}` })
    const env = environment(home, {
      BUNDLE_PATH: path.join(home, 'gems'),
      BUNDLE_SILENCE_ROOT_WARNING: '1',
      ...(mirrored ? { BUNDLE_MIRROR__ALL: `${url}/gem/` } : {}),
    })
    const said = await execute({ argv: [...enter, ...run('bundle'), 'install', '--verbose'], cwd: project, env })
    assert.match(said, withCompactIndex)
    assert.doesNotMatch(said, /specs\.4\.8|api\/v1\/dependencies/)
    assert.equal(await execute({ argv: [...enter, ...run('bundle'), 'exec', 'orchard'], cwd: project, env }), printed)
    const locked = readFileSync(path.join(project, 'Gemfile.lock'), 'utf8').replaceAll(url, 'URL')
    return { gems: digests(path.join(home, 'gems')), locked }
  }
}

/** `gem install` of one gem with what it needs. */
export function gemInstall(
  t: TestContext,
  { printed }: Bundle,
  spec: readonly string[],
  run: Runner = itself,
): Use<Installed> {
  return async (url, { enter }) => {
    const home = folder(t)
    const at = path.join(home, 'gems')
    const env = environment(home, { GEM_HOME: at, GEM_PATH: at })
    const source = ['--clear-sources', '--source', `${url}/gem/`]
    const argv = [
      ...enter,
      ...run('gem'),
      'install',
      ...spec,
      ...source,
      '--no-document',
      '--bindir',
      path.join(home, 'bin'),
    ]
    await execute({ argv, cwd: home, env })
    const orchard = run === itself ? [path.join(home, 'bin/orchard')] : run('orchard')
    assert.equal(await execute({ argv: [...enter, ...orchard], cwd: home, env }), printed)
    return { gems: digests(at) }
  }
}

export function digests(at: string): Readonly<Record<string, string>> {
  const cached = globSync('**/cache/*.gem', { cwd: at }).sort()
  assert.notEqual(cached.length, 0)
  return Object.fromEntries(
    cached.map((file) => [
      path.basename(file),
      createHash('sha256')
        .update(readFileSync(path.join(at, file)))
        .digest('hex'),
    ]),
  )
}
