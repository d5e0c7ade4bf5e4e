// Lists by key, as documents yield them: one line after another, and any key again.

/** In place: a copy for each item would take the square of a hostile document's lines. */
export function addTo<K, V>(lists: Map<K, V[]>, key: K, ...items: readonly V[]): void {
  const known = lists.get(key)
  if (known === undefined) lists.set(key, [...items])
  else known.push(...items)
}
