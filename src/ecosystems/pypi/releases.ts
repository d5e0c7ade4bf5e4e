// The releases of a project that a closure may choose from, and which of their files an environment can use.

import type { Digests, Entry, Look, Platform } from '../../contract.ts'
import { compareDigests } from '../../formats/digest.ts'
import { type Environment, environmentOf } from '../../formats/pep508.ts'
import { isPin, namesPrerelease, pep440Versions, within } from '../../versions/pep440.ts'
import { dataOf, type FileData } from './file.ts'
import { type FileName, pagePath, readFileName } from './names.ts'
import type { PypiOptions } from './options.ts'
import { fits } from './tags.ts'

export interface Candidate {
  readonly entry: Entry
  readonly file: FileName
  readonly data: FileData
}

export interface Release {
  readonly project: string
  readonly version: string
  readonly files: readonly Candidate[]
}

/** An environment that packages are wanted for; without a platform it is every one. */
export interface Target {
  readonly platform?: Platform
  readonly environment: Environment
  readonly words: string
}

export function targetsOf(platforms: readonly Platform[]): readonly Target[] {
  if (platforms.length === 0) return [{ environment: {}, words: 'any platform' }]
  return platforms.map((platform) => ({
    platform,
    environment: environmentOf(platform),
    words: [platform.os, platform.cpu, platform.libc, platform.python && `Python ${platform.python}`]
      .filter((part) => part !== undefined)
      .join('-'),
  }))
}

/** The releases that policy allows, newest first; undefined where upstream has no such project. */
export async function releasesOf(name: string, look: Look<PypiOptions>): Promise<readonly Release[] | undefined> {
  if ((await look.document(pagePath(name))) === undefined) return undefined
  const byVersion = new Map<string, Candidate[]>()
  const folder = `/files/${name}/`
  for await (const entry of look.entries(pagePath(name))) {
    if (entry.version === undefined || !entry.path.startsWith(folder)) continue
    const file = readFileName(entry.path.slice(folder.length), name)
    if (file === undefined) continue
    const key = pep440Versions.exact(entry.version)
    const known = byVersion.get(key) ?? []
    known.push({ entry, file, data: dataOf(entry) })
    byVersion.set(key, known)
  }
  return [...byVersion.values()]
    .map((files) => ({ project: name, version: files[0]?.file.version ?? '', files }))
    .toSorted((a, b) => pep440Versions.compare(b.version, a.version))
}

/** What is asked of a release beyond its place on the page. */
export interface Asked {
  readonly ranges: readonly string[]
  readonly sdists: PypiOptions['sdists']
  /** Only files that have one of these. */
  readonly digests?: readonly Digests[] | undefined
}

/** A release, and those of its files that are to be held. */
export interface Chosen {
  readonly release: Release
  readonly files: readonly Candidate[]
}

/**
 * The newest releases within all the ranges of which the target can use a file. Pre-releases count where a range names
 * one, or nothing else is there; yanked files where a range pins the version.
 */
export function choose(releases: readonly Release[], target: Target, asked: Asked, keep = 1): readonly Chosen[] {
  const pinned = asked.ranges.some(isPin) || asked.digests !== undefined
  const early = asked.ranges.some(namesPrerelease) || asked.digests !== undefined
  const stable: Chosen[] = []
  const others: Chosen[] = []
  for (const release of releases) {
    if (!asked.ranges.every((range) => within(release.version, range))) continue
    const isEarly = pep440Versions.prerelease(release.version)
    if (isEarly && !early && others.length >= keep) continue
    const files = usable(release, target, asked, pinned)
    if (files.length === 0) continue
    const chosen = { release, files }
    if (isEarly && !early) others.push(chosen)
    else stable.push(chosen)
    if (stable.length === keep) break
  }
  return stable.length > 0 ? stable : others
}

export function usable(release: Release, target: Target, asked: Asked, pinned: boolean): readonly Candidate[] {
  const allowed = release.files.filter(
    ({ entry, data }) =>
      (pinned || data.yanked !== true) &&
      runsOn(data.python, target.platform?.python) &&
      isLocked(entry, asked.digests),
  )
  const wheels = allowed.filter(({ file }) => file.tags !== undefined && fitsTarget(file.tags, target))
  const sources = asked.sdists === 'never' ? [] : allowed.filter(({ file }) => file.kind === 'sdist')
  if (wheels.length > 0) return asked.sdists === 'always' ? [...wheels, ...sources] : wheels
  // some releases have the same source as a .zip, too
  return asked.digests === undefined ? sources.slice(0, 1) : sources
}

const fitsTarget = (tags: NonNullable<FileName['tags']>, { platform }: Target): boolean =>
  platform === undefined || fits(tags, platform)

const isLocked = ({ digests = {} }: Entry, locked: Asked['digests']): boolean =>
  locked === undefined || locked.some((one) => compareDigests(one, digests) === 'equal')

/** Of Python only the minor version is known: what holds for any of its micro versions holds. */
function runsOn(range: string | undefined, python: string | undefined): boolean {
  if (range === undefined || python === undefined || pep440Versions.fault(range) !== undefined) return true
  return within(`${python}.0`, range) || within(`${python}.999`, range)
}
