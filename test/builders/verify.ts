// A verification of everything that a test's mirror holds.

import { type Verified, type VerifyOptions, verify } from '../../src/engine/verify.ts'
import type { TestMirror } from './mirror.ts'

/** What it says of every path, in the order of the paths. */
export async function verified(
  { mirror }: TestMirror,
  options: Partial<VerifyOptions> = {},
): Promise<readonly Verified[]> {
  const items: Verified[] = []
  await verify(mirror, {
    sample: 1,
    repair: false,
    signal: new AbortController().signal,
    threads: 1,
    random: () => 0,
    item: (one) => items.push(one),
    ...options,
  })
  return items.sort((a, b) => (a.path < b.path ? -1 : 1))
}
