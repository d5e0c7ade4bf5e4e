// npm's names and the paths made of them.
// Grammar: what `validate-npm-package-name` lets pass for old packages, which includes upper case and `~'!()*`;
// a segment of just `-` is refused, since `/-/` separates a package from its tarballs.

import type { Repo } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { encodePath } from '../../formats/safe-path.ts'
import type { NpmOptions } from './options.ts'

export const packageName =
  /^(?:@[a-z0-9~!'()*_.-]{1,214}\/(?!\.|-$)|(?![._-]|(?:node_modules|favicon\.ico)$))[a-z0-9~!'()*_.-]{1,214}$/i

/** The last segment of a tarball's path. Nothing that a web server takes for a page or for its own settings. */
export const tarballFile = /^(?!\.)[a-z0-9~!'()*_.+@-]{1,240}\.(?:tgz|tar\.gz)$/i

/** `name@version` of an attestation's path. */
export const attestedSpec = /^@?[^@]{1,430}@[^@/]{1,256}$/

export const packumentPath = (name: string): string => `/${name}`
export const tarballPath = (name: string, file: string): string => `/${name}/-/${file}`
export const attestationsPath = (name: string, version: string): string => `/-/npm/v1/attestations/${name}@${version}`
export const keysPath = '/-/npm/v1/keys'

export const withoutScope = (name: string): string => name.slice(name.indexOf('/') + 1)

/** The file name that the registry gives to a tarball today; old packages may have another one. */
export const usualFile = (name: string, version: string): string => `${withoutScope(name)}-${version}.tgz`

/** A path as part of an address. */
export const encoded = (path: string): string => (/[^a-z0-9~!'()*_.@/-]/i.test(path) ? encodePath(path) : path)

/** Throws NOT_FOUND for a package outside the repository's scopes, so that no private name is ever asked elsewhere. */
export function covered(name: string, repo: Repo<NpmOptions>): void {
  if (inScopes(name, repo.options)) return
  throw new MirrorError('NOT_FOUND', `${name} is outside the scopes of repository ${repo.name}`, {
    hint: `The repository holds ${repo.options.scopes?.join(', ')}; see its option \`scopes\`.`,
  })
}

export function inScopes(name: string, options: NpmOptions): boolean {
  if (options.scopes === undefined) return true
  return options.scopes.some((scope) => name.startsWith(`${scope}/`))
}
