// Text from outside made fit for terminals and logs: no control characters, no secrets, no endless lines.

/** Longest text shown, in characters. */
const longest = 2000

/** Control characters, line separators, and what turns the direction of writing: they could forge lines of a log. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const escaped = (character: string): string => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`

/** One line that a terminal takes as text alone. */
export function safeText(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text
  return short.replace(unsafe, escaped)
}

/**
 * Takes user names, passwords and queries out of every address in a text, and what follows `Bearer` and `Basic`: signed
 * links and tokens are as good as passwords.
 */
export function blankSecrets(text: string): string {
  return text
    .replace(/\b(bearer|basic)[ \t]{1,4}\S+/gi, '$1 ***')
    .replace(/\S+/g, (word) => (word.includes('://') ? blankAddress(word) : word))
}

function blankAddress(word: string): string {
  const start = word.indexOf('://') + 3
  const query = word.indexOf('?', start)
  const address = query < 0 ? word : `${word.slice(0, query)}?***`
  const slash = address.indexOf('/', start)
  const authority = address.slice(start, slash < 0 ? undefined : slash)
  const at = authority.lastIndexOf('@')
  return at < 0 ? address : `${address.slice(0, start)}***${address.slice(start + at)}`
}

/** Both, for whatever is shown. */
export const shownText = (text: string): string => safeText(blankSecrets(text))

/** The path of a request without its query. */
export function pathText(path: string): string {
  const query = path.indexOf('?')
  return shownText(query < 0 ? path : path.slice(0, query))
}
