// What a sync holds: the roots of the wanted suites, their indexes, and of the pool either everything or the wanted packages
// with what they need.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { versions } from '../../versions/debian.ts'
import { readRelease } from './check.ts'
import { indexesOf } from './indexes.ts'
import { isFlat, suiteFolder } from './layout.ts'
import { architecturesOf, type DebianOptions, readFollow, readWantOptions, type WantOptions } from './options.ts'
import { type Pool, readPool } from './pool.ts'
import { fileEntries, type Release } from './release.ts'
import { type Candidate, resolve, type Seed } from './resolve.ts'
import { sourceOf, sourcePackages } from './sources.ts'
import { want as readWant } from './want.ts'

/** Wants that look at the same indexes. */
interface Group {
  readonly options: WantOptions
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly architectures: readonly string[]
  readonly wants: readonly Selector[]
}

/** Entries to hold, roots and indexes first; what cannot be had is told to `look.lacks`. Throws CONFIG for a bad want. */
export async function* closure(wants: readonly Selector[], look: Look<DebianOptions>): AsyncGenerator<Entry> {
  const yielded = new Set<string>()
  for (const group of groups(wants, look)) {
    for (const family of families(group.suites)) {
      for await (const entry of held(group, family, look)) {
        if (yielded.has(entry.path)) continue
        yielded.add(entry.path)
        yield entry
      }
    }
  }
}

function groups(wants: readonly Selector[], look: Look<DebianOptions>): readonly Group[] {
  const found = new Map<string, Group & { readonly wants: Selector[] }>()
  for (const want of wants.flatMap(unpacked)) {
    const options = readWantOptions(want)
    const fault = want.range === undefined ? undefined : versions.fault(want.range)
    if (fault !== undefined) throw new MirrorError('CONFIG', `${want.name}: ${fault}`, want.from)
    const { suites, components, architectures = architecturesOf(look.platforms) } = look.repo.options
    const group = {
      options: { ...options, source: false },
      suites: options.suites ?? suites,
      components: options.components ?? components,
      architectures: options.architectures ?? architectures,
    }
    const key = JSON.stringify(group)
    const same = found.get(key)
    if (same === undefined) found.set(key, { ...group, wants: [want] })
    else same.wants.push(want)
  }
  return [...found.values()]
}

/** A root that is filtered by packages is as many wants. */
function unpacked(want: Selector): readonly Selector[] {
  const { packages, ...options } = readWantOptions(want)
  if (packages === undefined) return [want]
  return packages.map((line) => {
    const meant = readWant(line)
    return { ...want, ...meant, options: { ...options, ...meant.options } }
  })
}

/**
 * Suites that a machine has at once, so that packages of one may need those of another: `bookworm-updates` and
 * `bookworm/x` belong to `bookworm` when that is wanted too. Everything else stands alone.
 */
function families(suites: readonly string[]): readonly (readonly string[])[] {
  const baseOf = (suite: string): string =>
    suites.find((other) => suite.startsWith(`${other}-`) || suite.startsWith(`${other}/`)) ?? suite
  return Map.groupBy(new Set(suites), baseOf).values().toArray()
}

async function* held(group: Group, suites: readonly string[], look: Look<DebianOptions>): AsyncGenerator<Entry> {
  const [first] = group.wants
  if (first === undefined) return
  const pool = readPool(group.wants, group.options)
  const all = group.wants.some((want) => want.name === '*')
  for (const suite of suites) {
    const folder = suiteFolder(suite)
    const root = await rootOf(folder, look)
    if (root === undefined) {
      look.lacks(first, `${look.repo.name} has no suite ${suite}`)
      continue
    }
    yield* root.entries
    const { release } = root
    const wanted = {
      ...group.options,
      components: group.components,
      architectures: group.architectures,
      sources: group.options.sources || group.wants.some((want) => readWantOptions(want).source),
      binaries: group.wants.some((want) => !readWantOptions(want).source),
    }
    const lacks = (what: string): void => look.lacks(first, `${suite} has no ${what}`)
    for (const { file, lists } of indexesOf(release, wanted, isFlat(folder), lacks)) {
      yield* indexEntries(folder, release, file)
      if (!lists) continue
      const rank = release.fields.get('notautomatic')?.toLowerCase() === 'yes' ? 1 : 0
      for await (const entry of look.entries(`${folder}/${file.path}`)) {
        if (all) yield entry
        else pool.add(entry, rank)
      }
    }
  }
  if (!all) yield* selected(group, pool, look)
}

/** The root documents of a suite: its InRelease, or Release and Release.gpg where that is not there. */
async function rootOf(folder: string, look: Look<DebianOptions>) {
  const inRelease = await look.document(`${folder}/InRelease`)
  if (inRelease !== undefined) return { release: await readRelease(inRelease), entries: [{ path: inRelease.path }] }
  const release = await look.document(`${folder}/Release`)
  if (release === undefined) return undefined
  const signature = await look.document(`${folder}/Release.gpg`)
  const documents = signature === undefined ? [release] : [release, signature]
  return { release: await readRelease(release), entries: documents.map(({ path }) => ({ path })) }
}

/** An index under its own name, and under the digest by which clients ask first: the strongest that is listed. */
function* indexEntries(folder: string, release: Release, file: Parameters<typeof fileEntries>[2]): Generator<Entry> {
  const [plain, ...byHash] = fileEntries(folder, release, file)
  if (plain !== undefined) yield plain
  const asked = ['/by-hash/SHA512/', '/by-hash/SHA256/']
    .map((part) => byHash.find(({ path }) => path.includes(part)))
    .find((entry) => entry !== undefined)
  // no size: the bytes are those of the plain name
  if (asked !== undefined) yield { path: asked.path, ...(asked.digests !== undefined && { digests: asked.digests }) }
}

async function* selected(group: Group, pool: Pool, look: Look<DebianOptions>): AsyncGenerator<Entry> {
  const universe = pool.universe((name) => look.find(name))
  const sources = new Map<string, Seed>()
  const follows = Map.groupBy(
    group.wants.filter((want) => !readWantOptions(want).source),
    (want) => JSON.stringify(readFollow(want, look.repo.options)),
  )
  for (const wants of follows.values()) {
    const [first] = wants
    if (first === undefined) continue
    const follow = readFollow(first, look.repo.options)
    const seeds = [...pool.seeds(wants, look.lacks), ...pool.essential(first)]
    for (const architecture of group.architectures) {
      const how = { architecture, follow, universe, lacks: look.lacks }
      for await (const candidate of resolve(seeds, how)) {
        yield candidate.entry
        if (group.options.sources) noteSource(sources, candidate, first)
      }
    }
  }
  const asked = pool.seeds(
    group.wants.filter((want) => readWantOptions(want).source),
    look.lacks,
  )
  yield* sourcePackages([...asked, ...sources.values()], (name) => pool.sources(look.find(name)), look.lacks)
}

/** The source of a package as a want of exactly that version, once. */
function noteSource(sources: Map<string, Seed>, candidate: Candidate, { from }: Selector): void {
  const { name, version } = sourceOf(candidate)
  sources.set(`${name} ${version}`, { name, want: { name, range: `= ${version}`, from } })
}
