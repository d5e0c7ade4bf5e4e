// What a bundle is put upon: nothing, or the states that bundles before it brought over.

import type { MadeBundle } from '../catalog/bundles.ts'
import { MirrorError } from '../errors.ts'
import type { Receipt } from '../formats/bundle.ts'

export interface Since {
  /** The name of a snapshot that a bundle was made of. */
  readonly snapshot: string | undefined
  readonly number: number | undefined
  readonly receipt: { readonly file: string; readonly receipt: Receipt } | undefined
  /** How many bundles before that may have been lost. */
  readonly overlap: number
}

/** Oldest first; none for a full one. Throws USAGE and SEQUENCE. */
export function basesOf(made: readonly MadeBundle[], since: Since): readonly MadeBundle[] {
  const { snapshot, number, receipt, overlap } = since
  const given = [snapshot, number, receipt].filter((one) => one !== undefined).length
  if (given > 1)
    throw new MirrorError('USAGE', '--since, --since-bundle and --receipt say the same thing in different ways', {
      hint: 'Give one of them.',
    })
  if (given === 0 && overlap === 0) return []
  const base = given === 0 ? made.findLast(({ finished }) => finished) : named(made, since)
  if (base === undefined)
    throw new MirrorError('SEQUENCE', nothingSuch(since), {
      hint: `${made.length === 0 ? 'No bundle was made here yet' : `The last one is ${made.at(-1)?.number}`}; without --since, --since-bundle and --receipt a full one is made.`,
      file: receipt?.file,
    })
  // those after it may have gone out, and may be what the far side has
  return made.slice(Math.max(0, made.indexOf(base) - overlap))
}

function named(made: readonly MadeBundle[], { snapshot, number, receipt }: Since): MadeBundle | undefined {
  if (snapshot !== undefined) return made.findLast((one) => one.snapshot === snapshot)
  if (number !== undefined) return made.find((one) => one.number === number)
  const { series, header, number: last } = receipt?.receipt ?? {}
  return made.find((one) => one.series === series && one.number === last && one.header === header)
}

function nothingSuch({ snapshot, number, receipt }: Since): string {
  if (snapshot !== undefined) return `no bundle was made here of the snapshot ${snapshot}`
  if (number !== undefined) return `no bundle ${number} was made here`
  if (receipt === undefined) return 'there is no bundle to overlap with'
  return `is a receipt of bundle ${receipt.receipt.number} of series ${receipt.receipt.series}, which was not made here`
}
