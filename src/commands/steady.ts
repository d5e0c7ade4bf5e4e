// Which repositories of a run may be as its last run left them: those whose plan came from the same wants, rules, keys and
// program, and which nothing was taken from since.

import { createHash, randomUUID } from 'node:crypto'
import type { Steady } from '../catalog/steady.ts'
import type { Selector } from '../contract.ts'
import type { MountedRepo } from '../engine/mirror.ts'
import { version } from './version.ts'
import type { Workspace } from './workspace.ts'

export interface Standing {
  /** What the last run found, when it may count still. */
  readonly last: Steady | undefined
  readonly fingerprint: string
}

export async function standingOf(
  { mirror, places }: Pick<Workspace, 'mirror' | 'places'>,
  holder: string,
  wants: ReadonlyMap<string, readonly Selector[]>,
  program = version,
): Promise<ReadonlyMap<string, Standing>> {
  const found = new Map<string, Standing>()
  for (const [repo, selectors] of wants) {
    const mounted = mirror.repos.get(repo)
    if (mounted === undefined) continue
    const rules = [program, places.store, mirror.offline, mirror.platforms, await rulesOf(mounted)]
    const fingerprint = digestOf([rules, selectors])
    const last = mirror.catalog.steady.get(repo, holder)
    const now = mirror.now()
    const counts = last?.fingerprint === fingerprint && last.made <= now && now < last.until
    found.set(repo, { last: counts ? last : undefined, fingerprint })
  }
  return found

  async function rulesOf({ settings, ecosystem }: MountedRepo): Promise<readonly unknown[]> {
    // how upstream is asked changes nothing of what it has
    const { credentials: _, network: __, where: ___, ...rest } = settings
    const keys = await mirror.keyrings(settings.keyrings).catch(() => [randomUUID()])
    return [ecosystem.id, rest, keys.map((bytes) => createHash('sha256').update(bytes).digest('hex'))]
  }
}

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value, plainly)).digest('hex')

/** JSON knows neither of these; what cannot be written down is like nothing else. */
function plainly(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return `number ${value}`
  if (value instanceof RegExp) return `pattern ${value}`
  if (value instanceof Map || value instanceof Set) return [...value]
  return typeof value === 'function' ? randomUUID() : value
}
