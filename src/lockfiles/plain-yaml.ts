// YAML as the tools that write lockfiles write it, at many times the speed of a parser of all YAML: block tables and lists,
// texts on one line or set in as they are, lists and tables in brackets on one line. Whatever is not certainly that, faults too, is left to the
// whole parser: what is read here is what that one would read. https://yaml.org/spec/1.2.2/

import { mostDepth, type Place } from './place.ts'
import { linesOf } from './text.ts'

/** Where something stands that is not plain. */
class NotPlain extends Error {
  readonly line: number
  constructor(line: number) {
    super('is not plain YAML')
    this.line = line
  }
}

interface Line {
  readonly number: number
  readonly indent: number
  /** From its first character that is no space. */
  readonly text: string
}

/** The documents that are not empty; else the line from which on it is not plain. */
export function parsePlainYaml(text: string, file: string): readonly Place[] | { readonly notPlainAt: number } {
  try {
    return createReader(text, file)()
  } catch (error) {
    if (error instanceof NotPlain) return { notPlainAt: error.line }
    throw error
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const strange = /[\u0000-\u001f\u007f-\u00a0\u2028\u2029\ufeff]/

function createReader(text: string, file: string): () => readonly Place[] {
  const lines = linesOf(text)
  let next = take()

  function whole(): Line | undefined {
    const { value, done } = lines.next()
    if (done === true) return undefined
    const [all, number] = value
    if (strange.test(all)) throw new NotPlain(number)
    const indent = spaces(all, 0)
    return { number, indent, text: all.slice(indent) }
  }

  function take(from = whole()): Line | undefined {
    for (let line = from; line !== undefined; line = whole())
      if (line.text !== '' && !line.text.startsWith('#')) return { ...line, text: trimmed(line.text) }
    return undefined
  }

  function documents(): readonly Place[] {
    const found: Place[] = []
    while (next !== undefined) {
      if (isSeparator(next)) {
        next = take()
        continue
      }
      found.push(block(next, 0))
      if (next !== undefined && !isSeparator(next)) throw new NotPlain(next.number)
    }
    return found
  }

  const isItem = ({ text: own }: Line): boolean => own === '-' || own.startsWith('- ')

  /** The table or list that begins with a line. */
  function block(first: Line, depth: number): Place {
    if (depth > mostDepth) throw new NotPlain(first.number)
    return isItem(first) ? list(first, depth) : table(first, depth)
  }

  function list({ number: line, indent }: Line, depth: number): Place {
    const items: Place[] = []
    while (next !== undefined && next.indent === indent && isItem(next)) {
      const { number, text: own }: Line = next
      const content = own.slice(spaces(own, 1))
      const inner = { number, indent: indent + own.length - content.length, text: content }
      if (content === '') {
        next = take()
        items.push(below(number, indent, depth))
      } else if (!/^[[{]/.test(content) && pairOf(content, number) !== undefined) {
        next = inner
        items.push(block(inner, depth + 1))
      } else {
        items.push(inline(content, number, indent, depth))
      }
    }
    ended(indent)
    return { file, line, value: items }
  }

  function table({ number: line, indent }: Line, depth: number): Place {
    const value = new Map<string, Place>()
    while (next !== undefined && next.indent === indent && !isItem(next) && !isSeparator(next)) {
      const { number, text: own }: Line = next
      const pair = pairOf(own, number)
      if (pair === undefined || !isKey(pair.key, value)) throw new NotPlain(number)
      const { key, rest } = pair
      if (rest !== '') {
        value.set(key, inline(rest, number, indent, depth))
        continue
      }
      next = take()
      const isListOfIt = next !== undefined && next.indent === indent && isItem(next)
      value.set(key, { ...below(number, isListOfIt ? indent - 1 : indent, depth), line: number })
    }
    ended(indent)
    return { file, line, value }
  }

  /** What stands deeper than the line above it; nothing is an empty text. */
  function below(line: number, indent: number, depth: number): Place {
    return next !== undefined && next.indent > indent ? block(next, depth + 1) : { file, line, value: '' }
  }

  /** The lines after `|`, without what they are set in by. */
  function literal(outer: number): string {
    const found: Line[] = []
    let line = whole()
    for (; line !== undefined && (line.text === '' || line.indent > outer); line = whole()) found.push(line)
    next = take(line)
    while (found.at(-1)?.text === '') found.pop()
    const indent = found.find((one) => one.text !== '')?.indent ?? 0
    const odd = found.find((one) => (one.text === '' ? one.indent > indent : one.indent < indent))
    if (odd !== undefined || indent === 0) throw new NotPlain(odd?.number ?? line?.number ?? 1)
    const texts = found.map((one) => (one.text === '' ? '' : ' '.repeat(one.indent - indent) + one.text))
    return texts.join('\n')
  }

  /** A value that ends with its line, or begins a text of several. */
  function inline(content: string, line: number, indent: number, depth: number): Place {
    if (content === '|' || content === '|-') {
      const value = literal(indent)
      return { file, line, value: content === '|' ? `${value}\n` : value }
    }
    next = take()
    // the text would go on there
    if (next !== undefined && next.indent > indent) throw new NotPlain(next.number)
    const [place, end] = flow(content, 0, line, depth + 1, false)
    if (end !== content.length) throw new NotPlain(line)
    return place
  }

  /** What stands deeper than a block that has ended is none of its own. */
  function ended(indent: number): void {
    if (next !== undefined && next.indent > indent) throw new NotPlain(next.number)
  }

  /** A value from an offset on, and where it ends. */
  function flow(
    content: string,
    from: number,
    line: number,
    depth: number,
    bracketed: boolean,
  ): readonly [Place, number] {
    if (depth > mostDepth) throw new NotPlain(line)
    const first = content[from]
    if (first === '[' || first === '{') return brackets(content, from, line, depth)
    const [value, end] = scalar(content, from, line, bracketed)
    return [{ file, line, value }, end]
  }

  function brackets(content: string, from: number, line: number, depth: number): readonly [Place, number] {
    const isList = content[from] === '['
    const close = isList ? ']' : '}'
    const items: Place[] = []
    const pairs = new Map<string, Place>()
    let at = spaces(content, from + 1)
    while (content[at] !== close) {
      if (isList) {
        const [item, end] = flow(content, at, line, depth + 1, true)
        items.push(item)
        at = end
      } else {
        const [key, end] = scalar(content, at, line, true)
        if (content.slice(end, end + 2) !== ': ' || !isKey(key, pairs)) throw new NotPlain(line)
        const [value, after] = flow(content, spaces(content, end + 1), line, depth + 1, true)
        pairs.set(key, value)
        at = after
      }
      at = spaces(content, at)
      if (content[at] === close) break
      if (content[at] !== ',') throw new NotPlain(line)
      at = spaces(content, at + 1)
      if (content[at] === close) throw new NotPlain(line)
    }
    return [{ file, line, value: isList ? items : pairs }, at + 1]
  }

  return documents
}

/** Merged tables, and names that are longer than a parser looks, are not plain; names that stand twice are a fault. */
const isKey = (key: string, among: ReadonlyMap<string, Place>): boolean =>
  key !== '<<' && key.length < 1000 && !among.has(key)

const isSeparator = ({ indent, text }: Line): boolean => indent === 0 && text === '---'

/** Without spaces behind: other blanks are part of a text. */
function trimmed(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ') end -= 1
  return text.slice(0, end)
}

const spaces = (content: string, from: number): number => {
  let at = from
  while (content[at] === ' ') at += 1
  return at
}

/** `key: rest` of a block; undefined where a text has no key. */
function pairOf(text: string, line: number): { readonly key: string; readonly rest: string } | undefined {
  if (text.startsWith("'") || text.startsWith('"')) {
    const [key, end] = scalar(text, 0, line, false)
    if (text[end] !== ':' || (end + 1 < text.length && text[end + 1] !== ' ')) return undefined
    return { key, rest: text.slice(spaces(text, end + 1)) }
  }
  const at = text.endsWith(':') && !text.includes(': ') ? text.length - 1 : text.indexOf(': ')
  if (at < 0) return undefined
  const [key, end] = scalar(text.slice(0, at), 0, line, false)
  if (end !== at) throw new NotPlain(line)
  return { key, rest: text.slice(spaces(text, at + 1)) }
}

const quotedText = /'((?:[^']|'')*)'|"([^"\\]*)"/y
/** What a plain text may begin with here; `-` and `:` only where more of the text follows. */
const plainBlock = /(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|-(?=[^\s]))(?:(?!: |:$| #).)*/y
const plainFlow = /(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|-(?=[^\s,[\]{}]))(?:(?!: |:$| #|:[,[\]{}])[^,[\]{}])*/y

/** A text from an offset on, and where it ends. */
function scalar(content: string, from: number, line: number, bracketed: boolean): readonly [string, number] {
  const isQuoted = content[from] === "'" || content[from] === '"'
  const pattern = isQuoted ? quotedText : bracketed ? plainFlow : plainBlock
  pattern.lastIndex = from
  const found = pattern.exec(content)
  if (found === null) throw new NotPlain(line)
  const [whole, single, double] = found
  const end = from + whole.length
  if (single !== undefined) return [single.replaceAll("''", "'"), end]
  if (double !== undefined) return [double, end]
  // a mark of a document within it is none that could be told
  const plain = trimmed(whole)
  if (/^(?:---|\.\.\.)/.test(plain)) throw new NotPlain(line)
  return [plain, from + plain.length]
}
