// A route's own check of a document, signatures above all: what it may look at, and what it remembers if it succeeds.

import type { Doc } from '../contract.ts'
import type { Mirror } from './mirror.ts'
import type { Settling } from './obtained.ts'

export interface Checked {
  /** How its own check proved it, if it did. */
  readonly proven: string | undefined
}

type Checking = Pick<Settling, 'resource' | 'space' | 'stated' | 'sibling' | 'gather'>

/**
 * Runs the check. What it remembered stands as soon as it returns; when another check has remembered something else under
 * the same key meanwhile, it runs again, so that memories are one chain whatever runs at once. Without `recalls` it is
 * checked as if nothing had been remembered: for what is held and was not replaced.
 */
export async function checked(mirror: Mirror, checking: Checking, doc: Doc, recalls = true): Promise<Checked> {
  const { resource, space } = checking
  const { name } = resource.mounted.settings
  if (resource.route.check === undefined) return { proven: undefined }
  const recall = (key: string): string | undefined =>
    space.memory.get(key) ?? mirror.catalog.generations.recall(name, key)
  for (;;) {
    const { proven, memory, recalled } = await once(mirror, checking, doc, recalls ? recall : () => undefined)
    if (recalls && [...memory.keys()].some((key) => recalled.has(key) && recalled.get(key) !== recall(key))) continue
    for (const [key, value] of memory) {
      space.memory.set(key, value)
      if (recalls) mirror.catalog.generations.remember(name, key, value)
    }
    return { proven }
  }
}

async function once(
  mirror: Mirror,
  { resource, stated, sibling, gather }: Checking,
  doc: Doc,
  recall: (key: string) => string | undefined,
) {
  const { settings, repo } = resource.mounted
  const memory = new Map<string, string>()
  /** What was remembered when it was first asked for. */
  const recalled = new Map<string, string | undefined>()
  const gathered = gather()
  let proven: string | undefined
  await resource.route.check?.(
    doc,
    resource.p,
    repo,
    {
      now: mirror.now(),
      document: sibling,
      unproven: gathered.document,
      keys: (name) => mirror.keyrings(settings.keyrings, name),
      recall(key) {
        if (memory.has(key)) return memory.get(key)
        const value = recall(key)
        if (!recalled.has(key)) recalled.set(key, value)
        return value
      },
      remember: (key, value) => void memory.set(key, value),
      proven(by) {
        proven = by
      },
      expired(error) {
        if (settings.policy.expired === 'refuse') throw error
        mirror.events.emit({ type: 'warning', repo: settings.name, path: resource.path, error })
      },
    },
    stated.entry,
  )
  await gathered.hold(proven)
  return { proven, memory, recalled }
}
