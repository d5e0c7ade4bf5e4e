// Pages as clients are shown them, written file by file. Links to files are relative, so that an exported tree works under
// any address; links to attestations are absolute, because PEP 740 wants them so.

import type { Digests } from '../../contract.ts'
import { escapeHtml } from '../../formats/html-text.ts'
import { encodePath } from '../../formats/safe-path.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { type File, writeHash } from './file.ts'
import { filePath, provenancePath } from './names.ts'
import type { PageFacts } from './page-json.ts'

export interface Place {
  /** From the page's address to the top of the repository: `../../`. */
  readonly up: string
  /** Address of the repository. */
  readonly base: string
}

/** Written at once: small pieces cost more than they save. */
const pieceSize = 64 * 1024

/** Texts as bytes, gathered into larger pieces. */
export async function* gathered(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let text = ''
  for await (const each of texts) {
    text += each
    if (text.length < pieceSize) continue
    yield Buffer.from(text)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}

/** An address in a page; `+` as an escape, since object stores take it for a blank. */
const encoded = (path: string): string => encodePath(path).replaceAll('+', '%2B')

const linkOf = (file: File, project: string, up: string): string =>
  `${up}${encoded(filePath(project, file.file)).slice(1)}`
const provenanceOf = ({ name, file }: File, project: string, base: string): string =>
  `${base}${encodePath(provenancePath(project, name.version, file))}`

/** Metadata is there for every wheel: upstream's, or taken out of the wheel itself. */
const metadataOf = ({ name, metadata }: File): Digests | undefined =>
  name.kind === 'wheel' ? (metadata ?? {}) : undefined

export const htmlHead = (title: string): string =>
  `<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta name="pypi:repository-version" content="1.1">\n` +
  `<title>${escapeHtml(title)}</title>\n</head>\n<body>\n<h1>${escapeHtml(title)}</h1>\n`
export const htmlTail = '</body>\n</html>\n'

const attribute = (name: string, value: string | undefined): string =>
  value === undefined ? '' : ` ${name}="${escapeHtml(value)}"`

/** A page of files that come in groups, as those below. */
export const writeHtmlPage = (
  groups: AsyncIterable<readonly File[]>,
  project: string,
  place: Place,
): AsyncIterable<Uint8Array> => gathered(htmlPieces(groups, project, place))

async function* htmlPieces(
  groups: AsyncIterable<readonly File[]>,
  project: string,
  place: Place,
): AsyncGenerator<string> {
  yield htmlHead(`Links for ${project}`)
  for await (const files of groups) yield files.map((file) => htmlLine(file, project, place)).join('')
  yield htmlTail
}

function htmlLine(file: File, project: string, { up, base }: Place): string {
  const hash = writeHash(file.digests)
  const metadata = metadataOf(file)
  const told = metadata === undefined ? undefined : (writeHash(metadata) ?? 'true')
  const attributes =
    attribute('href', `${linkOf(file, project, up)}${hash === undefined ? '' : `#${hash}`}`) +
    attribute('data-requires-python', file.python) +
    // the older name is for clients before PEP 714; in HTML none of them stumbles over it
    attribute('data-dist-info-metadata', told) +
    attribute('data-core-metadata', told) +
    attribute('data-yanked', file.yanked) +
    // no standard names this one; uv reads it
    attribute('data-upload-time', file.uploaded) +
    attribute('data-provenance', file.provenance === undefined ? undefined : provenanceOf(file, project, base))
  return `<a${attributes}>${escapeHtml(file.file)}</a><br>\n`
}

export const writeJsonPage = (
  groups: AsyncIterable<readonly File[]>,
  project: string,
  place: Place & { readonly facts: PageFacts },
): AsyncIterable<Uint8Array> => gathered(jsonPieces(groups, project, place))

/** What depends on all files stands last: which version of the interface this is, and which versions there are. */
async function* jsonPieces(
  groups: AsyncIterable<readonly File[]>,
  project: string,
  { up, base, facts }: Place & { readonly facts: PageFacts },
): AsyncGenerator<string> {
  const versions = new Set<string>()
  let sized = true
  yield `{"name":${JSON.stringify(project)},"files":[`
  let separator = ''
  for await (const files of groups) {
    let text = ''
    for (const file of files) {
      versions.add(file.name.version)
      sized &&= file.size !== undefined
      text += separator + JSON.stringify(jsonItem(file, project, { up, base }))
      separator = ','
    }
    yield text
  }
  const meta = { 'api-version': facts.status !== undefined ? '1.4' : sized ? '1.3' : '1.0' }
  const rest = {
    versions: [...versions].toSorted(pep440Versions.compare),
    ...(facts.status === undefined ? {} : { 'project-status': facts.status }),
    meta,
  }
  yield `],${JSON.stringify(rest).slice(1)}`
}

function jsonItem(file: File, project: string, { up, base }: Place) {
  const metadata = metadataOf(file)
  return {
    filename: file.file,
    url: linkOf(file, project, up),
    hashes: file.digests,
    'requires-python': file.python ?? null,
    ...(file.size === undefined ? {} : { size: file.size }),
    ...(file.uploaded === undefined ? {} : { 'upload-time': file.uploaded }),
    yanked: file.yanked === undefined ? false : file.yanked === '' ? true : file.yanked,
    ...(metadata === undefined ? {} : { 'core-metadata': Object.keys(metadata).length === 0 ? true : metadata }),
    ...(file.provenance === undefined ? {} : { provenance: provenanceOf(file, project, base) }),
  }
}
