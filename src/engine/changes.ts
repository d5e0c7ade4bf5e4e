// What changed between two states, in terms of packages: which came, went, rose or fell, which have other bytes under the same
// version, and what their own metadata says of the difference.

import type { ChangedPackage, ChangedVersion } from '../catalog/changes.ts'
import type { Ref } from '../catalog/rows.ts'
import type { Traits, Versions } from '../contract.ts'
import { asMirrorError } from '../errors.ts'
import { heldDoc } from './doc.ts'
import { heldAt } from './held-docs.ts'
import type { Mirror } from './mirror.ts'
import { turn } from './turns.ts'

export interface VersionSize {
  readonly version: string
  readonly bytes: number
}

/** What metadata says of the newest version that the newest version before did not say. */
export interface Noted {
  readonly licence?: { readonly before?: string; readonly after?: string }
  /** That run at installation, and did not before. */
  readonly scripts?: readonly string[]
  readonly maintainers?: readonly string[]
  /** Why nothing is said. */
  readonly unread?: string
}

export type PackageOutcome = 'added' | 'removed' | 'upgraded' | 'downgraded' | 'changed'

export interface PackageChange {
  readonly repo: string
  readonly ecosystem?: string
  readonly name: string
  /** By the newest version of each state; `changed`: it is the same one. */
  readonly what: PackageOutcome
  readonly before?: string
  readonly after?: string
  readonly added: readonly VersionSize[]
  readonly removed: readonly VersionSize[]
  /** With other bytes under the same version. */
  readonly replaced: readonly VersionSize[]
  /** How much more is held of it. */
  readonly bytes: number
  readonly noted?: Noted
}

/** A file that belongs to no package. */
export interface FileChange {
  readonly repo: string
  readonly path: string
  readonly what: 'added' | 'removed' | 'changed'
  /** How much more. */
  readonly bytes: number
}

/** A state as it is read: 0 is the newest. Its mirror asks nobody. */
export interface Side {
  readonly id: number
  readonly mirror: Mirror
}

export async function* changedPackages(
  mirror: Mirror,
  before: Side,
  after: Side,
  signal: AbortSignal,
): AsyncGenerator<PackageChange> {
  const changes = mirror.catalog.snapshots.changes(before.id, after.id)
  try {
    for (const found of changes.packages()) {
      await turn(signal)
      const change = changeOf(found, mirror.repos.get(found.repo)?.ecosystem.versions)
      if (change === undefined) continue
      const noted = await notedOf(found, change, before, after)
      const ecosystem = mirror.repos.get(found.repo)?.ecosystem.id
      yield { ...change, ...(ecosystem === undefined ? {} : { ecosystem }), ...(noted === undefined ? {} : { noted }) }
    }
  } finally {
    changes.close()
  }
}

/** Undefined when both have the same, written anew. */
function changeOf(
  { repo, name, before, after }: ChangedPackage,
  order: Versions | undefined,
): PackageChange | undefined {
  const [old, now] = [byVersion(before), byVersion(after)]
  const sizes = (versions: readonly ChangedVersion[]): readonly VersionSize[] =>
    sorted(versions, order).map(({ version, bytes }) => ({ version, bytes }))
  const added = sizes(after.filter(({ version }) => !old.has(version)))
  const removed = sizes(before.filter(({ version }) => !now.has(version)))
  const replaced = sizes(
    after.filter(({ version, digests }) => old.has(version) && old.get(version)?.digests !== digests),
  )
  if (added.length + removed.length + replaced.length === 0) return undefined
  const [was, is] = [newestOf(before, order), newestOf(after, order)]
  return {
    ...{ repo, name, what: outcomeOf(was, is, order) },
    ...(was === undefined ? {} : { before: was }),
    ...(is === undefined ? {} : { after: is }),
    ...{ added, removed, replaced, bytes: sum(after) - sum(before) },
  }
}

const byVersion = (versions: readonly ChangedVersion[]): ReadonlyMap<string, ChangedVersion> =>
  new Map(versions.map((one) => [one.version, one]))
const sum = (versions: readonly ChangedVersion[]): number => versions.reduce((total, { bytes }) => total + bytes, 0)

