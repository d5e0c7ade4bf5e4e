// What changed between two states, in words.

import type { FileChange, Noted, PackageChange, PackageOutcome, VersionSize } from '../engine/changes.ts'
import { bytesText, countText } from '../telemetry/words.ts'

export interface RepoChanges {
  readonly packages: Readonly<Record<PackageOutcome, number>>
  /** Of no package: files and documents. */
  readonly files: number
  readonly documents: number
  /** How much more is held. */
  readonly bytes: number
}

export interface Counts {
  addPackage(change: PackageChange): void
  addFile(change: FileChange, document: boolean): void
  repositories(): Readonly<Record<string, RepoChanges>>
}

export function createCounts(): Counts {
  const all = new Map<
    string,
    { packages: Record<PackageOutcome, number>; files: number; documents: number; bytes: number }
  >()
  const of = (repo: string) => {
    const known = all.get(repo)
    if (known !== undefined) return known
    const packages = { added: 0, removed: 0, upgraded: 0, downgraded: 0, changed: 0 }
    const made = { packages, files: 0, documents: 0, bytes: 0 }
    all.set(repo, made)
    return made
  }
  return {
    addPackage({ repo, what, bytes }) {
      const counts = of(repo)
      counts.packages[what] += 1
      counts.bytes += bytes
    },
    addFile({ repo, bytes }, document) {
      const counts = of(repo)
      if (document) counts.documents += 1
      else counts.files += 1
      counts.bytes += bytes
    },
    repositories: () => Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** Versions of one package that are told by name. */
const MOST_VERSIONS = 5

export function packageLines(change: PackageChange): readonly string[] {
  const { repo, name, what, before, after, added, removed, replaced, bytes, noted } = change
  const versions =
    what === 'upgraded' || what === 'downgraded' ? `${before} → ${after}` : what === 'removed' ? before : after
  const parts = [
    ...(what === 'added' || added.length === 0 ? [] : [`new: ${listed(added)}`]),
    ...(what === 'removed' || removed.length === 0 ? [] : [`gone: ${listed(removed)}`]),
    ...(replaced.length === 0 ? [] : [`OTHER BYTES under the same version: ${listed(replaced)}`]),
  ]
  const size = bytes === 0 ? '' : ` (${bytes < 0 ? '-' : '+'}${bytesText(Math.abs(bytes))})`
  const all = [...(what === 'added' && added.length > 1 ? [`versions: ${listed(added)}`] : []), ...parts]
  return [
    `${what.padEnd(10)} ${repo} ${name} ${versions ?? ''}${size}${all.length === 0 ? '' : `; ${all.join('; ')}`}`,
    ...notedLines(noted),
  ]
}

function listed(versions: readonly VersionSize[]): string {
  const shown = versions.slice(-MOST_VERSIONS).map(({ version }) => version)
  return `${versions.length > MOST_VERSIONS ? `${versions.length - MOST_VERSIONS} more, ` : ''}${shown.join(', ')}`
}

function notedLines(noted: Noted | undefined): readonly string[] {
  if (noted === undefined) return []
  const { licence, scripts, maintainers, unread } = noted
  const change = licence?.before === undefined ? '' : `${licence.before} → `
  return [
    ...(licence === undefined ? [] : [`    licence: ${change}${licence.after ?? 'none stated'}`]),
    ...(scripts === undefined ? [] : [`    runs when installed: ${scripts.join('; ')}`]),
    ...(maintainers === undefined ? [] : [`    new maintainers: ${maintainers.join(', ')}`]),
    ...(unread === undefined ? [] : [`    its metadata could not be read: ${unread}`]),
  ]
}

export const fileLine = ({ repo, path, what }: FileChange): string => `${what.padEnd(10)} ${repo} ${path}`

export function totalLines(repositories: Readonly<Record<string, RepoChanges>>): readonly string[] {
  const lines = Object.entries(repositories).map(([repo, { packages, files, documents, bytes }]) => {
    const parts = [
      ...Object.entries(packages).flatMap(([what, count]) => (count === 0 ? [] : `${count} ${what}`)),
      ...(files === 0 ? [] : [countText(files, 'other file')]),
      ...(documents === 0 ? [] : [`${countText(documents, 'document')} changed`]),
    ]
    return `${repo}: ${parts.join(', ')}; ${bytes < 0 ? '-' : '+'}${bytesText(Math.abs(bytes))}`
  })
  return lines.length === 0 ? ['Nothing differs.'] : lines
}
