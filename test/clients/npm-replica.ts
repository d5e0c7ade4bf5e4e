// The npm replica as the origin of a mirror, and the project that is installed from it.

import type { TestContext } from 'node:test'
import { type NpmReplica, startNpmReplica } from '../replica/npm.ts'
import { printed, program, wanted } from '../replica/npm-packages.ts'
import type { Project } from './npm-suite.ts'
import { files, folder } from './place.ts'
import { type Origin, originOf } from './voyage.ts'

export const replicaProject: Project = {
  dependencies: wanted,
  program,
  printed: `${printed(`${process.platform}-${process.arch}`)}\n`,
}

export type Kind = 'with validators' | 'without validators'

export async function npmOrigin(t: TestContext, kind: Kind): Promise<Origin & { readonly replica: NpmReplica }> {
  const replica = await startNpmReplica(kind)
  const keys = `${files(folder(t), { 'keys.json': replica.keys })}/keys.json`
  const required = kind === 'with validators' ? ', signatures: required' : ''
  const text = `repositories:\n  npm: { upstream: "${replica.upstream.url}", keys: "${keys}"${required} }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}
