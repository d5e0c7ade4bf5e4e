// The JSON schema (https://json-schema.org/draft/2020-12) of configuration and manifests, for editors.

import { keys } from './keys.ts'
import type { JsonSchema } from './kinds.ts'
import { flat, properties, structures } from './structures.ts'

export function manifestSchema(): JsonSchema {
  // policy.cooldown.default is part of the structure policy.cooldown
  const { 'policy.cooldown.default': _, ...rest } = keys
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'pkgmirror configuration and manifest',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...properties({ ...structures, ...flat(rest) }) },
    additionalProperties: false,
  }
}
