// The list of entries of a bundle, read into a file of ours and held against what the signed header says of it.

import { stopIf } from '../bundle/plain-file.ts'
import type { BundleContents } from '../bundle/source.ts'
import type { Entries } from '../catalog/entries.ts'
import { MirrorError } from '../errors.ts'
import { type BundleHeader, bundleFiles, type CarriedRepository, longestLine, parseLine } from '../formats/bundle.ts'
import { lineGroups } from '../formats/text-lines.ts'
import type { Store } from '../store/store.ts'

/** Repositories of one bundle; each is a file of configuration somewhere. */
const MOST_REPOSITORIES = 10_000
/** Names that a message lists. */
const SHOWN = 10

/** Throws BUNDLE and INCOMPLETE. */
export async function readList(
  contents: BundleContents,
  header: BundleHeader,
  entries: Entries,
  signal: AbortSignal,
): Promise<readonly CarriedRepository[]> {
  const place = bundleFiles.entries
  const wrong = (why: string, line?: number) => new MirrorError('BUNDLE', why, { file: place, line })
  const repositories = new Map<string, CarriedRepository>()
  let count = 0
  const tooLong = () => wrong(`has a line of more than ${longestLine} characters`, count + 1)
  for await (const group of lineGroups(contents.part(place, header.entries), longestLine, tooLong)) {
    stopIf(signal)
    entries.atomically(() => {
      for (const text of group) {
        if (text === '') continue
        count += 1
        if (count > header.entries.count)
          throw wrong(`has more than the ${header.entries.count} lines that are stated`, count)
        const line = parseLine(text, place, count)
        if (line.type === 'repository') {
          if (repositories.has(line.name)) throw wrong(`names the repository ${line.name} twice`, count)
          if (repositories.size >= MOST_REPOSITORIES) throw wrong('names too many repositories', count)
          repositories.set(line.name, line)
        } else if (!repositories.has(line.repo))
          throw wrong(`names the repository ${line.repo} before it says what it is`, count)
        else if (!entries.add(line)) throw wrong(`names ${line.path} of ${line.repo} twice`, count)
      }
    })
  }
  if (count !== header.entries.count) throw wrong(`has ${count} lines, ${header.entries.count} are stated`)
  const totals = entries.totals()
  const { blobs } = header
  if (totals.blobs !== blobs.count || totals.bytes !== blobs.bytes)
    throw wrong(`names ${totals.blobs} blobs of ${totals.bytes} bytes, ${blobs.count} of ${blobs.bytes} are stated`)
  const torn = entries.contradiction()
  if (torn !== undefined) throw wrong(`states two sizes of the blob ${torn}`)
  return [...repositories.values()]
}

/** Is every blob on the medium, or in the store already? Throws INCOMPLETE with what is missing, BUNDLE for what is too much. */
export async function mustBeWhole(
  contents: BundleContents,
  header: BundleHeader,
  entries: Entries,
  store: Store,
  place: string,
  signal: AbortSignal,
): Promise<{ readonly here: number }> {
  const lacking: string[] = []
  let [count, here] = [0, 0]
  for (const blob of entries.blobs()) {
    const why = await contents.lack(blob)
    const isHere = (await store.stat(blob.sha256))?.size === blob.size
    if (isHere) here += 1
    if (isHere || why === undefined) continue
    count += 1
    if (lacking.length < SHOWN) lacking.push(`${blob.sha256} ${why}`)
  }
  if (count > 0) {
    const more = count > lacking.length ? `, and ${count - lacking.length} more` : ''
    const files = count === 1 ? 'a blob is' : `${count} blobs are`
    throw new MirrorError('INCOMPLETE', `${files} not there whole: ${lacking.join(', ')}${more}`, {
      file: place,
      missing: count,
    })
  }
  await contents.mustHoldNoOther((sha256) => entries.names(sha256))
  const { text, html } = header.changes
  for await (const _ of contents.part(bundleFiles.text, text)) stopIf(signal)
  for await (const _ of contents.part(bundleFiles.html, html)) stopIf(signal)
  return { here }
}
