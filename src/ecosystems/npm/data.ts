// What the catalog remembers of one version beside path and digests: just what a closure or a signature check needs.

import semver, { type SemVer } from 'semver'
import type { Entry } from '../../contract.ts'

export interface NpmData {
  /** Without what is optional or lies inside the tarball. */
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  /** Without the optional ones. */
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly deprecated?: true
  /** The dist-tags that point to this version. */
  readonly tags?: readonly string[]
  /** Higher than the version that upstream calls `latest`: not what a client gets without asking for it. */
  readonly ahead?: true
  /** As the registry signs it; only beside `signatures`. */
  readonly integrity?: string
  readonly signatures?: readonly Signature[]
  /** The registry holds provenance attestations of it. */
  readonly attested?: true
}

export interface Signature {
  readonly keyid: string
  readonly sig: string
}

/** The data of an entry that a packument made. */
export const dataOf = (entry: Partial<Entry>): NpmData => (entry.data ?? {}) as NpmData

type Fields = Readonly<Record<string, unknown>>
interface Described {
  readonly version: string
  readonly parsed: SemVer
  readonly manifest: Fields
  readonly dist: Fields
}

/** A function that describes versions of one packument, whose `dist-tags` are given. */
export function versionData(tags: Fields): (version: Described) => NpmData {
  const byVersion = new Map<string, string[]>()
  for (const [tag, version] of Object.entries(tags)) {
    if (typeof version !== 'string') continue
    const others = byVersion.get(version)
    if (others === undefined) byVersion.set(version, [tag])
    else others.push(tag)
  }
  const latest = typeof tags.latest === 'string' ? semver.parse(tags.latest, { loose: true }) : null
  return ({ version, parsed, manifest, dist }) => {
    const data: Filling<NpmData> = {}
    addDependencies(data, manifest)
    for (const part of ['os', 'cpu', 'libc'] as const) {
      const listed = texts(manifest[part])
      if (listed !== undefined) data[part] = listed
    }
    if (isDeprecated(manifest)) data.deprecated = true
    const named = byVersion.get(version)
    if (named !== undefined) data.tags = named
    if (latest !== null && parsed.compare(latest) > 0) data.ahead = true
    const signatures = readSignatures(dist.signatures)
    if (signatures !== undefined && typeof dist.integrity === 'string') {
      data.integrity = dist.integrity
      data.signatures = signatures
    }
    if (isFields(dist.attestations)) data.attested = true
    return data
  }
}

type Filling<T> = { -readonly [K in keyof T]: T[K] }

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const isDeprecated = ({ deprecated }: Fields): boolean =>
  deprecated === true || (typeof deprecated === 'string' && deprecated !== '')

type Spec = readonly [name: string, spec: string]

function addDependencies(data: Filling<NpmData>, manifest: Fields): void {
  const bundled = manifest.bundleDependencies ?? manifest.bundledDependencies
  const inside = new Set<unknown>(Array.isArray(bundled) ? bundled : [])
  const outside = ([name]: Spec): boolean => bundled !== true && !inside.has(name)
  const optional = specs(manifest.optionalDependencies).filter(outside)
  if (optional.length > 0) data.optionalDependencies = specMap(optional)
  // Registries repeat optional dependencies among the others; there they are optional all the same.
  const optionalNames = new Set(optional.map(([name]) => name))
  const needed = specs(manifest.dependencies).filter((spec) => outside(spec) && !optionalNames.has(spec[0]))
  if (needed.length > 0) data.dependencies = specMap(needed)
  const peerFacts = isFields(manifest.peerDependenciesMeta) ? manifest.peerDependenciesMeta : {}
  const peers = specs(manifest.peerDependencies).filter(([name]) => !isOptional(peerFacts, name))
  if (peers.length > 0) data.peerDependencies = specMap(peers)
}

function isOptional(peerFacts: Fields, name: string): boolean {
  const facts = Object.hasOwn(peerFacts, name) ? peerFacts[name] : undefined
  return isFields(facts) && facts.optional === true
}

function specs(value: unknown): readonly Spec[] {
  if (!isFields(value) || Array.isArray(value)) return []
  const found: Spec[] = []
  for (const [name, spec] of Object.entries(value)) if (typeof spec === 'string') found.push([name, spec])
  return found
}

// `Object.fromEntries` defines its keys: a dependency called `__proto__` stays a plain key.
const specMap = (found: readonly Spec[]): Readonly<Record<string, string>> => Object.fromEntries(found)

function texts(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  const found = all.filter((item): item is string => typeof item === 'string' && item !== '')
  return found.length === 0 ? undefined : found
}

const mostSignatures = 16

function readSignatures(listed: unknown): readonly Signature[] | undefined {
  if (!Array.isArray(listed)) return undefined
  const read: Signature[] = []
  for (const item of listed.slice(0, mostSignatures)) {
    if (!isFields(item) || typeof item.keyid !== 'string' || typeof item.sig !== 'string') continue
    read.push({ keyid: item.keyid, sig: item.sig })
  }
  return read.length === 0 ? undefined : read
}
