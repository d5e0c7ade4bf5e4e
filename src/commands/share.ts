// Shares of a whole, as flags give them.

import { MirrorError } from '../errors.ts'

/** A share of 1; throws USAGE. */
export function shareOf(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? []
  const share = Number(number) / 100
  if (share > 0 && share <= 1) return share
  throw new MirrorError('USAGE', `--sample ${text} is no percentage above 0% and up to 100%`, {
    hint: 'Write it as `--sample 5%`.',
  })
}
