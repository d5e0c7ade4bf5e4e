// Where the mirror has what lockfiles name by address: for clients that follow the addresses in a lockfile, whatever
// registry they are given.

import type { Entry } from '../contract.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { resolve } from '../engine/resolve.ts'
import { asMirrorError } from '../errors.ts'
import { decodePath, encodePath } from '../formats/safe-path.ts'
import { filenameOf } from '../lockfiles/locked.ts'
import type { LedgerLine } from './ledger.ts'
import { namesFile } from './locked-line.ts'
import { spellings } from './spellings.ts'

/** What begins with `from` is here with `to` instead. Both end in a slash, or name one file. */
export interface Mapped {
  readonly from: string
  readonly to: string
  /** Addresses of the lockfile that it is about. */
  readonly count: number
}

export interface AddressMap {
  /** The longest first, so that the first that fits is right. */
  readonly mapped: readonly Mapped[]
  /** Hosts that something is named of which is not here. */
  readonly unmapped: readonly { readonly host: string; readonly count: number }[]
}

/** `base`: the address of the mirror, without a slash at the end. */
export function addressMap(mirror: Mirror, base: string, lines: readonly LedgerLine[]): AddressMap {
  const here = new Map<string, string>()
  const unmapped = new Map<string, number>()
  const seen = new Set<string>()
  for (const line of lines) {
    for (const address of addressesOf(line)) {
      if (seen.size === seen.add(address).size) continue
      const { mounted, selector } = line
      const path = mounted && pathOf(mirror, mounted, selector?.name ?? '', address)
      if (path === undefined || mounted === undefined) {
        const { host } = new URL(address)
        unmapped.set(host, (unmapped.get(host) ?? 0) + 1)
        continue
      }
      here.set(address, `${base}${mounted.settings.mount}${encodePath(path)}`)
    }
  }
  return {
    mapped: together(here),
    unmapped: [...unmapped].map(([host, count]) => ({ host, count })),
  }
}

/** By what addresses begin with; where files that begin alike lie in several places here, each by itself. */
function together(here: ReadonlyMap<string, string>): readonly Mapped[] {
  const begins = [...here].map(([address, to]) => ({ address, here: to, begin: apart(address, to) }))
  const places = new Map<string, Set<string>>()
  for (const { begin } of begins) {
    const [from, to] = begin
    places.set(from, (places.get(from) ?? new Set()).add(to))
  }
  const mapped = new Map<string, Mapped>()
  for (const one of begins) {
    const [from, to] = places.get(one.begin[0])?.size === 1 ? one.begin : [one.address, one.here]
    if (from !== to) mapped.set(from, { from, to, count: (mapped.get(from)?.count ?? 0) + 1 })
  }
  return [...mapped.values()].sort((a, b) => b.from.length - a.from.length || (a.from < b.from ? -1 : 1))
}

/** Of files alone, without what says more of them. */
const addressesOf = ({ locked: { url, source, digests } }: LedgerLine): readonly string[] =>
  [...(source === 'registry' || source === 'url' ? [url] : []), ...digests.map((digest) => digest.url)].flatMap(
    (one) => {
      const bare = one?.replace(/[?#].*$/s, '') ?? ''
      return /^https?:\/\//.test(bare) && URL.canParse(bare) && namesFile(bare) ? [bare] : []
    },
  )

/** The path of a file: as its upstream has it, else as an index of the repository names it. */
function pathOf(mirror: Mirror, mounted: MountedRepo, name: string, address: string): string | undefined {
  const prefix = spellings(mounted).find((one) => address.startsWith(`${one}/`))
  const own = prefix === undefined ? undefined : routed(mounted, address.slice(prefix.length))
  if (own !== undefined) return own
  const file = filenameOf(address)
  const entries = mirror.catalog.facts.byName(mounted.settings.name, name).map(({ entry }) => entry)
  // beside a file there may be what is named after it and lies elsewhere, such as the metadata of a wheel
  const named = ({ path, url = address }: Entry): boolean => filenameOf(path) === file && filenameOf(url) === file
  return (entries.find(({ url }) => url === address) ?? entries.find(named))?.path
}

function routed(mounted: MountedRepo, path: string): string | undefined {
  try {
    const decoded = decodePath(path)
    return resolve(mounted, decoded)?.route.kind === 'artifact' ? decoded : undefined
  } catch (error) {
    if (asMirrorError(error).code !== 'BAD_PATH') throw error
    return undefined
  }
}

/** The host, at least, stays before what both have at their ends. */
const HEAD = 3

function apart(address: string, here: string): readonly [from: string, to: string] {
  const [a, b] = [address.split('/'), here.split('/')]
  const most = Math.min(a.length, b.length) - HEAD
  let same = 0
  while (same < most && a.at(-1 - same) === b.at(-1 - same)) same += 1
  return same === 0 ? [address, here] : [`${a.slice(0, -same).join('/')}/`, `${b.slice(0, -same).join('/')}/`]
}

/** A text with the addresses of the mirror, those within other addresses too. */
export function rewritten(text: string, { mapped }: AddressMap): string {
  const here = new Map(mapped.map(({ from, to }) => [from, to]))
  return text
    .replace(/https?:\/\/[^\s"'`<>\\,;()[\]{}]+/g, (address) => moved(address, here))
    .replace(/https?%3A%2F%2F[\w.~%-]+/g, (part) => {
      const address = decodeURIComponent(part)
      const to = moved(address, here)
      return to === address ? part : encodeURIComponent(to)
    })
}

/** By the longest beginning that ends in a slash, or as a whole. */
function moved(address: string, here: ReadonlyMap<string, string>): string {
  const bare = address.replace(/[?#].*$/s, '')
  for (let end = bare.length; end > 0; end = bare.lastIndexOf('/', end - 2) + 1) {
    const to = here.get(bare.slice(0, end))
    if (to !== undefined) return to + address.slice(end)
  }
  return address
}

/** A script for sed that brings the addresses of a lockfile here, those within other addresses too. */
export function sedScript(maps: readonly AddressMap[]): string {
  const pairs = maps.flatMap(({ mapped }) => mapped).sort((a, b) => b.from.length - a.from.length)
  const rules = pairs.flatMap(({ from, to }) => [
    sedRule(from, to),
    sedRule(encodeURIComponent(from), encodeURIComponent(to)),
  ])
  return [...new Set(rules)].join('')
}

const sedRule = (from: string, to: string): string =>
  `s|${from.replace(/[\\.*^$|[\]]/g, '\\$&')}|${to.replace(/[\\&|]/g, '\\$&')}|g\n`
