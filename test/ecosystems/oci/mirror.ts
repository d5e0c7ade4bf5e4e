// A mirror of the small registry, for tests of what the engine makes of it.

import type { TestContext } from 'node:test'
import { oci } from '../../../src/ecosystems/oci/index.ts'
import { openTestMirror, type TestMirror, type TestMirrorOptions } from '../../builders/mirror.ts'
import { type Habits, type OciReplica, orchardImages, type Shelf, startOciReplica } from '../../replica/oci.ts'

export interface Harbour {
  readonly up: OciReplica
  readonly at: TestMirror
}

/** A registry with these names, and a mirror of it; both end with the test. */
export async function harbour(
  t: TestContext,
  shelves: Readonly<Record<string, Shelf>>,
  habits: Habits = {},
  options: Partial<TestMirrorOptions> & { readonly settings?: object; readonly own?: unknown } = {},
): Promise<Harbour> {
  const up = await startOciReplica(shelves, habits)
  t.after(() => up.close())
  const { settings, own, ...more } = options
  const at = await openTestMirror({
    ecosystems: [oci],
    repositories: [{ ecosystem: 'oci', upstreams: [up.url], options: own ?? {}, ...settings }],
    ...more,
  })
  t.after(() => at.close())
  return { up, at }
}

export const orchard = orchardImages
