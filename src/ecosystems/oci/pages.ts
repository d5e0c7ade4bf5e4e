// Lists that come in pages: the link to the next one (RFC 8288), and the pages of a document that was kept whole.

import type { Asked, Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { objectOf } from './manifest.ts'

const longestQuery = 4096

/** Only the query of the link counts: the page is asked for where the list is, whatever the link says. */
export function nextOf(headers: Readonly<Record<string, string>>, path: string): Asked | undefined {
  const link = headers.link ?? ''
  if (link.length > 2 * longestQuery) return undefined
  for (const [, target = '', parameters = ''] of link.matchAll(/<([^<>]*)>([^<>]*)/g)) {
    if (!/;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(parameters)) continue
    const query = URL.parse(target, 'http://registry.invalid/')?.search.slice(1) ?? ''
    return query === '' || query.length > longestQuery ? undefined : { path, query }
  }
  return undefined
}

/** Each page as an object; throws UNREADABLE. */
export async function pagesOf(doc: Doc): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const bytes = Buffer.from(await doc.bytes())
  const pages: Readonly<Record<string, unknown>>[] = []
  for (let from = 0; from <= bytes.length; ) {
    const mark = bytes.indexOf(0x1e, from)
    const end = mark === -1 ? bytes.length : mark
    const page = objectOf(bytes.subarray(from, end))
    if (page === undefined)
      throw new MirrorError('UNREADABLE', `${doc.path} is not a JSON object`, { path: doc.path, url: doc.url })
    pages.push(page)
    from = end + 1
  }
  return pages
}
