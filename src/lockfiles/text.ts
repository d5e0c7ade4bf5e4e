// A lockfile as text, and where in it something is said.

import type { LockInput } from '../contract.ts'
import { MirrorError } from '../errors.ts'

// The largest lockfiles of real projects are near 10 MB.
const mostBytes = 64 * 1024 * 1024

/** A MirrorError LOCKFILE at a line. */
export const lockFault = (file: string, line: number | undefined, message: string, cause?: unknown): MirrorError =>
  new MirrorError('LOCKFILE', message, { file, line, cause })

/** The whole text. Throws LOCKFILE when it is too large or not UTF-8. */
export async function readText(input: LockInput): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let size = 0
  try {
    for await (const chunk of input.bytes()) {
      size += chunk.length
      if (size > mostBytes) break
      text += decoder.decode(chunk, { stream: true })
    }
    text += decoder.decode()
  } catch (cause) {
    if (cause instanceof TypeError) throw lockFault(input.name, undefined, 'is not UTF-8 text', cause)
    throw cause
  }
  if (size > mostBytes) throw lockFault(input.name, undefined, `is larger than ${mostBytes} bytes`)
  return text
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

/** The line (from 1) of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', end + 1)) line++
  return line
}
