// A project that Maven builds from an empty local repository, with wrong checksums refused.

import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { environment, execute, files, folder } from './place.ts'
import type { Use } from './voyage.ts'

export interface MavenProject {
  readonly files: Readonly<Record<string, string>>
  readonly goals: readonly string[]
  /** What a build tells. */
  printed(project: string): string
}

/** Digests of what Maven brought into its local repository, by path, and what the build told. */
export interface Built {
  readonly brought: Readonly<Record<string, string>>
  readonly printed: string
}

const settings = (local: string, url: string): string => `<settings><localRepository>${local}</localRepository>
<pluginGroups><pluginGroup>org.example.plugins</pluginGroup></pluginGroups>
<mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>${url}/maven</url></mirror></mirrors></settings>
`

/** `program`: how this Maven is started. */
export function build(t: TestContext, project: MavenProject, program: readonly string[] = ['mvn']): Use<Built> {
  return async (url, { enter }) => {
    const home = folder(t)
    const local = path.join(home, 'm2')
    const at = files(path.join(home, 'project'), project.files)
    files(home, { 'settings.xml': settings(local, url) })
    const argv = [...enter, ...program, '-B', '-q', '-C', '-s', `${home}/settings.xml`, ...project.goals]
    await execute({ argv, cwd: at, env: environment(home) })
    const printed = project.printed(at)
    // what it has brought is enough to build again from, which need not be shown each time
    if (enter.length === 0) await execute({ argv: [...argv, '-o'], cwd: at, env: environment(home) })
    return { brought: digests(local), printed }
  }
}

function digests(local: string): Readonly<Record<string, string>> {
  const brought = globSync('**/*.{pom,jar}', { cwd: local }).sort()
  return Object.fromEntries(
    brought.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(path.join(local, file)))
        .digest('hex'),
    ]),
  )
}
