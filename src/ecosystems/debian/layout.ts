// Where things are in an archive. https://wiki.debian.org/DebianRepository/Format

import type { Doc } from '../../contract.ts'

/** Folders below a component; with them the suite's own folder is known however many segments it has. */
const part = '(?:binary-[^/]+|source|i18n|dep11|cnf|installer-[^/]+|debian-installer|signed|uefi|dist-upgrader-all)'
const partName = new RegExp(`^${part}$`)
const packages = String.raw`(?:Packages|Sources)(?:\.(?:xz|gz|bz2|zst|lz4))?`
const contents = /^Contents-[^/]+$/

/** A path below `/dists/` that lies in a component, so that even a `Release` there is but a member of the suite. */
export const partMember = new RegExp(`^[^/]+/(?:.*/)?${part}/`)
export const packagesMember = new RegExp(`/(?:binary-[^/]+|source)/${packages}$`)
export const packagesFile = new RegExp(`^${packages}$`)
/** Indexes beside a flat Release; anything else in a flat repository is a file of its pool. */
export const flatFile = /^(?:Translation|Contents)-[^/]+$/

/**
 * The folder of the suite (with its InRelease) that a member at this path belongs to: `/dists/bookworm`,
 * `/dists/bookworm/mongodb-org/7.0`, or, in a flat repository, the member's own folder; '' is the top.
 * The component is taken to be the one segment before `binary-…`, `source`, `i18n` and the like.
 */
export function suiteOf(path: string): string {
  const segments = folderOf(path).slice(1).split('/')
  if (segments[0] !== 'dists') return folderOf(path)
  const at = segments.findIndex((segment, index) => index >= 2 && partName.test(segment))
  if (at !== -1) return `/${segments.slice(0, Math.max(2, at - 1)).join('/')}`
  if (contents.test(path.slice(path.lastIndexOf('/') + 1)))
    return `/${segments.slice(0, Math.max(2, segments.length - 1)).join('/')}`
  return `/${segments.slice(0, 2).join('/')}`
}

/** The folder of a member, without a by-hash tail: the part of its path that says what it is. */
function folderOf(path: string): string {
  const byHash = path.indexOf('/by-hash/')
  return byHash === -1 ? path.slice(0, path.lastIndexOf('/')) : path.slice(0, byHash)
}

/** The folder of a suite as sources lists name it: `bookworm`, or with a slash at its end (`./`, `x/`) a flat repository. */
export function suiteFolder(suite: string): string {
  if (!suite.endsWith('/')) return `/dists/${suite}`
  const flat = suite.split('/').filter((segment) => segment !== '' && segment !== '.')
  return flat.map((segment) => `/${segment}`).join('')
}

export const isFlat = (folder: string): boolean => !folder.startsWith('/dists/')

const metadataName = new RegExp(`^(?:InRelease|Release|Release\\.gpg|${packages})$`)

/** Documents that are vouched for by a suite; no package may lie at such a path. */
export function isMetadata(path: string): boolean {
  return (
    path.startsWith('/dists/') ||
    path.startsWith('/project/') ||
    path.includes('/by-hash/') ||
    metadataName.test(path.slice(path.lastIndexOf('/') + 1))
  )
}

/** The beginning of a document, to tell what it is. */
export async function firstBytes(doc: Doc, count: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of doc.stream(0, Math.min(doc.size, count))) pieces.push(piece)
  return Buffer.concat(pieces)
}
