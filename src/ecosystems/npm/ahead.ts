// Work started ahead of its turn: at most `limit` at once, results in the order of the items.

export async function* ahead<T, R>(
  items: Iterable<T>,
  limit: number,
  start: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const waiting = Iterator.from(items)
  const begun: { readonly item: T; readonly result: Promise<R> }[] = []
  for (;;) {
    while (begun.length < limit) {
      const { done, value } = waiting.next()
      if (done === true) break
      const result = start(value)
      // It may fail before its turn comes; the error is thrown then.
      result.catch(() => {})
      begun.push({ item: value, result })
    }
    const first = begun.shift()
    if (first === undefined) return
    yield [first.item, await first.result]
  }
}
