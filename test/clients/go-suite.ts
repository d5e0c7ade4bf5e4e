// A Go project that takes its modules through a mirror into an empty module cache, verified against a checksum database, and
// is built and run.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { environment, execute, files, folder } from './place.ts'
import type { Use } from './voyage.ts'

export interface GoProject {
  readonly wanted: readonly string[]
  readonly program: string
  readonly printed: string
  /** Of the go command. */
  readonly env?: Readonly<Record<string, string>>
}

/** What is compiled is kept by its content, whoever compiled it. */
export const compiled = process.env.GOCACHE ?? path.join(homedir(), '.cache/go-build')

/** The go command in an empty place; what it says. */
export async function run(t: TestContext, url: string, enter: readonly string[], project: GoProject) {
  const home = folder(t)
  const at = files(path.join(home, 'project'), {
    'go.mod': 'module example.test/project\n\ngo 1.21\n',
    'main.go': project.program,
  })
  const env = environment(home, {
    GOPROXY: `${url}/go`,
    GOFLAGS: '-mod=mod -modcacherw',
    GOTOOLCHAIN: 'local',
    GOPATH: path.join(home, 'go'),
    GOCACHE: compiled,
    CGO_ENABLED: '0',
    ...project.env,
  })
  const go = (...args: readonly string[]) => execute({ argv: [...enter, 'go', ...args], cwd: at, env })
  return { at, go }
}

/** The lines of go.sum, after the project was built from what was fetched. */
export function build(t: TestContext, project: GoProject): Use<string> {
  return async (url, { enter }) => {
    const { at, go } = await run(t, url, enter, project)
    await go('get', ...project.wanted)
    assert.equal(await go('run', '.'), project.printed)
    await go('mod', 'verify')
    return readFileSync(path.join(at, 'go.sum'), 'utf8')
  }
}