/** Oldest first; in the order of the text where the ecosystem has none for them. */
function sorted(versions: readonly ChangedVersion[], order: Versions | undefined): readonly ChangedVersion[] {
  return [...versions].sort((a, b) => compare(a.version, b.version, order))
}

function compare(a: string, b: string, order: Versions | undefined): number {
  try {
    const found = order?.compare(a, b) ?? 0
    if (found !== 0) return found
  } catch {
    // a version that its ecosystem cannot read is still one that is held
  }
  return a < b ? -1 : a > b ? 1 : 0
}

const newestOf = (versions: readonly ChangedVersion[], order: Versions | undefined): string | undefined =>
  sorted(versions, order).at(-1)?.version

function outcomeOf(was: string | undefined, is: string | undefined, order: Versions | undefined): PackageOutcome {
  if (was === undefined) return 'added'
  if (is === undefined) return 'removed'
  const found = compare(was, is, order)
  if (found === 0) return 'changed'
  return found < 0 ? 'upgraded' : 'downgraded'
}

async function notedOf(
  found: ChangedPackage,
  change: PackageChange,
  before: Side,
  after: Side,
): Promise<Noted | undefined> {
  if (change.after === undefined) return undefined
  try {
    const is = await traitsOf(after.mirror, found.repo, found.name, versionOf(found.after, change.after))
    if (is === undefined) return undefined
    const was = await traitsOf(before.mirror, found.repo, found.name, versionOf(found.before, change.before))
    const noted = difference(was, is, change.before !== undefined)
    return Object.keys(noted).length === 0 ? undefined : noted
  } catch (error) {
    const { code, message } = asMirrorError(error)
    if (code === 'STOPPED') throw error
    return { unread: message }
  }
}

const versionOf = (versions: readonly ChangedVersion[], wanted: string | undefined): ChangedVersion | undefined =>
  versions.find(({ version }) => version === wanted)

async function traitsOf(
  mirror: Mirror,
  repo: string,
  name: string,
  version: ChangedVersion | undefined,
): Promise<Traits | undefined> {
  const mounted = mirror.repos.get(repo)
  if (mounted?.ecosystem.traits === undefined || version === undefined) return undefined
  return mounted.ecosystem.traits({
    name,
    version: version.version,
    paths: version.paths,
    async document(path) {
      const ref = heldAt(mirror, mounted, path, 0)
      return ref === undefined ? undefined : heldDoc(mirror, ref)
    },
  })
}

/** Of a package that is new everything is news but who maintains it. Where nothing was known nothing is said to have changed. */
function difference(was: Traits | undefined, is: Traits, isKnown: boolean): Noted {
  if (was === undefined && isKnown) return {}
  const licence =
    was?.licence === is.licence
      ? {}
      : {
          licence: {
            ...(was?.licence === undefined ? {} : { before: was.licence }),
            ...(is.licence === undefined ? {} : { after: is.licence }),
          },
        }
  const scripts = (is.scripts ?? []).filter((one) => was?.scripts?.includes(one) !== true)
  const maintainers =
    was?.maintainers === undefined
      ? []
      : (is.maintainers ?? []).filter((one) => was.maintainers?.includes(one) !== true)
  return {
    ...licence,
    ...(scripts.length === 0 ? {} : { scripts }),
    ...(maintainers.length === 0 ? {} : { maintainers }),
  }
}

/** Files that no package has, and how many documents changed beside them. */
export async function* changedFiles(
  mirror: Mirror,
  before: number,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<FileChange & { readonly document: boolean }> {
  let count = 0
  for (const change of mirror.catalog.snapshots.diff(before, after)) {
    count += 1
    if (count % 200 === 0) await turn(signal)
    const ref = (change.after ?? change.before) as Ref
    if (ref.kind === 'artifact' && ref.name !== undefined) continue
    if (change.before?.sha256 === change.after?.sha256) continue
    yield {
      repo: change.repo,
      path: change.path,
      what: change.before === undefined ? 'added' : change.after === undefined ? 'removed' : 'changed',
      bytes: (change.after?.size ?? 0) - (change.before?.size ?? 0),
      document: ref.kind !== 'artifact',
    }
  }
}
