// The texts of the compact index: a head that ends with `---`, then a line for each thing. Read line by line, for the list
// of all versions has tens of megabytes.

import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { lineGroups } from '../../formats/text-lines.ts'

/** The longest lines seen are those of gems with thousands of versions, some 40 kB. */
const longestLine = 1024 * 1024
/** A registry may hold a few broken lines; so many are no index. */
const mostBroken = 1000

export const unreadable = (doc: Doc, why: string): MirrorError =>
  new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url })

/** `KEY: VALUE` lines before the `---`; either may be missing. */
const headLine = /^[a-z_]{1,40}: /
/** More are no head. */
const longestHead = 100

/**
 * The lines after the head in groups, since a step for each of a million lines takes seconds; blank ones are left out.
 * `head` is told of the lines before.
 */
export async function* bodyLines(doc: Doc, head: (line: string) => void = () => {}): AsyncGenerator<readonly string[]> {
  let inHead = 0
  for await (const lines of textLines(doc)) {
    const body: string[] = []
    for (const line of lines) {
      if (inHead >= 0 && line === '---') inHead = -1
      else if (inHead >= 0 && inHead < longestHead && headLine.test(line)) {
        inHead += 1
        head(line)
      } else if (line !== '') {
        inHead = -1
        body.push(line)
      }
    }
    if (body.length > 0) yield body
  }
}

const textLines = (doc: Doc): AsyncIterable<readonly string[]> =>
  lineGroups(doc.stream(), longestLine, () => unreadable(doc, 'holds a line of more than 1 MiB'))

/** Counts lines that describe nothing; throws when they are too many for an index, or all there are. */
export function createTally(doc: Doc): { broken(): void; good(): void; end(): void } {
  let [broken, good] = [0, 0]
  return {
    broken() {
      broken += 1
      if (broken > mostBroken) throw unreadable(doc, `has more than ${mostBroken} lines that describe nothing`)
    },
    good() {
      good += 1
    },
    end() {
      if (good === 0 && broken > 0) throw unreadable(doc, 'has no line that describes anything')
    },
  }
}
