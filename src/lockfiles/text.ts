// A lockfile as text, and where in it something is said.

import type { LockInput } from '../contract.ts'
import { MirrorError } from '../errors.ts'

// The largest lockfiles of real projects are near 10 MB.
const mostBytes = 48 * 1024 * 1024

/**
 * How many characters of a text are read as a whole document, by what a reader makes of them: all of it and the reader's own
 * stay under 512 MiB.
 */
export const mostOf = {
  plainYaml: 16 * 1024 * 1024,
  yaml: 4 * 1024 * 1024,
  toml: 20 * 1024 * 1024,
  json: 24 * 1024 * 1024,
  xml: 16 * 1024 * 1024,
} as const

const titles = { plainYaml: 'YAML', yaml: 'YAML', toml: 'TOML', json: 'JSON', xml: 'XML' }

/** A MirrorError LOCKFILE at a line. */
export const lockFault = (file: string, line: number | undefined, message: string, cause?: unknown): MirrorError =>
  new MirrorError('LOCKFILE', message, { file, line, cause })

/** The whole text. Throws LOCKFILE when it is too large or not UTF-8. */
export async function readText(input: Pick<LockInput, 'name' | 'bytes'>): Promise<string> {
  return decoded(await readBytes(input), 'utf-8', input.name)
}

/** Throws LOCKFILE when there is too much of it. */
export async function readBytes({ name, bytes }: Pick<LockInput, 'name' | 'bytes'>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes()) {
    size += chunk.length
    if (size > mostBytes) throw lockFault(name, undefined, `is larger than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Throws LOCKFILE where a whole document would take too much memory. */
export function mustFit(text: string, file: string, form: keyof typeof mostOf): void {
  if (text.length > mostOf[form])
    throw lockFault(file, undefined, `is ${titles[form]} of more than ${mostOf[form]} characters`)
}

/** Text of a named encoding, without its byte order mark. Throws LOCKFILE when the bytes are not of it. */
export function decoded(bytes: Uint8Array, encoding: string, file: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw lockFault(file, undefined, `is not ${encoding.slice(0, 40).toUpperCase()} text`, cause)
  }
}

/** The beginning of a file, for telling its format; what is no text shows as replacement characters. */
export const headText = (head: Uint8Array): string => new TextDecoder().decode(head)

/** Lines with their numbers from 1, without their ends. */
export function* linesOf(text: string): Generator<readonly [line: string, number: number]> {
  let number = 0
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf('\n', from)
    const to = end < 0 ? text.length : end
    number += 1
    yield [text.slice(from, text[to - 1] === '\r' && to > from ? to - 1 : to), number]
    from = to + 1
  }
}

/**
 * Finds the line (from 1) of a needle. Cheap for needles that come in the order of the text: a search goes on behind the
 * last find, and starts over only when there is nothing.
 */
export function lineFinder(text: string): (needle: string) => number | undefined {
  let offset = 0
  let line = 1
  return (needle) => {
    let at = text.indexOf(needle, offset)
    if (at < 0) {
      at = text.indexOf(needle)
      if (at < 0) return undefined
      offset = 0
      line = 1
    }
    for (let end = text.indexOf('\n', offset); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) line++
    const found = line
    for (let end = text.indexOf('\n', at); end >= 0 && end < at + needle.length; end = text.indexOf('\n', end + 1))
      line++
    offset = at + needle.length
    return found
  }
}

/** The lines (from 1) of offsets that come in order. */
export function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let from = 0
  return (offset) => {
    for (let end = text.indexOf('\n', from); end >= 0 && end < offset; end = text.indexOf('\n', from)) {
      line += 1
      from = end + 1
    }
    return line
  }
}

/** The line (from 1) of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', end + 1)) line++
  return line
}
