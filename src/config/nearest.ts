// The right word for a misspelt one.

/** The candidate with the fewest edits (insert, delete, replace, swap of neighbours) from `word`; undefined when all are far. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined
  const wanted = fold(word)
  let best: string | undefined
  let least = Math.floor(Math.max(wanted.length, 3) / 3) + 1
  for (const candidate of candidates) {
    const folded = fold(candidate)
    if (Math.abs(folded.length - wanted.length) >= least) continue
    const edits = distance(wanted, folded)
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const guess = nearest(word, candidates)
  return guess === undefined ? '' : `; did you mean ${JSON.stringify(guess)}?`
}

// baseUrl, base-url and base_url are one spelling
const fold = (word: string): string => word.replace(/[-_]/g, '').toLowerCase()

function distance(a: string, b: string): number {
  let older: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let edits = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, (older[j - 2] ?? 0) + 1)
      next.push(edits)
    }
    older = row
    row = next
  }
  return row[b.length] ?? 0
}
