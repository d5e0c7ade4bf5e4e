// A route's own check of a document, signatures above all: what it may look at, and what it remembers if it succeeds.

import type { Doc } from '../contract.ts'
import type { Mirror } from './mirror.ts'
import type { Settling } from './obtained.ts'

export interface Checked {
  /** How its own check proved it, if it did. */
  readonly proven: string | undefined
  /** Keeps what the check remembered. */
  readonly commit: () => void
}

/** Without `recalls` it is checked as if nothing had been remembered: for what is held and was not replaced. */
export async function checked(
  mirror: Mirror,
  settling: Pick<Settling, 'resource' | 'space' | 'stated' | 'sibling'>,
  doc: Doc,
  recalls = true,
): Promise<Checked> {
  const { resource, space, stated } = settling
  const { settings, repo } = resource.mounted
  if (resource.route.check === undefined) return { proven: undefined, commit: () => undefined }
  const memory = new Map<string, string>()
  let proven: string | undefined
  await resource.route.check(
    doc,
    resource.p,
    repo,
    {
      now: mirror.now(),
      document: settling.sibling,
      keys: (name) => mirror.keyrings(settings.keyrings, name),
      recall: (key) =>
        recalls
          ? (memory.get(key) ?? space.memory.get(key) ?? mirror.catalog.generations.recall(settings.name, key))
          : undefined,
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
  for (const [key, value] of memory) space.memory.set(key, value)
  return {
    proven,
    commit() {
      for (const [key, value] of memory) mirror.catalog.generations.remember(settings.name, key, value)
    },
  }
}
