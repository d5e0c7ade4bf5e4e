// Signed notes: a text, a blank line, and lines of signatures, as transparency logs sign their tree heads.
// https://pkg.go.dev/golang.org/x/mod/sumdb/note, also https://c2sp.org/signed-note

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { MirrorError } from '../errors.ts'

/** A key that notes are verified with: `NAME+HASH+BASE64`. */
export interface NoteKey {
  readonly name: string
  /** First four bytes of a digest of name and key, hex. */
  readonly hash: string
  readonly key: KeyObject
}

export interface Note {
  /** With its last line end. */
  readonly text: string
  /** Those of the given keys that signed it. */
  readonly signers: readonly NoteKey[]
}

const LARGEST = 1_000_000
const MOST_SIGNATURES = 100
const ED25519 = 1
/** What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

const isName = (text: string): boolean => /^[!-*,-~]{1,255}$/.test(text)

/** The first four bytes of SHA-256 over name, line end, algorithm and key. */
const hashOf = (name: string, key: Uint8Array): string =>
  createHash('sha256').update(`${name}\n`).update(key).digest('hex').slice(0, 8)

/** Reads `NAME+HASH+BASE64`. @throws MirrorError UNSUPPORTED_KEY */
export function parseNoteKey(text: string): NoteKey {
  const fault = (why: string): MirrorError =>
    new MirrorError('UNSUPPORTED_KEY', `${JSON.stringify(text.slice(0, 200))} is no key of a signed note: ${why}`, {
      hint: 'It is written NAME+HASH+KEY, as GOSUMDB takes it.',
    })
  const [, name = '', hash = '', base64 = ''] = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  if (!isName(name)) throw fault('it is not written NAME+HASH+KEY')
  const bytes = Buffer.from(base64, 'base64')
  if (bytes[0] !== ED25519 || bytes.length !== 33) throw fault('it is no Ed25519 key')
  if (hashOf(name, bytes) !== hash) throw fault('its hash is not that of its name and key')
  const key = createPublicKey({ key: Buffer.concat([SPKI, bytes.subarray(1)]), format: 'der', type: 'spki' })
  return { name, hash, key }
}

/**
 * The text of a note that at least one of the keys signed. A signature under the name and hash of one of them that does not
 * fit makes the note bad, whoever else signed; those of strangers are passed over.
 * @param what What the note is, for errors.
 * @throws MirrorError BAD_FRAMING, NO_SIGNATURE, BAD_SIGNATURE
 */
export function openNote(bytes: Uint8Array, keys: readonly NoteKey[], what: string): Note {
  const framing = (why: string): MirrorError => new MirrorError('BAD_FRAMING', `${what} ${why}`)
  if (bytes.length > LARGEST) throw framing('is too long for a signed note')
  let whole: string
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw framing('is not UTF-8')
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note must hold none but line ends
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw framing('holds a control character')
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) throw framing('has no blank line before its signatures')
  const text = whole.slice(0, split + 1)
  const signed = whole.slice(split + 2)
  if (signed === '' || !signed.endsWith('\n')) throw framing('does not end in signatures')
  const lines = signed.slice(0, -1).split('\n')
  if (lines.length > MOST_SIGNATURES) throw framing(`has more than ${MOST_SIGNATURES} signatures`)

  const signers: NoteKey[] = []
  for (const line of lines) {
    const [, name = '', base64 = ''] = /^— ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
    const bytes = Buffer.from(base64, 'base64')
    if (!isName(name) || bytes.length < 5) throw framing('has a malformed signature line')
    const hash = bytes.subarray(0, 4).toString('hex')
    const key = keys.find((one) => one.name === name && one.hash === hash)
    if (key === undefined || signers.includes(key)) continue
    if (!verify(null, Buffer.from(text), key.key, bytes.subarray(4))) {
      throw new MirrorError('BAD_SIGNATURE', `the signature of ${name} on ${what} does not fit`)
    }
    signers.push(key)
  }
  if (signers.length === 0) {
    const wanted = keys.map(({ name, hash }) => `${name}+${hash}`).join(', ')
    throw new MirrorError('NO_SIGNATURE', `${what} is not signed by ${wanted}`)
  }
  return { text, signers }
}
