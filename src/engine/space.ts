// The space a fetch works in: which generation its ref goes to, what it is compared with, and what checks remember
// meanwhile. An unchained repo has one space for ever; a chained one gets a new space for each generation.

import type { HeldRef } from '../catalog/rows.ts'
import { isHeld } from '../catalog/rows.ts'
import type { Mirror } from './mirror.ts'
import type { Obtained } from './obtained.ts'

export interface Space {
  readonly generation: number
  /** The ref to validate against, if any. */
  before(path: string, variant: string): HeldRef | undefined
  /** What checks remembered and did not yet commit. */
  readonly memory: Map<string, string>
  /** Documents fetched in this space, by path: each is asked for once. */
  readonly fetched: Map<string, Promise<Obtained | undefined>>
}

export const plainSpace = (mirror: Mirror, repo: string): Space => ({
  generation: 0,
  before(path, variant) {
    const ref = mirror.catalog.refs.get(repo, path, variant, 0)
    return isHeld(ref) ? ref : undefined
  },
  memory: new Map(),
  fetched: new Map(),
})
