// A project page in whatever form it came, and the two forms in which clients are shown it.

import type { Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { joined, readDetails } from './detail.ts'
import { entriesOf, entryOf, type File, metadataEntry } from './file.ts'
import { detailPath } from './names.ts'
import { readHtmlPage } from './page-html.ts'
import { type PageFacts, readJsonPage } from './page-json.ts'
import { writeHtmlPage, writeJsonPage } from './page-write.ts'

export const jsonType = 'application/vnd.pypi.simple.v1+json'
const htmlType = 'application/vnd.pypi.simple.v1+html'
/** A request for any page without a preference gets what browsers show. */
export const pageTypes = ['text/html', htmlType, jsonType]
/** JSON tells more. Some servers answer with the types they were asked for alone, so all three are named. */
export const pageAccept = `${jsonType}, ${htmlType};q=0.2, text/html;q=0.1`

/** Only pages in HTML leave something out that the older JSON interface tells. */
export const isHtml = (type: string): boolean => type.endsWith('html')

/**
 * The files of a page, each name once, in groups: a file by itself is too little for an asynchronous step. What the page says
 * of the project itself is filled into `facts`.
 * @throws MirrorError UNREADABLE
 */
export async function* readPage(
  doc: Doc,
  project: string,
  beside: Doc | undefined,
  facts: PageFacts = {},
): AsyncGenerator<readonly File[]> {
  const names = new Set<string>()
  const json = (await firstByte(doc)) === '{'
  const details = json || beside === undefined ? undefined : await readDetails(beside)
  for await (const group of json ? readJsonPage(doc, project, facts) : readHtmlPage(doc, project, facts)) {
    const files: File[] = []
    for (const file of group) {
      // of two files with one name clients take the first
      if (names.has(file.file)) continue
      names.add(file.file)
      files.push(details === undefined ? file : joined(file, details))
    }
    yield files
  }
}

/** What a document begins with decides: web servers name all kinds of types. */
export async function firstByte(doc: Doc): Promise<'{' | '<'> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of doc.stream(0, Math.min(doc.size, 4096))) text += decoder.decode(piece, { stream: true })
  const [first] = text.trimStart()
  if (first === '{' || first === '<') return first
  throw new MirrorError('UNREADABLE', `${doc.path} is neither HTML nor a JSON object`, { path: doc.path, url: doc.url })
}

export async function* readEntries(doc: Doc, project: string): AsyncGenerator<Entry> {
  for await (const files of readPage(doc, project, doc.beside.get(detailPath(project))))
    for (const file of files) yield* entriesOf(file, project)
}

/** The page with what is shown of it; `up` leads from the page's address to the top of the repository. */
export function showPage(doc: Doc, show: Show, project: string, up: string, beside?: Doc): AsyncIterable<Uint8Array> {
  const facts: PageFacts = {}
  const read = () => readPage(doc, project, beside ?? doc.beside.get(detailPath(project)), facts)
  const shown = seen(read, show, project)
  if (show.type !== jsonType) return writeHtmlPage(shown, project, { up, base: show.base })
  return writeJsonPage(shown, project, { up, base: show.base, facts })
}

/**
 * The files that are shown. Where none is, those of which the metadata is: offline a project may have been looked at and never
 * installed, for another platform say, and is needed for locking again.
 */
async function* seen(
  read: () => AsyncIterable<readonly File[]>,
  show: Show,
  project: string,
): AsyncGenerator<readonly File[]> {
  let any = false
  for await (const files of read()) {
    const shown = files.filter((file) => show.sees(entryOf(file, project)))
    any ||= shown.length > 0
    yield shown
  }
  if (any) return
  for await (const files of read())
    yield files.filter((file) => file.name.kind === 'wheel' && show.sees(metadataEntry(file, project)))
}

/** The page of a project from another document's view, with what belongs beside it. */
export async function pageOf(
  path: string,
  project: string,
  show: Show,
): Promise<{ readonly doc: Doc; readonly beside?: Doc } | undefined> {
  const doc = await show.document(path)
  if (doc === undefined) return undefined
  const beside = isHtml(doc.type) ? await show.document(detailPath(project)) : undefined
  return { doc, ...(beside === undefined ? {} : { beside }) }
}

/** The files of a project that are shown, newest version first. */
export async function shownFiles(doc: Doc, show: Show, project: string, beside?: Doc): Promise<readonly File[]> {
  const groups = await Array.fromAsync(seen(() => readPage(doc, project, beside), show, project))
  return groups.flat().toSorted((a, b) => pep440Versions.compare(b.name.version, a.name.version))
}
