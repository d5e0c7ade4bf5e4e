// A real registry as the origin of a mirror: the built-in repositories, with no configuration at all.

import type { AnyEcosystem } from '../../src/contract.ts'
import type { Origin } from './voyage.ts'

export const realOrigin: Origin = { configuration: '', stop: async () => {} }

/** Milliseconds that a registry has to say anything at all. */
const PATIENCE = 10_000

/** Options of a suite: skipped when the first built-in upstream of the ecosystem does not answer. */
export async function live({
  repos,
  title,
}: Pick<AnyEcosystem, 'repos' | 'title'>): Promise<{ readonly skip: string | false }> {
  const [registry = ''] = repos[0]?.upstreams ?? []
  try {
    await fetch(registry, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) })
    return { skip: false }
  } catch {
    return { skip: `the registry of ${title} does not answer` }
  }
}
