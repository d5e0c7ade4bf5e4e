// Which held paths documents speak of: asked for a page of paths at once, since most files of most repositories are named by
// nothing that was read, and then there is nothing to look up for each of them.

import type { Catalog } from '../catalog/catalog.ts'
import type { Ref } from '../catalog/rows.ts'

const PAGE = 500

/** Refs of one repo by path, each with whether a document that was read speaks of its path. */
export function* withSpoken<T extends { readonly ref: Ref }>(
  { facts }: Catalog,
  items: Iterable<T>,
): Generator<T & { readonly spoken: boolean }> {
  let page: T[] = []
  function* told(): Generator<T & { readonly spoken: boolean }> {
    const [first, last] = [page[0]?.ref, page.at(-1)?.ref]
    if (first === undefined || last === undefined) return
    const spoken = facts.spoken(first.repo, first.path, last.path)
    for (const item of page) yield { ...item, spoken: spoken.has(item.ref.path) }
    page = []
  }
  for (const item of items) {
    page.push(item)
    if (page.length === PAGE) yield* told()
  }
  yield* told()
}
