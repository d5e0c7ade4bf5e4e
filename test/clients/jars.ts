// Clients that are one jar each, out of the repository that Maven's own users take them from; kept in node_modules/.cache by
// `test/clients/install.ts` alone.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { maven } from '../../src/ecosystems/maven/index.ts'
import { found, root } from './place.ts'

interface Jar {
  readonly path: string
  readonly sha256: string
}

export const jars = {
  ivy: {
    path: 'org/apache/ivy/ivy/2.6.0/ivy-2.6.0.jar',
    sha256: '7e14fe77306a8cc71197cb3f1681e9e673ccc04254a5ede7e848e2248491ec78',
  },
  coursier: {
    path: 'io/get-coursier/interface/1.0.30/interface-1.0.30.jar',
    sha256: '3893934e452822502761478d9b7423a2252f02fb2342cbe9a547a126b041d7cd',
  },
  slf4j: {
    path: 'org/slf4j/slf4j-api/1.7.36/slf4j-api-1.7.36.jar',
    sha256: 'd3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0',
  },
  // RubyGems 3.6 and Bundler 2.6, newer than what most systems have
  jruby: {
    path: 'org/jruby/jruby-complete/9.4.14.0/jruby-complete-9.4.14.0.jar',
    sha256: 'd7779641a18c46af5ee502c4a936dde17d4c0c4e6c35544aebb3a8d096fd53c9',
  },
} as const satisfies Readonly<Record<string, Jar>>
export type JarName = keyof typeof jars

export const jarOf = (name: JarName): string =>
  path.join(root, 'node_modules/.cache/clients', path.basename(jars[name].path))

/** Why these cannot be tried. */
export function lacksJars(...names: readonly JarName[]): string | false {
  if (found('java') === undefined) return 'java is not on this machine'
  const missing = names.filter((name) => !existsSync(jarOf(name)))
  return missing.length > 0 && `${missing.join(', ')} not here: test/clients/install.ts brings it`
}

/** True when it is there with the right bytes. */
export async function installJar(name: JarName): Promise<boolean> {
  const [upstream = ''] = maven.repos[0]?.upstreams ?? []
  try {
    const answer = await fetch(`${upstream}/${jars[name].path}`, { signal: AbortSignal.timeout(120_000) })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    if (createHash('sha256').update(bytes).digest('hex') !== jars[name].sha256) return false
    mkdirSync(path.dirname(jarOf(name)), { recursive: true })
    writeFileSync(jarOf(name), bytes)
    return true
  } catch {
    return false
  }
}
