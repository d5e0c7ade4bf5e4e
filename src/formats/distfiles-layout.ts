// Where a mirror of Gentoo's distfiles keeps a file: the structures of its layout.conf, the preferred one first.
// https://www.gentoo.org/glep/glep-0075.html

import { hash } from 'node:crypto'
import type { Digests } from '../contract.ts'

export type Structure =
  | { readonly kind: 'flat' }
  /** `cutoffs`: bits of the digest that each level of folders has, multiples of four. */
  | { readonly kind: 'filename-hash' | 'content-hash'; readonly cutoffs: readonly number[] }

const flat: Structure = { kind: 'flat' }
const mostLevels = 8
/** Longer files are none that a mirror writes, characters. */
const longest = 64 * 1024

/** The structures that are understood, in order; `flat` alone when there is none. */
export function parseLayout(text: string): readonly Structure[] {
  const found = new Map<number, Structure>()
  let section = ''
  for (const raw of text.slice(0, longest).split('\n')) {
    const line = raw.trim()
    if (line.startsWith('[')) section = line
    const [, place = '', value = ''] = /^(\d{1,3})\s*=\s*(.*)$/.exec(line) ?? []
    if (section !== '[structure]' || place === '') continue
    const structure = readStructure(value)
    if (structure !== undefined) found.set(Number(place), structure)
  }
  return found.size === 0 ? [flat] : [...found].sort(([a], [b]) => a - b).map(([, structure]) => structure)
}

/** Of hashed layouts only those by BLAKE2B are in use. */
function readStructure(value: string): Structure | undefined {
  const [kind, algorithm, cutoffs, ...more] = value.split(/\s+/)
  if (kind === 'flat' && algorithm === undefined) return flat
  if ((kind !== 'filename-hash' && kind !== 'content-hash') || algorithm !== 'BLAKE2B') return undefined
  const bits = (cutoffs ?? '').split(':').map(Number)
  const sound = bits.length <= mostLevels && bits.every((each) => each > 0 && each % 4 === 0 && each <= 512)
  return more.length === 0 && sound ? { kind, cutoffs: bits } : undefined
}

export const formatLayout = (structures: readonly Structure[]): string =>
  `[structure]\n${structures.map((structure, place) => `${place}=${words(structure)}\n`).join('')}`

const words = (structure: Structure): string =>
  structure.kind === 'flat' ? 'flat' : `${structure.kind} BLAKE2B ${structure.cutoffs.join(':')}`

/** A file's path below `distfiles/`; undefined for a layout by content when its BLAKE2B is not known. */
export function placeOf(structure: Structure, name: string, digests: Digests = {}): string | undefined {
  if (structure.kind === 'flat') return name
  const digest = structure.kind === 'filename-hash' ? nameDigest(name) : digests.blake2b512
  if (digest === undefined) return undefined
  const folders: string[] = []
  let at = 0
  for (const bits of structure.cutoffs) {
    folders.push(digest.slice(at, at + bits / 4))
    at += bits / 4
  }
  return [...folders, structure.kind === 'filename-hash' ? name : digest].join('/')
}

/** BLAKE2b-512 of a name itself, in hex. */
const nameDigest = (name: string): string => hash('blake2b512', name, 'hex')

/** The name of a file in a hashed layout by name, whatever its cut-offs; undefined when the folders are not those of the name. */
export function nameIn(place: string): string | undefined {
  const parts = place.split('/')
  const name = parts.pop() ?? ''
  return name !== '' && parts.length <= mostLevels && nameDigest(name).startsWith(parts.join('')) ? name : undefined
}
