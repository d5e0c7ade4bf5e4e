// go.mod files: what a module requires, excludes, replaces and retracts. https://go.dev/ref/mod#go-mod-file
// Read as the go command reads the go.mod of a dependency: directives that it does not know are passed over.

import { MirrorError } from '../errors.ts'

/** A module at a version; replacements of a whole module, and local folders, have no version. */
export interface ModuleVersion {
  readonly path: string
  readonly version?: string
}

export interface Requirement {
  readonly path: string
  readonly version: string
  /** Marked `// indirect`. */
  readonly indirect: boolean
  /** From 1. */
  readonly line: number
}

export interface Replacement {
  readonly old: ModuleVersion
  /** A path that begins with `./`, `../` or `/` is a folder. */
  readonly with: ModuleVersion
  readonly line: number
}

/** Versions from `low` to `high`, both included. */
export interface Retraction {
  readonly low: string
  readonly high: string
}

export interface GoMod {
  /** Undefined where the file names none. */
  readonly module: string | undefined
  /** The language version: `1.21`, `1.22.3`. */
  readonly go: string | undefined
  /** `go1.22.3`. */
  readonly toolchain: string | undefined
  readonly require: readonly Requirement[]
  readonly exclude: readonly ModuleVersion[]
  readonly replace: readonly Replacement[]
  readonly retract: readonly Retraction[]
}

/** The go command refuses larger ones: https://go.dev/ref/mod#zip-path-size-constraints */
export const LARGEST_GO_MOD = 16 * 1024 * 1024
/** A build list of the largest projects has some two thousand lines. */
const MOST_LINES = 200_000

type Fault = (line: number, why: string) => MirrorError

/** A word of a line, with what it is when it was quoted. */
type Word = string

/**
 * @param name What the file is called in errors.
 * @throws MirrorError UNREADABLE, with the line.
 */
export function parseGoMod(bytes: Uint8Array, name: string): GoMod {
  const fault: Fault = (line, why) =>
    new MirrorError('UNREADABLE', `${name}, line ${line}: ${why}`, { path: name, line })
  if (bytes.length > LARGEST_GO_MOD) {
    throw new MirrorError('TOO_LARGE', `${name} has ${bytes.length} bytes; a go.mod has at most ${LARGEST_GO_MOD}`, {
      path: name,
    })
  }
  const made = {
    module: undefined as string | undefined,
    go: undefined as string | undefined,
    toolchain: undefined as string | undefined,
    require: [] as Requirement[],
    exclude: [] as ModuleVersion[],
    replace: [] as Replacement[],
    retract: [] as Retraction[],
  }
  for (const { verb, words, comment, line } of directives(textOf(bytes, name), fault)) {
    if (verb === 'module') made.module ??= single(words, line, fault)
    else if (verb === 'go') made.go ??= single(words, line, fault)
    else if (verb === 'toolchain') made.toolchain ??= single(words, line, fault)
    else if (verb === 'require') made.require.push(requirement(words, comment, line, fault))
    else if (verb === 'exclude') made.exclude.push(versioned(words, line, fault))
    else if (verb === 'replace') made.replace.push(replacement(words, line, fault))
    else if (verb === 'retract') made.retract.push(retraction(words, line, fault))
  }
  return made
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new MirrorError('UNREADABLE', `${name} is not UTF-8`, { path: name, cause })
  }
}

interface Directive {
  readonly verb: string
  readonly words: readonly Word[]
  readonly comment: string
  readonly line: number
}

/** Single lines, and the lines of blocks with the verb of their block. */
function* directives(text: string, fault: Fault): Generator<Directive> {
  let block: string | undefined
  let line = 0
  for (const raw of lines(text)) {
    line += 1
    if (line > MOST_LINES) throw fault(line, 'the file has more lines than a go.mod can have')
    const { words, comment } = split(raw, line, fault)
    const [first, ...rest] = words
    if (first === undefined) continue
    if (block !== undefined) {
      if (first === ')') {
        if (rest.length > 0) throw fault(line, 'something stands behind the end of a block')
        block = undefined
      } else yield { verb: block, words, comment, line }
    } else if (rest.at(-1) === '(' && rest.length === 1) block = first
    else if (rest.length === 2 && rest[0] === '(' && rest[1] === ')') continue
    else yield { verb: first, words: rest, comment, line }
  }
  if (block !== undefined) throw fault(line, `the block "${block.slice(0, 40)}" has no end`)
}

