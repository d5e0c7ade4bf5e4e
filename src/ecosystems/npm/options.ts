// What an npm repository can be told, beyond what every repository can.

import * as v from 'valibot'

const scope = v.pipe(v.string(), v.regex(/^@[A-Za-z0-9~!'()*_.-]+$/, 'a scope is written @name'))

export const npmOptions = v.strictObject({
  /** Only packages of these scopes belong to the repository; names outside are never asked of its upstream. */
  scopes: v.exactOptional(v.pipe(v.array(scope), v.minLength(1), v.readonly())),
  /** Registry signatures of tarballs. `required` refuses what no pinned key has signed. */
  signatures: v.optional(v.picklist(['when-present', 'required', 'off']), 'when-present'),
  /** The keyring that holds the registry's keys, in the form of `/-/npm/v1/keys`. */
  keys: v.optional(v.string(), 'npm-registry'),
  /** Whether a sync follows peer dependencies, as npm does since version 7. */
  peers: v.optional(v.picklist(['follow', 'skip']), 'follow'),
  /** Whether a sync holds provenance attestations, for `npm audit signatures` offline. */
  attestations: v.optional(v.picklist(['hold', 'skip']), 'hold'),
})

export type NpmOptions = v.InferOutput<typeof npmOptions>
