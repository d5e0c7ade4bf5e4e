// A project page in HTML (PEP 503, 592, 658, 714, 740), read link by link.
// htmlparser2 is loaded at the first page: 40 ms that the command line need not wait for.

import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { type File, fileAt, fileOf, readAddress, readHash } from './file.ts'
import { type Attributes, betweenTags, isUsual, linkAt } from './page-anchors.ts'
import type { PageFacts } from './page-json.ts'

/** Characters between two tags; more is no page of links. */
const longestSilence = 1_048_576
/** Open elements: a page of links has five. */
const deepest = 200

/**
 * In groups. Throws UNREADABLE for what is no page of links. A page without a link of a file is one only when its title or its
 * version says so: a portal's "please sign in" must not pass for a project without files.
 */
export async function* readHtmlPage(doc: Doc, project: string, facts: PageFacts): AsyncGenerator<readonly File[]> {
  const { Parser } = await import('htmlparser2')
  const found: File[] = []
  let base = doc.url
  let recognised = false
  let title: string | undefined
  let silence = 0
  let depth = 0
  let plain = true

  const take = (attributes: Attributes): void => {
    const file = fileOfLink(attributes, base, project)
    if (file !== undefined) found.push(file)
  }
  const parser = new Parser({
    onopentag(tag, attributes: Attributes) {
      silence = 0
      depth += 1
      if (depth > deepest) throw unreadable(doc, 'is nested too deeply')
      plain &&= isUsual(tag)
      if (tag === 'a') take(attributes)
      else if (tag === 'base') base = readAddress(attribute(attributes, 'href') ?? '', doc.url)?.url ?? base
      else if (tag === 'title') title = ''
      else if (tag === 'meta') recognised = readMeta(attributes, doc, facts) || recognised
    },
    onclosetag(tag) {
      silence = 0
      depth -= 1
      if (tag === 'title')
        recognised ||= /^\s*(?:simple index|links for|index of|directory listing)\b/i.test(title ?? '')
    },
    ontext(text) {
      silence = 0
      if (title !== undefined && title.length < 100) title += text
    },
    oncomment() {
      silence = 0
    },
  })
  const between = betweenTags(parser)
  function write(text: string): void {
    for (let at = 0; at < text.length; ) {
      const link = plain && depth < deepest && between() ? linkAt(text, at) : undefined
      if (link !== undefined) {
        silence = 0
        take(link.attributes)
        at = link.end
        continue
      }
      const next = plain ? text.indexOf('<a ', at + 1) : -1
      const end = next === -1 ? text.length : next
      parser.write(text.slice(at, end))
      at = end
    }
  }
  const decoder = new TextDecoder()
  for await (const piece of doc.stream()) {
    const text = decoder.decode(piece, { stream: true })
    silence += text.length
    write(text)
    if (silence > longestSilence) throw unreadable(doc, 'holds a tag without end')
    recognised ||= found.length > 0
    yield found.splice(0)
  }
  parser.end(decoder.decode())
  recognised ||= found.length > 0
  yield found
  if (!recognised) throw unreadable(doc, 'is no page of links')
}

const unreadable = (doc: Doc, why: string): MirrorError =>
  new MirrorError('UNREADABLE', `the page ${doc.path} ${why}`, { path: doc.path, url: doc.url })

const attribute = (attributes: Attributes, name: string): string | undefined =>
  Object.hasOwn(attributes, name) ? attributes[name] : undefined

/** True where the page says that it is one of a simple index; throws for a version that nobody knows. */
function readMeta(attributes: Attributes, doc: Doc, facts: PageFacts): boolean {
  const content = attribute(attributes, 'content') ?? ''
  switch (attribute(attributes, 'name')) {
    case 'pypi:repository-version':
      if (!/^1\.\d{1,4}$/.test(content)) throw unreadable(doc, 'is of a version that is not known')
      return true
    case 'pypi:project-status':
      if (/^[a-z][a-z-]{0,30}$/.test(content)) facts.status = { status: content }
      return false
    default:
      return false
  }
}

function fileOfLink(attributes: Attributes, base: string, project: string): File | undefined {
  const href = attribute(attributes, 'href')
  const address = href === undefined ? undefined : readAddress(href.trim(), base)
  const file = address === undefined ? undefined : fileAt(address.url)
  if (address === undefined || file === undefined) return undefined
  const metadata = metadataOf(
    attribute(attributes, 'data-core-metadata') ?? attribute(attributes, 'data-dist-info-metadata'),
  )
  return fileOf(
    {
      file,
      url: address.url,
      digests: readHash(address.fragment),
      uploaded: attribute(attributes, 'data-upload-time'),
      python: attribute(attributes, 'data-requires-python'),
      yanked: attribute(attributes, 'data-yanked'),
      provenance: attribute(attributes, 'data-provenance'),
      ...(metadata === undefined ? {} : { metadata }),
    },
    project,
  )
}

/** `true`, or a hash as in the fragment of an address. */
function metadataOf(text: string | undefined): File['metadata'] {
  if (text === undefined || text === '' || text === 'false') return undefined
  return readHash(text)
}
