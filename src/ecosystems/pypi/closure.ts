// What a sync holds for a list of requirements: for each environment the releases that pip and uv would choose there, and
// all that they need: for each want alone, and for all of them together, as far as they go together. What builds a source
// package is an environment of its own.

import type { Digests, Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { addTo } from '../../formats/lists.ts'
import { parseRequirement, type Requirement } from '../../formats/pep508.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { type Attempted, asunder } from '../asunder.ts'
import { foresee, install, missing } from './installation.ts'
import { createLibrary, type Library } from './library.ts'
import { fileName, normalName, project, provenancePath } from './names.ts'
import type { PypiOptions } from './options.ts'
import { type Asked, type Chosen, choose, type Release, type Target, targetsOf } from './releases.ts'
import { concerns, readRequirements } from './requires.ts'
import type { Root, Taken } from './scene.ts'
import { optionsOf, type WantOptions } from './want.ts'

/** Kinds of dependency that may be followed. What builds a source package is none: without it the package is of no use. */
const kinds = ['run']

/** Files that are held, and the want that they are for. */
interface Held {
  readonly chosen: Chosen
  readonly root: Root
}

/**
 * One page or file that cannot be had or trusted does not end the walk: the rest is yielded first, then its error is
 * thrown.
 */
export async function* closure(wants: readonly Selector[], look: Look<PypiOptions>): AsyncGenerator<Entry> {
  const library = createLibrary(look)
  const yielded = new Set<string>()
  for (const target of targetsOf(look.platforms)) {
    for await (const { chosen } of withBuilds(wants, target, library, look)) {
      for (const { entry, data, file } of chosen.files) {
        if (yielded.has(entry.path)) continue
        yielded.add(entry.path)
        yield entry
        if (data.attested !== true || look.repo.options.attestations === 'off') continue
        const { name = '', version = file.version } = entry
        yield { path: provenancePath(name, version, fileName(entry.path)), name, version }
      }
    }
  }
  if (library.failures[0] !== undefined) throw library.failures[0]
}

/** What is held for the wants, and what builds those that are source. */
async function* withBuilds(
  wants: readonly Selector[],
  target: Target,
  library: Library,
  look: Look<PypiOptions>,
): AsyncGenerator<Held> {
  const built = new Set<string>()
  const waiting: Held[] = []
  for (const [sdists, own] of Map.groupBy(rootsOf(wants, target), (root) => sdistsOf(root, look))) {
    for await (const held of heldFor(own, target, sdists, library)) {
      waiting.push(held)
      yield held
    }
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      for await (const held of buildOf(one, target, sdists, library, built)) {
        waiting.push(held)
        yield held
      }
    }
  }
}

const sdistsOf = ({ want }: Root, look: Look<PypiOptions>): PypiOptions['sdists'] =>
  optionsOf(want).sdists ?? look.repo.options.sdists

const rootsOf = (wants: readonly Selector[], target: Target): readonly Root[] =>
  wants.flatMap((want) => rootOf(want, target) ?? [])

function rootOf(want: Selector, target: Target): Root | undefined {
  const { extras, marker } = optionsOf(want)
  mustFollow(want)
  if (marker !== undefined && !concerns(markerOf(marker, want), target, new Set())) return undefined
  const range = want.range === undefined || want.range === 'latest' || want.range === '*' ? '' : want.range
  const fault = pep440Versions.fault(range)
  if (fault !== undefined) throw new MirrorError('CONFIG', `${want.name}: ${fault}`, { ...want.from })
  return { name: normalName(want.name), range, extras, want, wanted: true }
}

function markerOf(marker: NonNullable<WantOptions['marker']>, want: Selector): Requirement {
  const parsed = parseRequirement(`${want.name}; ${marker}`)
  if (typeof parsed !== 'string') return parsed
  throw new MirrorError('CONFIG', `${want.name}: ${parsed}`, { ...want.from })
}

function mustFollow({ follow = [], from }: Selector): void {
  const unknown = follow.find((kind) => !kinds.includes(kind))
  if (unknown === undefined) return
  throw new MirrorError('CONFIG', `Python packages have no "${unknown}" to follow`, {
    ...from,
    hint: `Use any of ${kinds.join(', ')}.`,
  })
}

