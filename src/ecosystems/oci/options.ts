// What can be set for a repository.

import * as v from 'valibot'

const texts = v.array(v.pipe(v.string(), v.minLength(1)))

export interface OciOptions {
  /** Where a name without a slash is: `alpine` is `library/alpine` in the registry that Docker asks by default. */
  readonly official?: string | undefined
  /** Globs over names that must carry a cosign signature by a key of `keyring`, or by one of `identities`. */
  readonly signed: readonly string[]
  /** Predicate types of the attestations that signed images must also have. */
  readonly attested: readonly string[]
  /** Who may sign without a key of their own: the issuer, and a glob over the certificate's subject. */
  readonly identities: readonly { readonly issuer: string; readonly subject: string }[]
}

export const ociOptions: v.GenericSchema<unknown, OciOptions> = v.strictObject({
  official: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9]+$/, 'is no part of a name'))),
  signed: v.optional(texts, []),
  attested: v.optional(texts, []),
  identities: v.optional(
    v.array(v.strictObject({ issuer: v.pipe(v.string(), v.url()), subject: v.pipe(v.string(), v.minLength(1)) })),
    [],
  ),
})
