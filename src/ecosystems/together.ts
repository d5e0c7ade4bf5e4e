// Work on many items at once, as far as a closure's memory and its upstream bear it.

/** Tasks under way at once. */
const atOnce = 16

/** Runs `task` for every item, at most 16 at once. */
export async function together<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) await task(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}
