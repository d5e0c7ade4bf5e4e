// What can be set for a mirror of distfiles, and where its upstream keeps them.

import * as v from 'valibot'
import type { Digests, Repo } from '../../contract.ts'
import { parseLayout, placeOf } from '../../formats/distfiles-layout.ts'
import { durationForm, parseDuration } from '../../formats/duration.ts'

const words = ['forever']
const duration = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseDuration(dataset.value, words)
    } catch {
      addIssue({ message: `is not ${durationForm(words)}` })
      return NEVER
    }
  }),
)

export const gentooOptions = v.strictObject({
  /** Address of an ebuild tree, where `CATEGORY/PACKAGE/Manifest` lies. */
  tree: v.optional(
    v.pipe(v.string(), v.regex(/^https?:\/\/[^\s?#]+[^\s?#/]$/, 'is no address without a slash at its end')),
  ),
  /** `thin`: Manifests list distfiles alone, as in a Git tree. `full`: a signed Manifest at the top proves those below it. */
  manifests: v.optional(v.picklist(['thin', 'full']), 'thin'),
  /** For how long after its TIMESTAMP a signed Manifest counts: a whole tree is made anew several times a day. */
  valid_for: v.optional(duration, '3d'),
})
export type GentooOptions = v.InferOutput<typeof gentooOptions>
export type GentooRepo = Repo<GentooOptions>

/** A layout.conf has a few lines. */
const largestLayout = 64 * 1024

/** Where upstream keeps a distfile: by the first structure of its layout.conf that can be told, else flat. */
export async function upstreamPath({ service }: GentooRepo, name: string, digests: Digests = {}): Promise<string> {
  const text =
    service === undefined || service.size > largestLayout ? '' : Buffer.from(await service.bytes()).toString('utf8')
  for (const structure of parseLayout(text)) {
    const place = placeOf(structure, name, digests)
    if (place !== undefined) return `/distfiles/${place}`
  }
  return `/distfiles/${name}`
}
