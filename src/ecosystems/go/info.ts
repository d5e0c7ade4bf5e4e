// `.info` and `@latest`: which version a query means, with the time of its commit. https://go.dev/ref/mod#goproxy-protocol
// That time is the author's own, so nothing here takes it for a date of publication.

import * as v from 'valibot'
import type { Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { goVersions, isCanonical } from '../../versions/go.ts'
import { shownVersions } from './list.ts'
import { filePath, listPath, type ModuleAt, upstreamLatestPath } from './paths.ts'

const info = v.object({ Version: v.pipe(v.string(), v.check(isCanonical)) })
/** Real ones have a few hundred bytes. */
const largest = 64 * 1024

/** The version that the document names. @throws MirrorError UNREADABLE when it is no such document. */
export async function versionIn(doc: Doc): Promise<string> {
  const refused = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url })
  if (doc.size > largest) throw refused(`has ${doc.size} bytes, too many for what describes one version`)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await doc.bytes()))
  } catch {
    throw refused('is not JSON')
  }
  const parsed = v.safeParse(info, json)
  if (!parsed.success) throw refused('names no canonical version')
  return parsed.output.Version
}

/** A canonical version is described by its own name. @throws MirrorError UNREADABLE */
export async function checkInfo(doc: Doc, asked: string): Promise<void> {
  const version = await versionIn(doc)
  if (!isCanonical(asked) || version === asked) return
  throw new MirrorError('UNREADABLE', `${doc.path} describes ${version}, another version`, {
    path: doc.path,
    url: doc.url,
  })
}

const entryOf = (name: string, version: string): Entry => ({ path: filePath(name, version, 'zip'), name, version })

/** @throws MirrorError DENIED for a version that policy hides: absent it would be looked for around the mirror. */
function mustShow(name: string, version: string, show: Show): void {
  if (show.allows(entryOf(name, version))) return
  throw new MirrorError('DENIED', `the version of ${name} that was asked for is withheld`, {
    hint: 'A deny rule or a cooldown hides it; ask for an older version.',
  })
}

/** What a branch, a tag or a commit means, unless that is a version that is hidden. */
export async function viewQuery(doc: Doc | undefined, name: string, show: Show): Promise<Uint8Array | undefined> {
  if (doc === undefined) return undefined
  mustShow(name, await versionIn(doc), show)
  return doc.bytes()
}

/** The document as it is; that of a hidden version is not asked for as far as here. */
export async function viewInfo(doc: Doc | undefined, at: ModuleAt, show: Show): Promise<Uint8Array | undefined> {
  if (!isCanonical(at.version)) return viewQuery(doc, at.name, show)
  if (doc !== undefined) await checkInfo(doc, at.version)
  return doc?.bytes()
}

/** The newest release that is shown, else the newest pre-release; what upstream calls the latest where nothing is tagged. */
export async function viewLatest(name: string, show: Show): Promise<Uint8Array | undefined> {
  const list = await show.document(listPath(name))
  const newest = list === undefined ? undefined : latestOf(await shownVersions(list, name, show))
  if (newest !== undefined) return (await show.document(filePath(name, newest, 'info')))?.bytes()
  return viewQuery(await show.document(upstreamLatestPath(name)), name, show)
}

/** What the go command calls the latest: https://go.dev/ref/mod#version-queries */
export function latestOf(versions: readonly string[]): string | undefined {
  const releases = versions.filter((version) => !goVersions.prerelease(version))
  const among = releases.length > 0 ? releases : versions
  return among.reduce<string | undefined>(
    (newest, version) => (newest === undefined || goVersions.compare(version, newest) > 0 ? version : newest),
    undefined,
  )
}
