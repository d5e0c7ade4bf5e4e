// What the paper declarations share: versions and options that say nothing yet.

import * as v from 'valibot'
import type { Versions } from '../../src/contract.ts'

export const notYet = (): never => {
  throw new Error('only on paper')
}

export const paperVersions: Versions = {
  compare: notYet,
  satisfies: notYet,
  prerelease: notYet,
  exact: notYet,
  fault: notYet,
}
export const paperOptions = v.strictObject({})
export type PaperOptions = v.InferOutput<typeof paperOptions>
