// Wants that are resolved together as far as they go together.

/** What an attempt came to: what was found, or which of the wants stand in each other's way. */
export type Attempted<R, T> = { readonly found: T } | { readonly apart: readonly R[] }

/**
 * Tries all together; of those that stand in each other's way the last is left for another try, with the others that were.
 * What is tried alone has to be found.
 */
export async function* asunder<R, T>(
  wants: readonly R[],
  attempt: (together: readonly R[]) => Promise<Attempted<R, T>>,
): AsyncGenerator<T> {
  let waiting = wants
  while (waiting.length > 0) {
    let group = waiting
    waiting = []
    for (;;) {
      const attempted = await attempt(group)
      if ('found' in attempted) {
        yield attempted.found
        break
      }
      const last = attempted.apart.at(-1)
      if (last === undefined || group.length < 2) break
      group = group.filter((one) => one !== last)
      waiting = [last, ...waiting]
    }
  }
}
