// A folder as web servers list it: the links of the page that lead to what lies directly in it. Clients are shown a page of
// our own with the same links, less what policy hides, so that nothing else of upstream's page reaches them.

import type { Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { escapeHtml } from '../../formats/html-text.ts'
import { readList } from './list.ts'
import { fileOf, within } from './paths.ts'

/** A page larger than this lists more than anybody reads, bytes. */
const largestPage = 32 * 1024 * 1024
const mostLinks = 100_000

/** What lies directly in the folder; a folder's path ends with a slash. */
export async function* readListing(doc: Doc): AsyncGenerator<Entry> {
  for (const path of await linksOf(doc)) yield path.endsWith('/') ? { path } : { path, name: path.slice(1) }
}

async function linksOf(doc: Doc): Promise<readonly string[]> {
  const unreadable = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `the folder ${doc.path} ${why}`, { path: doc.path })
  if (doc.size > largestPage) throw unreadable(`is listed in ${doc.size} bytes, too many for a page`)
  const text = Buffer.from(await doc.bytes()).toString('utf8')
  if (!/^\uFEFF?\s*</.test(text.slice(0, 1024))) throw unreadable('is not listed in HTML')
  const { Parser } = await import('htmlparser2')
  const found = new Set<string>()
  const parser = new Parser({
    onopentag(name, { href }) {
      const path = name === 'a' && href !== undefined ? linked(doc.path, href) : undefined
      if (path === undefined) return
      if (found.size >= mostLinks) throw unreadable(`lists more than ${mostLinks} links`)
      found.add(path)
    },
  })
  parser.end(text)
  return [...found]
}

/** Relative, one segment, no query: anything else leads elsewhere, or orders the page anew. */
function linked(folder: string, href: string): string | undefined {
  const bare = href.trim().replace(/^\.\//, '')
  if (!/^[^/?#:]+\/?$/.test(bare)) return undefined
  try {
    const name = decodeURIComponent(bare)
    return /^[^/]+\/?$/.test(name) ? within(folder, name) : undefined
  } catch {
    return undefined
  }
}

/** A page tells no digests, by which a rule may hide a file too: the lists do. */
async function hiddenBy(lists: readonly string[], show: Show): Promise<ReadonlySet<string>> {
  const hidden = new Set<string>()
  for (const path of lists) {
    const list = await show.document(path)
    if (list === undefined) continue
    for await (const entry of readList(list)) if (!show.allows(entry)) hidden.add(entry.path)
  }
  return hidden
}

/** A page with the links that are shown, in upstream's order. `lists` are the lists of checksums that vouch for what lies here. */
export async function viewListing(doc: Doc, show: Show, lists: readonly string[]): Promise<Uint8Array> {
  const rows: string[] = []
  const hidden = await hiddenBy(lists, show)
  for await (const entry of readListing(doc)) {
    if (!show.sees(entry) || hidden.has(entry.path)) continue
    const name = entry.path.endsWith('/') ? `${fileOf(entry.path.slice(0, -1))}/` : fileOf(entry.path)
    const href = name.split('/').map(encodeURIComponent).join('/')
    rows.push(`<li><a href="${escapeHtml(href)}">${escapeHtml(name)}</a></li>\n`)
  }
  const title = escapeHtml(doc.path)
  return Buffer.from(
    `<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>\n<ul>\n${rows.join('')}</ul>\n</body></html>\n`,
  )
}
