// How much of the faults is tried: a sample in the short form, chosen by a seed, and everything in the long one
// (`npm run test:faults`). A failure can be run again: `SEED=N npm test test/faults/FILE`.

/** Is everything to be tried? */
export const long = process.env.FAULTS === 'long'

export const seed = Number(process.env.SEED ?? 20261120)

/** A small generator with a seed (Park and Miller): numbers from 0 up to, not including, 1. */
export function randomBy(start: number): () => number {
  let state = start
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

/** All of them in the long form, else `count`, spread over the whole by the seed. */
export function sample<T>(all: readonly T[], count: number): readonly T[] {
  if (long || all.length <= count) return all
  const random = randomBy(seed)
  return Array.from({ length: count }, (_, part) => Math.floor(((part + random()) * all.length) / count)).flatMap(
    (index) => all.slice(index, index + 1),
  )
}
