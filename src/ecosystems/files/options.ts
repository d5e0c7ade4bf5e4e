// What can be set for a repository of files, and what a want may say beyond its path.

import * as v from 'valibot'
import type { Selector } from '../../contract.ts'
import { globOption } from '../glob-option.ts'
import { wantOptionsOf } from '../want-options.ts'
import { fileOf, listPath } from './paths.ts'

/** A path with at most one `*`, which stands for the name of the file that is vouched for. */
const template = v.pipe(
  v.string(),
  v.regex(/^(?:\/|(?:\.\.\/)*)(?:[^/*]+\/)*[^/]+$/, 'is neither a name, such as SHA256SUMS or *.sha256, nor a path'),
  v.check((text) => (text.match(/\*/g)?.length ?? 0) <= 1, 'has more than one *'),
)
const list = v.pipe(
  template,
  v.check(
    (text) => listPath.test(fileOf(text).replace('*', 'x')),
    'has no name that lists of strong checksums have: SHA256SUMS, *.sha256, checksums.txt, B2SUMS …',
  ),
)
const field = v.pipe(v.string(), v.toLowerCase(), v.regex(/^[a-z0-9-]{1,64}$/, 'is no name of a header field'))

export const filesOptions = v.strictObject({
  /** Lists of checksums that vouch for files. */
  checksums: v.optional(v.array(list), []),
  /** Where the signature of a list, or of a signed file, lies. Used when the repository has a keyring. */
  signatures: v.optional(v.array(template), ['*.asc', '*.sig', '*.gpg', '*.minisig']),
  /** Globs of files that carry a signature of their own, which must be good. */
  signed: v.optional(v.array(globOption), []),
  /** Read folders as lists of what lies in them, for syncs by glob and for folders as clients are shown them. */
  listing: v.optional(v.boolean(), false),
  /** Fields of a client's request that upstream is sent too. */
  pass_headers: v.optional(v.array(field), []),
})
export type FilesOptions = v.InferOutput<typeof filesOptions>

const wantOptions = v.strictObject({
  /** Folders below the one that is named, at most. */
  depth: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(64)), 16),
  /** Of a root: only what these globs fit. */
  match: v.optional(v.union([globOption, v.array(globOption)]), '**'),
})

/** The options of a want; throws CONFIG for what is none. */
export function readWantOptions(want: Selector): { readonly depth: number; readonly match: readonly string[] } {
  const { depth, match } = wantOptionsOf(wantOptions, want)
  return { depth, match: [match].flat() }
}
