// What can be set for a mirror of distfiles, and where its upstream keeps them.

import * as v from 'valibot'
import type { Digests, Repo } from '../../contract.ts'
import { parseLayout, placeOf } from '../../formats/distfiles-layout.ts'
import { durationForm, parseDuration } from '../../formats/duration.ts'

const words = ['forever']

/** In milliseconds. Options stay as they are written, so that what is recorded of them can be read again. */
export const validFor = ({ valid_for: text }: Pick<GentooOptions, 'valid_for'>): number => parseDuration(text, words)

function isDuration(text: string): boolean {
  try {
    parseDuration(text, words)
    return true
  } catch {
    return false
  }
}
const duration = v.pipe(v.string(), v.check(isDuration, `is not ${durationForm(words)}`))

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
