// What `explain` is asked about: a path as clients ask for it, an address of ours or of an upstream, or a package URL.

import { didYouMean } from '../config/nearest.ts'
import { findEcosystem, versionsOf } from '../config/words.ts'
import type { AnyEcosystem } from '../contract.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { MirrorError } from '../errors.ts'
import { compilePattern, parsePurl } from '../formats/purl.ts'
import { decodePath } from '../formats/safe-path.ts'
import { spellings } from './spellings.ts'

export interface PathSubject {
  readonly kind: 'path'
  readonly mounted: MountedRepo
  /** Canonical path in the repo. */
  readonly path: string
  readonly query: URLSearchParams
}

export interface PackageSubject {
  readonly kind: 'package'
  /** The repositories that may have it. */
  readonly mounted: readonly MountedRepo[]
  /** In the ecosystem's own spelling. */
  readonly name: string
  /** As it was asked for: a version or a range. */
  readonly version?: string
  fits(version: string): boolean
}

export type Subject = PathSubject | PackageSubject

/** Throws USAGE for what is none of the three, NO_ROUTE for a place where nothing is mounted. */
export function subjectOf(text: string, mirror: Mirror, ecosystems: readonly AnyEcosystem[]): Subject {
  if (text.startsWith('pkg:')) return packageSubject(text, mirror, ecosystems)
  if (/^https?:\/\//i.test(text)) return addressSubject(text, mirror)
  if (text.startsWith('/')) return mountedSubject(text, mirror)
  throw new MirrorError(
    'USAGE',
    `${JSON.stringify(text.slice(0, 200))} is neither a path, an address nor a package URL`,
    {
      hint: 'Write a path as clients ask for it (/npm/express), a whole address, or a package URL (pkg:npm/express@4).',
    },
  )
}

function packageSubject(text: string, mirror: Mirror, ecosystems: readonly AnyEcosystem[]): PackageSubject {
  const { type, name: given, version } = parsePurl(text)
  const ecosystem = findEcosystem(type, ecosystems)
  if (ecosystem === undefined) {
    const words = ecosystems.flatMap(({ id, purl, aliases }) => [id, purl, ...(aliases ?? [])])
    throw new MirrorError('USAGE', `there is no ecosystem ${JSON.stringify(type)}${didYouMean(type, words)}`, {
      hint: `There are: ${ecosystems.map(({ id }) => id).join(', ')}.`,
    })
  }
  const name = ecosystem.name(given)
  const mounted = [...mirror.repos.values()].filter((one) => one.ecosystem.id === ecosystem.id)
  if (version === undefined) return { kind: 'package', mounted, name, fits: () => true }
  const fault = ecosystem.versions.fault(version)
  if (fault !== undefined)
    throw new MirrorError('USAGE', `${text.slice(0, 200)}: ${fault}`, {
      hint: 'Write a version or a range after the `@`.',
    })
  const pattern = compilePattern(`pkg:${ecosystem.purl}/${name}@${encodeURIComponent(version)}`, versionsOf(ecosystems))
  const fits = (one: string): boolean => pattern.matches({ type: ecosystem.purl, name, version: one })
  return { kind: 'package', mounted, name, version, fits }
}

/** An address of an upstream, in any of its spellings or on a host that it keeps its files on; else one of ours, under any host name. */
function addressSubject(text: string, mirror: Mirror): PathSubject {
  const url = URL.parse(text)
  if (url === null) throw new MirrorError('USAGE', `${JSON.stringify(text.slice(0, 200))} is no address`)
  const bare = `${url.protocol}//${url.host}${url.pathname}`
  for (const mounted of mirror.repos.values()) {
    const prefix = spellings(mounted).find((one) => bare.startsWith(`${one}/`))
    if (prefix !== undefined)
      return { kind: 'path', mounted, path: decodePath(bare.slice(prefix.length)), query: url.searchParams }
  }
  const path = decodePath(url.pathname)
  for (const mounted of mirror.repos.values()) {
    const { allowHosts, hosts = [] } = mounted.settings
    const isKept = [...allowHosts, ...hosts].includes(url.hostname)
    const route = isKept ? mounted.ecosystem.routes.find((one) => one.match(path) !== undefined) : undefined
    if (route?.kind === 'artifact') return { kind: 'path', mounted, path, query: url.searchParams }
  }
  return mountedSubject(`${url.pathname}${url.search}`, mirror)
}

function mountedSubject(text: string, mirror: Mirror): PathSubject {
  const mark = text.indexOf('?')
  const path = decodePath(mark < 0 ? text : text.slice(0, mark))
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1))
  const mounts = [...mirror.repos.values()].sort((a, b) => b.settings.mount.length - a.settings.mount.length)
  const mounted = mounts.find(({ settings }) => path.startsWith(`${settings.mount}/`))
  if (mounted !== undefined) return { kind: 'path', mounted, path: path.slice(mounted.settings.mount.length), query }
  const first = `/${path.split('/')[1] ?? ''}`
  const known = mounts.map(({ settings }) => settings.mount).sort()
  throw new MirrorError('NO_ROUTE', `nothing is mounted at ${path}${didYouMean(first, known)}`, {
    path,
    hint: `Mounted are: ${known.join(', ')}. Write the path with its mount, such as ${known[0] ?? '/npm'}/NAME.`,
  })
}
