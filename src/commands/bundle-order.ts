// Which bundle may follow which: those of a series build on each other, and nothing older, other or skipped is taken.

import type { TakenBundle } from '../catalog/bundles.ts'
import { MirrorError } from '../errors.ts'
import type { BundleHeader } from '../formats/bundle.ts'

export interface Arriving {
  readonly header: BundleHeader
  /** Sha256 of the header. */
  readonly digest: string
  /** Number of the key that signed it. */
  readonly key: string
  readonly place: string
}

export interface Here {
  /** The last of each series that was taken. */
  readonly taken: readonly TakenBundle[]
  readonly isTrusted: (key: string) => boolean
  /** A series that is not known here is welcome. */
  readonly newSeries: boolean
}

/** Throws SEQUENCE, saying what is needed. */
export function mustFollow({ header, digest, key, place }: Arriving, { taken, isTrusted, newSeries }: Here): void {
  const { series, number, bases } = header
  const refuse = (message: string, hint?: string) => new MirrorError('SEQUENCE', message, { file: place, hint })
  const last = taken.find((one) => one.series === series)
  const [first] = bases
  const from = first === undefined ? '' : `, and builds on bundle ${textOf(bases.map((one) => one.number))}`
  if (last === undefined) {
    const [other] = taken
    if (other !== undefined && !newSeries)
      throw refuse(
        `is of series ${series}, and this mirror takes series ${other.series} (its last: ${other.number})`,
        'If the other side has begun anew, take its full bundle with --new-series.',
      )
    if (first === undefined) return
    throw refuse(
      `needs bundle ${first.number} of series ${series}: this is ${number}${from}, and none was taken here`,
      `Import the series from its first bundle on, or have a full one made.`,
    )
  }
  if (last.key !== key && isTrusted(last.key))
    throw refuse(
      `is signed by ${key}, and the bundles of series ${series} before it by ${last.key}`,
      `If the other side has a new key, say so first: \`pkgmirror keys untrust ${last.key}\`.`,
    )
  if (number === last.number && digest === last.header)
    throw refuse(
      `is bundle ${number} of series ${series}, which was taken on ${new Date(last.taken).toISOString()}`,
      `The next one is ${number + 1}.`,
    )
  if (number <= last.number)
    throw refuse(
      `is bundle ${number} of series ${series}, and ${last.number} was taken already`,
      `An older state is not put over a newer one. The next one is ${last.number + 1}.`,
    )
  if (first === undefined) return
  const base = bases.find((one) => one.number === last.number)
  if (base === undefined) {
    const needed = bases.every((one) => one.number > last.number)
    throw refuse(
      needed
        ? `needs bundle ${last.number + 1} of series ${series}: this is ${number}${from}, and the last one here is ${last.number}`
        : `does not build on bundle ${last.number} of series ${series}, the last one here: this is ${number}${from}`,
      'Import what is missing first, or have one made from the receipt of this side.',
    )
  }
  if (base.header !== last.header)
    throw refuse(
      `builds on another bundle ${last.number} of series ${series} than the one that was taken here`,
      'The other side has made that number twice; have a full bundle made.',
    )
}

/** `3`, or `3 to 5`. */
function textOf(numbers: readonly number[]): string {
  const [first, last] = [numbers[0], numbers.at(-1)]
  return first === last ? String(first) : `${first} to ${last}`
}
