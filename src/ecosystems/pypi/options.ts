// What a PyPI repository can be told, beyond what every repository can.

import * as v from 'valibot'
import { globOption } from '../glob-option.ts'

/** Source packages are held where no wheel fits a platform, always, or never. */
export const sdists = v.picklist(['when-needed', 'always', 'never'])

const words = v.pipe(v.string(), v.minLength(1))

export const pypiOptions = v.strictObject({
  sdists: v.optional(sdists, 'when-needed'),
  /** Attestations of files (PEP 740). `required` refuses what has none that verifies. */
  attestations: v.optional(v.picklist(['when-present', 'required', 'off']), 'when-present'),
  /** The keyring that holds the trust root of the attestations' signers. */
  trust_root: v.optional(v.string(), 'sigstore'),
  /** Who may have published projects, by certificate: of these names nothing else is let in. */
  publishers: v.exactOptional(
    v.pipe(v.array(v.strictObject({ packages: globOption, issuer: words, subject: globOption })), v.readonly()),
  ),
})

export type PypiOptions = v.InferOutput<typeof pypiOptions>
export type Publisher = NonNullable<PypiOptions['publishers']>[number]
