// Paths of a repository: decoded once, checked once, encoded once. A path that passed here has no segment that could
// leave its folder, and one spelling only. The rules are those against traversal and against names that file systems
// and web servers treat specially.

import { MirrorError } from '../errors.ts'

/** What common file systems allow in one name, and a bound for the whole, in bytes of UTF-8. */
const longestSegment = 255
const longestPath = 1024

const refuse = (path: string, why: string): MirrorError => {
  const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path)
  return new MirrorError('BAD_PATH', `the path ${shown} ${why}`, { path })
}

/** Nearly every path is of this form, and then right when it is short. */
const plain = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._@+:,=~!-]+)+\/?$/

/**
 * Checks a decoded path and returns it. It begins with `/`; one slash may end it.
 * @throws MirrorError BAD_PATH
 */
export function safePath(path: string): string {
  if (path.length <= longestSegment && plain.test(path)) return path
  if (!path.startsWith('/')) throw refuse(path, 'does not begin with a slash')
  if (path.length > longestPath || Buffer.byteLength(path) > longestPath) {
    throw refuse(path, `is longer than ${longestPath} bytes`)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) throw refuse(path, 'holds a control character')
  if (path.includes('\\')) throw refuse(path, 'holds a backslash')
  if (!path.isWellFormed()) throw refuse(path, 'is not well-formed Unicode')
  if (path === '/') return path
  const inner = path.endsWith('/') ? path.slice(1, -1) : path.slice(1)
  for (const segment of inner.split('/')) {
    if (segment === '') throw refuse(path, 'holds an empty segment')
    if (segment === '.' || segment === '..') throw refuse(path, `holds a \`${segment}\` segment`)
    if (Buffer.byteLength(segment) > longestSegment) {
      throw refuse(path, `holds a segment longer than ${longestSegment} bytes`)
    }
  }
  return path
}

/**
 * The path of a URL, percent-decoded exactly once, then checked: an encoded slash separates like any other.
 * @throws MirrorError BAD_PATH, also for a bad escape and for bytes that are not UTF-8.
 */
export function decodePath(raw: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(raw)
  } catch {
    throw refuse(raw, 'is not percent-encoded UTF-8')
  }
  return safePath(decoded)
}

/** Characters that RFC 3986 allows in a segment as they are and that encodeURIComponent would escape. */
const raw = new Set(['@', '+', ':', '$', '&', ',', ';', '='])

/** A path of characters that stay as they are. */
const unescaped = /^[A-Za-z0-9/\-_.!~*'()@+:$&,;=]*$/

/** A decoded path in the one spelling that upstream is asked for. */
export function encodePath(path: string): string {
  if (unescaped.test(path)) return path
  return path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replace(/%[0-9A-F]{2}/g, (escaped) => {
        const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
        return raw.has(character) ? character : escaped
      }),
    )
    .join('/')
}

/** The address of an encoded path below `base`, with one slash between them. */
export function joinUrl(base: string, path: string): string {
  let end = base.length
  while (base[end - 1] === '/') end--
  return `${base.slice(0, end)}${path.startsWith('/') ? '' : '/'}${path}`
}

/** Names by which a web server takes orders from a folder: Apache, PHP, IIS (which ignores case). */
const orders = new Set(['.htaccess', '.user.ini', 'web.config'])

/**
 * Checks a path for a published tree and returns it.
 * @throws MirrorError BAD_PATH
 */
export function exportName(path: string): string {
  for (const segment of safePath(path).split('/')) {
    if (orders.has(segment.toLowerCase())) throw refuse(path, `holds ${segment}, which a web server would obey`)
  }
  return path
}
