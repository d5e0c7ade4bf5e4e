// Whether a file may be named by a list that has no times, such as the one of all versions.

import type { Entry, Show } from '../../contract.ts'
import { gemPath } from './paths.ts'

/** `unknown`: it waits for a cooldown, and this list does not tell since when. */
export type Sight = 'shown' | 'hidden' | 'unknown'

/** `before`: when the file was there at the latest, milliseconds since 1970. */
export function sightOf(show: Show, name: string, version: string, before?: number): Sight {
  const entry: Entry = { path: gemPath(name, version), name, version }
  if (show.allows(entry)) return 'shown'
  if (!show.allows({ ...entry, published: 0 })) return 'hidden'
  return before !== undefined && show.allows({ ...entry, published: before }) ? 'shown' : 'unknown'
}
