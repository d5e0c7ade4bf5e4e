// Digests: several at once over one stream, compared by what two parties both state, and to and from the Subresource
// Integrity form (https://www.w3.org/TR/sri/#the-integrity-attribute) that npm and its lockfiles use.

import { createHash, hash } from 'node:crypto'
import type { Digests } from '../contract.ts'

/** Length in bytes and how far an algorithm is trusted: 1 is broken, 2 is short, from 3 on it is sound. */
const algorithms = new Map<string, { readonly length: number; readonly strength: number }>([
  ['md5', { length: 16, strength: 1 }],
  ['sha1', { length: 20, strength: 1 }],
  ['sha224', { length: 28, strength: 2 }],
  ['sha256', { length: 32, strength: 3 }],
  ['sha384', { length: 48, strength: 4 }],
  ['sha512', { length: 64, strength: 5 }],
  ['blake2b512', { length: 64, strength: 5 }],
])

export interface Hashers {
  update(bytes: Uint8Array): void
  /** Ends the computation. */
  digests(): Digests
}

/** Computes several digests in one pass. Algorithms that are not computed here (an ecosystem's own kinds) are left out. */
export function hashers(wanted: Iterable<string>): Hashers {
  const running = [...new Set(wanted)]
    .filter((algorithm) => algorithms.has(algorithm))
    .map((algorithm) => ({ algorithm, hash: createHash(algorithm) }))
  return {
    update(bytes) {
      for (const each of running) each.hash.update(bytes)
    },
    digests: () => Object.fromEntries(running.map((each) => [each.algorithm, each.hash.digest('hex')])),
  }
}

/** The sha256 of a buffer, in hex. */
export const hashOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

/** 1 for what is broken (MD5, SHA-1), 2 for SHA-224, from 3 on sound; 0 for an algorithm that is not computed here. */
export const strength = (algorithm: string): number => algorithms.get(algorithm)?.strength ?? 0

/** Is it a digest of this algorithm in lower-case hex? */
export function isHex(algorithm: string, text: string): boolean {
  const length = algorithms.get(algorithm)?.length
  return length !== undefined && text.length === 2 * length && /^[0-9a-f]+$/.test(text)
}

/** Any shared algorithm that differs makes them different, however many others agree. */
export function compareDigests(a: Digests, b: Digests): 'equal' | 'different' | 'incomparable' {
  const shared = Object.keys(a).filter((algorithm) => Object.hasOwn(b, algorithm))
  if (shared.length === 0) return 'incomparable'
  return shared.every((algorithm) => a[algorithm] === b[algorithm]) ? 'equal' : 'different'
}

/**
 * The digests of an SRI text by algorithm, as hex. Parts that are malformed or of an unknown algorithm are ignored, as
 * the specification wants it; of several parts with one algorithm the first counts.
 */
export function parseSri(text: string): Digests {
  const found = new Map<string, string>()
  for (const part of text.split(/[ \t\r\n]+/)) {
    const [, algorithm = '', base64 = ''] = /^([a-z0-9]+)-([A-Za-z0-9+/]+={0,2})(?:\?|$)/.exec(part) ?? []
    const hex = Buffer.from(base64, 'base64').toString('hex')
    if (!found.has(algorithm) && isHex(algorithm, hex)) found.set(algorithm, hex)
  }
  return Object.fromEntries(found)
}

export const formatSri = (algorithm: string, hex: string): string =>
  `${algorithm}-${Buffer.from(hex, 'hex').toString('base64')}`
