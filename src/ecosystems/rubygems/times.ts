// The web API's list of a gem's versions, which tells when each was published: `/api/v1/versions/NAME.json`.
// https://guides.rubygems.org/rubygems-org-api/#gem-version-methods

import type { Doc, Show } from '../../contract.ts'
import { anyRuby, joinVersion, splitVersion } from '../../versions/gem.ts'
import { timeOf } from './line.ts'
import { gemPath, infoPath } from './paths.ts'
import { unreadable } from './text.ts'

/** The longest lists have some megabytes. */
const largest = 32 * 1024 * 1024

type Json = Readonly<Record<string, unknown>>
interface Listed {
  readonly version: string
  readonly published: number
  readonly item: Json
}

/** The items of the list; one that names no version is left out. */
async function listed(doc: Doc): Promise<readonly Listed[]> {
  if (doc.size > largest) throw unreadable(doc, 'is too large for a list of versions')
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(await doc.bytes()))
  } catch {
    throw unreadable(doc, 'is not JSON')
  }
  if (!Array.isArray(parsed)) throw unreadable(doc, 'is no list of versions')
  return parsed.flatMap((item: unknown) => listedOf(item) ?? [])
}

function listedOf(item: unknown): Listed | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { number, platform = anyRuby, created_at } = item as Json
  if (typeof number !== 'string' || typeof platform !== 'string') return undefined
  const split = splitVersion(`${number}-${platform}`)
  return split && { version: joinVersion(split), published: timeOf(created_at), item: item as Json }
}

/** Publication times by version with platform, milliseconds since 1970; what is no time lies in the future, of two the later counts. */
export async function timesIn(doc: Doc): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  for (const { version, published } of await listed(doc)) {
    times.set(version, Math.max(published, times.get(version) ?? 0))
  }
  return times
}

/** The list as clients see it; undefined when nothing of it is shown. */
export async function viewTimes(doc: Doc, name: string, show: Show): Promise<Uint8Array | undefined> {
  // what is held of a gem, and when it was first seen, goes by its page
  await show.document(infoPath(name))
  const shown = (await listed(doc)).filter(({ version, published }) =>
    show.sees({ path: gemPath(name, version), name, version, published }),
  )
  if (shown.length === 0) return undefined
  try {
    return new TextEncoder().encode(JSON.stringify(shown.map(({ item }) => item)))
  } catch {
    throw unreadable(doc, 'is nested too deeply')
  }
}
