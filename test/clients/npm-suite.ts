// A project of npm's ecosystem, installed by one of its package managers into an empty home.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { NpmClient } from './npm-clients.ts'
import { environment, execute, files, folder } from './place.ts'
import type { Use } from './voyage.ts'

export interface Project {
  readonly dependencies: Readonly<Record<string, string>>
  /** A program that uses all of them, and what it prints. */
  readonly program: string
  readonly printed: string
  /** Further files, such as a lockfile. */
  readonly files?: Readonly<Record<string, string>>
}

/** Digests of installed files by path below node_modules. */
export type Installed = Readonly<Record<string, string>>

/** Installs the project and runs its program. */
export function install(
  t: TestContext,
  client: NpmClient,
  command: readonly string[],
  project: Project,
): Use<Installed> {
  return async (url, { enter }) => {
    const home = realpathSync(folder(t))
    const at = projectAt(home, client, project, url)
    const env = environment(home)
    await execute({ argv: [...enter, ...command, ...client.install], cwd: at, env })
    assert.equal(await execute({ argv: [process.execPath, 'main.js'], cwd: at, env }), project.printed)
    return digests(path.join(at, 'node_modules'), home)
  }
}

/** Writes the project below `home`; its registry is the mirror at `url`. */
export const projectAt = (home: string, client: NpmClient, project: Project, url: string): string =>
  files(path.join(home, 'project'), filesOf(client, project, `${url}/npm`))

/** The files of a project whose registry is at an address without a trailing slash. */
export const filesOf = (
  client: NpmClient,
  { dependencies, program, files: own }: Project,
  registry: string,
): Readonly<Record<string, string>> => ({
  'package.json': JSON.stringify({ name: 'project', version: '1.0.0', private: true, dependencies }),
  'main.js': program,
  ...client.files(registry),
  ...own,
})

/** What a client notes for itself: addresses, times, versions of its own. */
const notes =
  /(?:^|\/)(?:\.package-lock\.json|\.yarn-integrity|\.yarn-state\.yml|\.modules\.yaml|\.pnpm-workspace-state.*|lock\.yaml)$/

export function digests(at: string, home: string): Installed {
  const all: Record<string, string> = {}
  for (const entry of globSync('**/*', { cwd: at, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const name = path.relative(at, file)
    if (notes.test(name)) continue
    // npm 6 writes into each manifest from where it came and where it went
    const bytes = readFileSync(file, 'latin1')
      .replaceAll(home, '')
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, '')
    all[name] = createHash('sha256').update(bytes, 'latin1').digest('hex')
  }
  return all
}
