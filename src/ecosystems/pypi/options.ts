// What a PyPI repository can be told, beyond what every repository can.

import * as v from 'valibot'

/** Source packages are held where no wheel fits a platform, always, or never. */
export const sdists = v.picklist(['when-needed', 'always', 'never'])

export const pypiOptions = v.strictObject({
  sdists: v.optional(sdists, 'when-needed'),
  /** Attestations of files (PEP 740). `required` refuses what has none that verifies. */
  attestations: v.optional(v.picklist(['when-present', 'required', 'off']), 'when-present'),
  /** The keyring that holds the trust root of the attestations' signers. */
  trust_root: v.optional(v.string(), 'sigstore'),
})

export type PypiOptions = v.InferOutput<typeof pypiOptions>
