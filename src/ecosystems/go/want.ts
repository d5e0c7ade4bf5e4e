// How a module is asked for: `golang.org/x/text`, `golang.org/x/text@v0.14.0`, `@latest`, `@v0`, `@>=v0.3.0 <v0.9.0`, and
// `toolchain@go1.26.0` for the go command itself.

import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { goVersions } from '../../versions/go.ts'
import { isModulePath } from './paths.ts'

/** Toolchains are a module whose versions are `v0.0.1-go1.26.0.linux-amd64`: https://go.dev/doc/toolchain#download */
export const toolchain = 'golang.org/toolchain'
const release = /^(?:go)?(1(?:\.\d{1,4}){1,2}(?:(?:rc|beta)\d{1,3})?)$/

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no module: ${why.slice(0, 400)}`, {
    hint: 'Write PATH, PATH@VERSION or PATH@QUERY, such as "golang.org/x/text@v0.14.0" or "golang.org/x/text@>=v0.3.0".',
  })

/** One line of a package list; throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  const trimmed = text.trim()
  const at = trimmed.indexOf('@')
  const name = at < 0 ? trimmed : trimmed.slice(0, at)
  const query = at < 0 ? undefined : trimmed.slice(at + 1).trim()
  if (name === 'toolchain') {
    const [, version] = release.exec(query ?? '') ?? []
    if (version === undefined) throw bad(text, 'a toolchain is written toolchain@go1.26.0')
    return { name: toolchain, options: { toolchain: `go${version}` } }
  }
  if (name === '*') throw bad(text, 'a module proxy has no list of its modules; name them')
  if (!isModulePath(name)) throw bad(text, 'a module path begins with a host name')
  if (query === undefined || query === 'latest') return { name }
  const fault = goVersions.fault(query)
  if (fault !== undefined) throw bad(text, fault)
  return { name, range: query }
}
