// How files are asked for: `pool/kit-1.0.tgz`, with a digest `pool/kit-1.0.tgz sha256:…`, by glob `pool/*.tgz`, or a folder
// with all that lies below it, `pool/`.

import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isHex, strength } from '../../formats/digest.ts'
import { compileGlob } from '../../formats/glob.ts'
import { safePath } from '../../formats/safe-path.ts'

export const isGlob = (name: string): boolean => /[*?[{]/.test(name)

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no file: ${why.slice(0, 300)}`, {
    hint: 'Write PATH, PATH sha256:HEX, a glob such as pool/*.tgz, or a folder such as pool/.',
  })

/** One line of a package list; throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  const trimmed = text.trim()
  const pinned = /^(.*\S)\s+([a-z0-9]+):([0-9a-fA-F]+)$/.exec(trimmed)
  const written = (pinned?.[1] ?? trimmed).replace(/^\/+/, '')
  const name = written.endsWith('/') ? `${written}**` : written
  mustBePath(text, name)
  if (pinned === null) return { name }
  const [, , algorithm = '', digits = ''] = pinned
  const hex = digits.toLowerCase()
  if (strength(algorithm) < 3 || !isHex(algorithm, hex))
    throw bad(text, `${algorithm} is not followed by a digest that proves bytes`)
  if (isGlob(name)) throw bad(text, 'a digest is that of one file')
  return { name, range: hex, digests: [{ [algorithm]: hex }] }
}

function mustBePath(text: string, name: string): void {
  if (name === '') throw bad(text, 'it is empty')
  if (/[<>"$`|\\]/.test(name)) throw bad(text, 'it holds a character that no address has')
  try {
    safePath(`/${name}`)
    if (isGlob(name)) compileGlob(name)
  } catch (error) {
    throw bad(text, error instanceof Error ? error.message : String(error))
  }
}