/** One at a time, so that a file of nothing but line ends makes no list of them. */
function* lines(text: string): Generator<string> {
  let from = 0
  while (from < text.length) {
    const end = text.indexOf('\n', from)
    const to = end === -1 ? text.length : end
    yield text.slice(from, text[to - 1] === '\r' ? to - 1 : to)
    from = to + 1
  }
}

/** The longest path and version together are far shorter. */
const LONGEST_LINE = 64 * 1024
/** Words: quoted by `"` or a backquote, else up to a blank, a bracket, a comma, `=>` or a comment. */
const word = /\s+|(\/\/.*$)|("(?:[^"\\]|\\.)*")|(`[^`]*`)|(=>|[()[\],])|((?:(?!\/\/|=>)[^\s()[\],"`])+)/sy

function split(raw: string, line: number, fault: Fault): { readonly words: readonly Word[]; readonly comment: string } {
  if (raw.length > LONGEST_LINE) throw fault(line, 'the line is longer than any directive')
  const words: Word[] = []
  let comment = ''
  word.lastIndex = 0
  while (word.lastIndex < raw.length) {
    const found = word.exec(raw)
    if (found === null) throw fault(line, 'the line cannot be read')
    const [, note, quoted, back, mark, plain] = found
    if (note !== undefined) comment = note.slice(2).trim()
    if (quoted !== undefined) words.push(unquote(quoted, line, fault))
    if (back !== undefined) words.push(back.slice(1, -1))
    const bare = mark ?? plain
    if (bare !== undefined) words.push(bare)
  }
  return { words, comment }
}

function unquote(quoted: string, line: number, fault: Fault): string {
  const inner = quoted.slice(1, -1)
  if (!inner.includes('\\')) return inner
  const plain = inner.replace(/\\(["\\])/g, '$1')
  if (plain.includes('\\')) throw fault(line, 'a quoted word holds an escape that no path needs')
  return plain
}

/** Paths and versions are plain text without blanks. */
const isWord = (text: string | undefined): text is string => text !== undefined && /^[!-~]{1,1024}$/.test(text)

function single(words: readonly Word[], line: number, fault: Fault): string {
  const [one, more] = words
  if (!isWord(one) || more !== undefined) throw fault(line, 'the directive takes one word')
  return one
}

function versioned([path, version, more]: readonly Word[], line: number, fault: Fault): Required<ModuleVersion> {
  if (!isWord(path) || !isWord(version) || more !== undefined) throw fault(line, 'a module and a version are wanted')
  return { path, version }
}

function requirement(words: readonly Word[], comment: string, line: number, fault: Fault): Requirement {
  return { ...versioned(words, line, fault), indirect: /^indirect(?:;|$)/.test(comment), line }
}

function replacement(words: readonly Word[], line: number, fault: Fault): Replacement {
  const arrow = words.indexOf('=>')
  const [old, new_] = [words.slice(0, arrow), words.slice(arrow + 1)]
  const side = ([path, version, more]: readonly Word[]): ModuleVersion => {
    if (!isWord(path) || more !== undefined || (version !== undefined && !isWord(version))) {
      throw fault(line, 'a replacement is written OLD [VERSION] => NEW [VERSION]')
    }
    return version === undefined ? { path } : { path, version }
  }
  if (arrow === -1) throw fault(line, 'a replacement has no =>')
  return { old: side(old), with: side(new_), line }
}

function retraction(words: readonly Word[], line: number, fault: Fault): Retraction {
  const [open, low, comma, high, close, more] = words
  if (open !== '[') {
    const version = single(words, line, fault)
    return { low: version, high: version }
  }
  if (comma !== ',' || close !== ']' || more !== undefined || !isWord(low) || !isWord(high)) {
    throw fault(line, 'a range of retracted versions is written [LOW, HIGH]')
  }
  return { low, high }
}
