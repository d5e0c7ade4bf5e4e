// Paths of a tree of files, the names by which lists of checksums are known, and where the lists that vouch for a file lie.

import { safePath } from '../../formats/safe-path.ts'

/** The folder of a path, with a slash at its end. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
export const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Names that lists of sound checksums have, at the end of a path. */
export const listPath =
  /(?:^|[/_.-])(?:(?:sha(?:224|256|384|512)|sha2-(?:256|512)|b2|blake2b)(?:-?sums?)?|checksums?|digests?)(?:\.txt)?$/i

/** Suffixes of detached signatures. */
export const signatureSuffix = /\.(?:asc|sig|gpg|sign|minisig)$/i

/** A path below another; undefined when it would leave the tree or is none. */
export function within(folder: string, name: string): string | undefined {
  try {
    return safePath(`${folder}${name}`)
  } catch {
    return undefined
  }
}

/**
 * Where a template leads for a file: `/a/SHA256SUMS` is that path, `*.sha256` lies beside the file and `*` is its name,
 * `SHA256SUMS` lies in its folder, and each `../` before it is one folder up. Undefined when there is no such folder.
 */
function fill(template: string, path: string): string | undefined {
  if (template.startsWith('/')) return template
  let folder = folderOf(path)
  let rest = template
  while (rest.startsWith('../')) {
    if (folder === '/') return undefined
    folder = folderOf(folder.slice(0, -1))
    rest = rest.slice(3)
  }
  return within(folder, rest.replace('*', fileOf(path)))
}

/** The paths that templates lead to for a file, each once and never the file itself. */
export const filled = (templates: readonly string[], path: string): readonly string[] => [
  ...new Set(templates.flatMap((template) => fill(template, path) ?? []).filter((other) => other !== path)),
]

/** The templates of lists that are about a whole folder, and not about one file. */
export const listsIn = ({ checksums }: { readonly checksums: readonly string[] }): readonly string[] =>
  checksums.filter((template) => !template.includes('*'))
