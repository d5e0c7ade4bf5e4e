// What an npm repository can be told, beyond what every repository can.

import * as v from 'valibot'
import { globOption } from '../glob-option.ts'

const scope = v.pipe(v.string(), v.regex(/^@[A-Za-z0-9~!'()*_.-]+$/, 'a scope is written @name'))

const words = v.pipe(v.string(), v.minLength(1))

export const npmOptions = v.strictObject({
  /** Only packages of these scopes belong to the repository; names outside are never asked of its upstream. */
  scopes: v.exactOptional(v.pipe(v.array(scope), v.minLength(1), v.readonly())),
  /** Registry signatures of tarballs. `required` refuses what no pinned key has signed. */
  signatures: v.optional(v.picklist(['when-present', 'required', 'off']), 'when-present'),
  /** The keyring that holds the registry's keys, in the form of `/-/npm/v1/keys`. */
  keys: v.optional(v.string(), 'npm-registry'),
  /** Whether a sync follows peer dependencies, as npm does since version 7. */
  peers: v.optional(v.picklist(['follow', 'skip']), 'follow'),
  /** Attestations of tarballs; a sync holds them too. `required` refuses what nobody attests to have built. */
  attestations: v.optional(v.picklist(['when-present', 'required', 'off']), 'when-present'),
  /** Who may have built packages, by certificate: of these names nothing else is let in. */
  builders: v.exactOptional(
    v.pipe(v.array(v.strictObject({ packages: globOption, issuer: words, subject: globOption })), v.readonly()),
  ),
})

export type NpmOptions = v.InferOutput<typeof npmOptions>
