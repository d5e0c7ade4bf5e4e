// XML documents that fit into memory, over fast-xml-parser: no document type, no entities but the five and characters by
// number, no more depth or size than a format needs. Namespaces are not looked at: names are local ones.
// https://www.w3.org/TR/xml/

import { MirrorError } from '../errors.ts'
import { isObject } from './json-object.ts'

export interface Element {
  /** Without its prefix. */
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  /** Elements, and texts with their entities resolved; comments and processing instructions are left out. */
  readonly children: readonly (Element | string)[]
}

export interface Limits {
  /** Bytes; 4 MiB when left out. */
  readonly size?: number
  /** Elements inside each other; 64 when left out. */
  readonly depth?: number
}

const mebibyte = 1024 * 1024

const refuse = (why: string, cause?: unknown): MirrorError =>
  new MirrorError('UNREADABLE', `is no XML that is read here: ${why}`, { cause })

/** The root element. Throws UNREADABLE with a message that continues the name of the document. */
export async function parseXml(bytes: Uint8Array, { size = 4 * mebibyte, depth = 64 }: Limits = {}): Promise<Element> {
  if (bytes.length > size) throw refuse(`it has ${bytes.length} bytes, and at most ${size} are read`)
  const text = decode(bytes)
  inspect(text, depth)
  const { XMLParser, XMLValidator } = await import('fast-xml-parser')
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw refuse(`${valid.err.msg.slice(0, 200)} (line ${valid.err.line})`)
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    cdataPropName: cdata,
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    removeNSPrefix: true,
    trimValues: false,
  })
  let nodes: unknown
  try {
    nodes = parser.parse(text)
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message.slice(0, 200) : 'it cannot be parsed', cause)
  }
  const roots = childrenOf(nodes).filter((node) => typeof node !== 'string')
  const [root] = roots
  if (root === undefined || roots.length > 1) throw refuse(`it has ${roots.length} roots`)
  return root
}

/** By its byte order mark, else by its declaration, else UTF-8 (appendix F of the specification). */
function decode(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1')
  const declared = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z][\w.-]{0,39})["']/.exec(
    head,
  )?.[1]
  const marked = head.startsWith('\xff\xfe') ? 'utf-16le' : head.startsWith('\xfe\xff') ? 'utf-16be' : undefined
  try {
    return new TextDecoder(marked ?? declared ?? 'utf-8', { fatal: true }).decode(bytes).trimStart()
  } catch (cause) {
    throw refuse(`its encoding is not ${marked ?? declared ?? 'UTF-8'}, or none that is known`, cause)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

/** Refuses what the parser would take: document types, control characters, depths that a stack could not bear. */
function inspect(text: string, deepest: number): void {
  if (forbidden.test(text)) throw refuse('it holds a control character')
  let depth = 0
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    const [opening, closing] = brackets(text, at)
    const end = text.indexOf(closing, at + opening.length)
    if (end === -1) throw refuse('a tag or a comment has no end')
    if (opening === '<' && text[at + 1] === '!') throw refuse('it has a document type or another declaration')
    if (opening === '<') depth += 1
    if (depth > deepest) throw refuse(`its elements are more than ${deepest} deep`)
    if (opening === '</' || (opening === '<' && text[end - 1] === '/')) depth -= 1
    at = end + closing.length
  }
}

function brackets(text: string, at: number): readonly [opening: string, closing: string] {
  if (text.startsWith('<!--', at)) return ['<!--', '-->']
  if (text.startsWith('<![CDATA[', at)) return ['<![CDATA[', ']]>']
  if (text.startsWith('<?', at)) return ['<?', '?>']
  return [text[at + 1] === '/' ? '</' : '<', '>']
}

const cdata = '#cdata'
const attributes = ':@'

/** The parser's nodes, each a record with one key beside that of its attributes. */
function childrenOf(nodes: unknown): (Element | string)[] {
  const children: (Element | string)[] = []
  if (!Array.isArray(nodes)) return children
  for (const node of nodes) {
    if (!isObject(node)) continue
    const name = Object.keys(node).find((key) => key !== attributes)
    if (name === undefined) continue
    const value = node[name]
    if (name === '#text') children.push(resolveEntities(String(value)))
    else if (name === cdata) children.push(...textsOf(value))
    else children.push({ name, attributes: attributesOf(node[attributes]), children: childrenOf(value) })
  }
  return children
}

const textsOf = (nodes: unknown): string[] =>
  Array.isArray(nodes) ? nodes.flatMap((node) => (isObject(node) ? String(node['#text'] ?? '') : [])) : []

const attributesOf = (given: unknown): ReadonlyMap<string, string> =>
  new Map(isObject(given) ? Object.entries(given).map(([key, value]) => [key, resolveEntities(String(value))]) : [])

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** What is none of the five and no character stays as it is written. */
const resolveEntities = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, (whole, decimal, hex, name) => {
        if (name !== undefined) return named[name] ?? whole
        const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
        return point === 0 || point > 0x10ffff ? whole : String.fromCodePoint(point)
      })
    : text

const isElement = (node: Element | string): node is Element => typeof node !== 'string'

/** The elements of that name directly below. */
export const children = (of: Element | undefined, name: string): readonly Element[] =>
  of === undefined ? [] : of.children.filter(isElement).filter((each) => each.name === name)

/** The first element of that name directly below. */
export const child = (of: Element | undefined, name: string): Element | undefined =>
  of?.children.filter(isElement).find((each) => each.name === name)

/** The elements directly below. */
export const elements = (of: Element | undefined): readonly Element[] => of?.children.filter(isElement) ?? []

/** The text directly in an element, without blanks around it; undefined when there is none. */
export function text(of: Element | undefined): string | undefined {
  const joined = of?.children
    .filter((each) => typeof each === 'string')
    .join('')
    .trim()
  return joined === '' ? undefined : joined
}

/** The text of the first element of that name directly below. */
export const textAt = (of: Element | undefined, name: string): string | undefined => text(child(of, name))

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A document in UTF-8, indented by two blanks; texts beside elements are left out. */
export const formatXml = (root: Element): string => `<?xml version="1.0" encoding="UTF-8"?>\n${formatted(root, '')}`

function formatted(element: Element, indent: string): string {
  const { name } = element
  const head = `${indent}<${name}${[...element.attributes].map(([key, value]) => ` ${key}="${escaped(value)}"`).join('')}`
  const inner = elements(element)
  const own = text(element)
  if (inner.length > 0) {
    return `${head}>\n${inner.map((each) => formatted(each, `${indent}  `)).join('')}${indent}</${name}>\n`
  }
  return own === undefined ? `${head}/>\n` : `${head}>${escaped(own)}</${name}>\n`
}