/** Each want alone, then all together; those that do not go together with the others, with one another. */
async function* heldFor(
  roots: readonly Root[],
  target: Target,
  sdists: PypiOptions['sdists'],
  library: Library,
): AsyncGenerator<Held> {
  const setting = { target, sdists, locked: lockedBy(roots) }
  await foresee(
    roots.filter(({ want }) => follows(want)),
    setting,
    library,
  )
  const whole: Root[] = []
  for (const root of roots) {
    const { want } = root
    const [newest, ...older] = await wanted(root, target, sdists, library)
    if (newest === undefined) continue
    if (!follows(want)) {
      yield { chosen: newest, root }
      for (const chosen of older) yield { chosen, root }
      continue
    }
    const found = await install([root], { ...setting, locked: lockedBy([root]) }, library)
    for (const { chosen } of found.taken) yield { chosen, root }
    if (found.taken.length === 0) yield { chosen: newest, root }
    if (found.whole) whole.push(root)
    for (const { release } of older) {
      const pinned = { ...root, range: `===${release.version}` }
      for (const { chosen } of (await install([pinned], { target, sdists, locked: new Map() }, library)).taken)
        yield { chosen, root }
    }
  }
  const attempt = async (group: readonly Root[]): Promise<Attempted<Root, readonly Taken[]>> => {
    if (group.length === 1) return { found: [] }
    const { taken, whole: fits, apart } = await install(group, setting, library)
    return fits ? { found: taken } : { apart }
  }
  for await (const taken of asunder(whole, attempt))
    for (const { chosen } of taken) yield { chosen, root: whole[0] as Root }
}

const follows = ({ follow }: Selector): boolean => follow === undefined || follow.length > 0

/** What lockfiles say of the digests of projects. */
function lockedBy(roots: readonly Root[]): ReadonlyMap<string, readonly Digests[]> {
  const locked = new Map<string, Digests[]>()
  for (const { name, want } of roots) if (want.digests !== undefined) addTo(locked, name, ...want.digests)
  return locked
}

/** The releases that a requirement names by itself, newest first; none is told. */
async function wanted(
  root: Root,
  target: Target,
  sdists: PypiOptions['sdists'],
  library: Library,
): Promise<readonly Chosen[]> {
  const { name, range, want } = root
  const lacks = (reason: string): void => library.lacks({ ...root, reason })
  if (!project.test(name)) {
    lacks('no project can have that name')
    return []
  }
  const releases = await library.releases(name)
  const asked: Asked = { ranges: [range], sdists, digests: root.wanted ? want.digests : undefined }
  const chosen = choose(releases ?? [], target, asked, root.wanted ? want.keep : 1)
  if (chosen.length === 0) lacks(whyNone(root, asked, releases, target))
  return chosen
}

function whyNone({ range }: Root, asked: Asked, releases: readonly Release[] | undefined, target: Target): string {
  const anywhere = { environment: {}, words: '' }
  const all: Asked = { ...asked, sdists: 'always' }
  if (choose(releases ?? [], anywhere, all).length > 0)
    return `no allowed release ${range === '' ? '' : `that is ${range} `}has a file for ${target.words}`
  if (asked.digests !== undefined && choose(releases ?? [], anywhere, { ...all, digests: undefined }).length > 0)
    return 'the index states other digests than the lockfile'
  return missing(range, releases)
}

/** What builds a source package; nothing for wheels, and for what was built before. */
async function* buildOf(
  { chosen, root }: Held,
  target: Target,
  sdists: PypiOptions['sdists'],
  library: Library,
  built: Set<string>,
): AsyncGenerator<Held> {
  const source = chosen.files.find(({ file }) => file.kind === 'sdist')
  if (source === undefined || built.has(source.entry.path)) return
  built.add(source.entry.path)
  const { build } = await library.needs(chosen)
  const { release } = chosen
  const unreadable = (line: string, why: string): void =>
    library.lacks({
      ...root,
      reason: `${release.project} ${release.version} is built with ${JSON.stringify(line.slice(0, 80))}: ${why}`,
    })
  const roots: Root[] = []
  for (const requirement of readRequirements(build, unreadable)) {
    const { name, range, extras, url } = requirement
    if (!concerns(requirement, target, new Set())) continue
    const one = { name: normalName(name), range, extras, want: root.want, wanted: false }
    if (url !== undefined)
      library.lacks({ ...one, reason: `${release.project} ${release.version} is built with it from an address` })
    else if ((await wanted(one, target, sdists, library)).length > 0) roots.push(one)
  }
  if (roots.length === 0) return
  const setting = { target, sdists, locked: new Map() }
  await foresee(roots, setting, library)
  const found = await install(roots, setting, library)
  for (const taken of found.taken) yield { chosen: taken.chosen, root }
  if (roots.length === 1 || found.whole) return
  library.lacks({
    ...root,
    reason: `what builds ${release.project} ${release.version} does not go together: ${found.apart.map(({ name, range }) => `${name}${range}`).join(', ')}`,
  })
  for (const one of roots)
    for (const { chosen: other } of (await install([one], setting, library)).taken) yield { chosen: other, root }
}
