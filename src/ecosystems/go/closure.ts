// What a sync holds for a list of modules: the zips of their build lists, the go.mod of every version that minimal version
// selection looks at, and the records and tiles that prove all of them under one head of the checksum database.

import * as v from 'valibot'
import type { Doc, Entry, Look, Platform, Selector } from '../../contract.ts'
import { asMirrorError, MirrorError } from '../../errors.ts'
import { type GoMod, parseGoMod } from '../../formats/go-mod.ts'
import { goVersions, isCanonical, isExact } from '../../versions/go.ts'
import { goArchitectures, goSystems } from '../go-platform.ts'
import { pick } from '../pick.ts'
import { together } from '../together.ts'
import { wantOptionsOf } from '../want-options.ts'
import { buildLists, keyOf, reached, requiredBy } from './graph.ts'
import { latestOf, versionIn } from './info.ts'
import { type GoOptions, logFor } from './options.ts'
import { filePath, headPath, isModulePath, listPath, lookupPath, type ModuleAt, upstreamLatestPath } from './paths.ts'
import { provingTiles } from './proof.ts'
import { toolchain } from './want.ts'

/** Kinds of dependency: what a build needs; and what older go.mod files and `go mod tidy` look at besides. */
const kinds = ['build', 'all'] as const

/** Of a want: only some of a version's files, as go.sum may list a go.mod alone; or a release of Go. */
const wantOptions = v.strictObject({
  files: v.optional(v.array(v.picklist(['mod', 'zip', 'info']))),
  toolchain: v.optional(v.pipe(v.string(), v.regex(/^go1[0-9a-z.]{1,20}$/))),
})

interface Root {
  readonly want: Selector
  readonly at: ModuleAt
}

export async function* closure(wants: readonly Selector[], look: Look<GoOptions>): AsyncGenerator<Entry> {
  const graph = createGraph(look)
  const roots: Root[] = []
  const found = new Map<Selector, readonly ModuleAt[]>()
  await together(wants, async (want) => void found.set(want, await chosen(want, look)))
  for (const want of wants) for (const at of found.get(want) ?? []) roots.push({ want, at })

  const zips = new Map<string, ModuleAt>()
  const mods = new Map<string, ModuleAt>()
  const proven = new Map<string, ModuleAt>()
  const take = (all: readonly ModuleAt[], into: Map<string, ModuleAt>): void => {
    for (const at of all) into.set(keyOf(at), at)
  }
  const followed = roots.filter(({ want }) => followOf(want).length > 0 && optionsOf(want).files === undefined)
  await graph.load(followed)
  for (const { want, at } of roots) {
    const { files = ['info', 'mod', 'zip'] } = optionsOf(want)
    const follow = followOf(want)
    take([at], proven)
    if (files.includes('zip')) take([at], zips)
    if (files.includes('mod') && at.name !== toolchain) take([at], mods)
    if (follow.length === 0 || at.name === toolchain || optionsOf(want).files !== undefined) continue
    take(reached([at], graph.mods, 'whole'), mods)
    take(buildLists(at, graph.mods, 'pruned'), zips)
    if (follow.includes('all')) take(buildLists(at, graph.mods, 'whole'), zips)
  }
  take([...mods.values()], proven)
  for (const at of mods.values()) {
    if (graph.hidden.has(keyOf(at))) continue
    yield { path: filePath(at.name, at.version, 'info') }
    yield { path: filePath(at.name, at.version, 'mod') }
  }
  const listed = new Set<string>()
  const failed = new Set<string>()
  for (const at of zips.values()) {
    if (at.name !== toolchain && !listed.has(at.name)) {
      listed.add(at.name)
      // not everything has a list; one that fails is told as an item
      const list = await look.document(listPath(at.name)).catch(() => 'failed')
      if (list !== undefined) yield { path: listPath(at.name) }
    }
    // a version that policy hides is refused by its own name, with the reason
    yield { path: filePath(at.name, at.version, 'zip'), ...at, ...(await digestsOf(at, look, failed)) }
  }
  yield* proofs([...proven.values()], failed, look)
}

/** What the record of a version states of its zip. A record that cannot be had is told among the failed ones. */
async function digestsOf(at: ModuleAt, look: Look<GoOptions>, failed: Set<string>): Promise<Pick<Entry, 'digests'>> {
  const log = logFor(at.name, look.repo.options)
  if (log === undefined) return {}
  const record = lookupPath(log.name, at)
  try {
    for await (const { path, digests } of look.entries(record)) {
      if (path === filePath(at.name, at.version, 'zip') && digests !== undefined) return { digests }
    }
  } catch {
    // the zip itself will tell
    failed.add(record)
  }
  return {}
}

const optionsOf = (want: Selector): v.InferOutput<typeof wantOptions> => wantOptionsOf(wantOptions, want)

function followOf(want: Selector): readonly string[] {
  const asked = want.follow ?? ['build']
  const unknown = asked.find((kind) => !kinds.some((known) => known === kind))
  if (unknown === undefined) return asked
  throw new MirrorError('CONFIG', `${want.name}: cannot follow ${unknown}; there are ${kinds.join(', ')}`, want.from)
}

// Which versions a want means.

async function chosen(want: Selector, look: Look<GoOptions>): Promise<readonly ModuleAt[]> {
  const { name } = want
  const go = optionsOf(want).toolchain
  followOf(want)
  if (name === toolchain && go !== undefined) return toolchains(want, go, look)
  if (!isModulePath(name)) {
    look.lacks(
      want,
      name === '*' ? 'a module proxy has no list of its modules; name them' : 'no module can have that path',
    )
    return []
  }
  const range = want.range === 'latest' || want.range === '*' ? undefined : want.range?.trim()
  const fault = range === undefined ? undefined : goVersions.fault(range)
  if (fault !== undefined) throw new MirrorError('CONFIG', `module ${name}: ${fault}`, { ...want.from })
  if (range !== undefined && isExact(range)) return [{ name, version: range }]
  const versions = (await picked(want, range, look)).map((version) => ({ name, version }))
  if (versions.length === 0) look.lacks(want, missing(range))
  return versions
}

const missing = (range: string | undefined): string =>
  range === undefined
    ? 'the upstream lists no version of it, or policy allows none'
    : `no allowed version in its list satisfies ${range}`

async function picked(want: Selector, range: string | undefined, look: Look<GoOptions>): Promise<readonly string[]> {
  const { name } = want
  const entries: Entry[] = []
  for await (const entry of look.entries(listPath(name))) entries.push(entry)
  const retracted = await retractions(name, latestOf(entries.flatMap(({ version }) => version ?? [])), look)
  const standing = entries.filter(({ version = '' }) => !retracted(version))
  const { keep = 1 } = want
  const found = await pick(standing, { keep, ...(range === undefined ? {} : { range }) }, goVersions)
  if (found.length > 0 || range !== undefined) return found.flatMap(({ version }) => version ?? [])
  // nothing is tagged: what upstream calls the latest is a pseudo-version
  const latest = entries.length > 0 ? undefined : await look.document(upstreamLatestPath(name))
  return latest === undefined ? [] : [await versionIn(latest)]
}

/** Which versions the newest go.mod takes back: https://go.dev/ref/mod#go-mod-file-retract */
async function retractions(
  name: string,
  newest: string | undefined,
  look: Look<GoOptions>,
): Promise<(version: string) => boolean> {
  if (newest === undefined) return () => false
  const mod = await modOf({ name, version: newest }, look).catch(() => undefined)
  const all = mod?.retract ?? []
  return (version) =>
    all.some(({ low, high }) => goVersions.compare(low, version) <= 0 && goVersions.compare(version, high) <= 0)
}

const systems: Readonly<Record<string, string>> = { ...goSystems, osx: 'darwin' }
const processors: Readonly<Record<string, string>> = { ...goArchitectures, ppc64el: 'ppc64le' }

function toolchains(want: Selector, go: string, look: Look<GoOptions>): readonly ModuleAt[] {
  const named = look.platforms.flatMap(({ os, cpu }: Platform) =>
    os === undefined || cpu === undefined ? [] : [`${systems[os] ?? os}-${processors[cpu] ?? cpu}`],
  )
  if (named.length === 0) look.lacks(want, 'a toolchain is made for each platform; name them under `platforms`')
  return [...new Set(named)].map((platform) => ({ name: toolchain, version: `v0.0.1-${go}.${platform}` }))
}

// The graph of requirements.

async function modOf(at: ModuleAt, look: Look<GoOptions>): Promise<GoMod | undefined> {
  const path = filePath(at.name, at.version, 'mod')
  const doc = await look.document(path)
  return doc === undefined ? undefined : parseGoMod(await doc.bytes(), path)
}

/** May it be looked into? What policy hides is not fetched. */
async function isAllowed(at: ModuleAt, look: Look<GoOptions>): Promise<boolean> {
  const zip = filePath(at.name, at.version, 'zip')
  const log = logFor(at.name, look.repo.options)
  const path = log === undefined ? listPath(at.name) : lookupPath(log.name, at)
  for await (const entry of look.entries(path)) if (entry.path === zip) return true
  // what no database vouches for need not be listed either
  return log === undefined
}

function createGraph(look: Look<GoOptions>) {
  const mods = new Map<string, GoMod | undefined>()
  const hidden = new Set<string>()

  async function loadOne({ want, at }: Root, next: Root[]): Promise<void> {
    try {
      if (!(await isAllowed(at, look))) {
        hidden.add(keyOf(at))
        look.lacks(want, `${keyOf(at)} is required, and policy hides it, or the checksum database does not have it`)
        return
      }
      const mod = await modOf(at, look)
      mods.set(keyOf(at), mod)
      for (const required of requiredBy(mod)) {
        const sound = isModulePath(required.name) && isCanonical(required.version)
        if (sound) next.push({ want, at: required })
        else look.lacks(want, `${keyOf(at)} requires ${keyOf(required).slice(0, 200)}, which no proxy can have`)
      }
    } catch (error) {
      // obtained as an item it fails again, and is told as what it is; what cannot be read once it is there is told here
      const failure = asMirrorError(error)
      if (failure.code === 'UNREADABLE') look.lacks(want, failure.message)
    }
  }

  return {
    /** Go.mod files by module and version. */
    mods,
    /** Versions that may not be had; it has been told. */
    hidden,
    async load(roots: readonly Root[]): Promise<void> {
      let level = roots
      const seen = new Set<string>()
      while (level.length > 0) {
        const fresh = level.filter(({ at }) => {
          const isNew = !seen.has(keyOf(at)) && at.name !== toolchain
          seen.add(keyOf(at))
          return isNew
        })
        const next: Root[] = []
        await together(fresh, (root) => loadOne(root, next))
        level = next
      }
    },
  }
}

/** The records, and the tiles that prove them under the head that clients are shown. */
async function* proofs(
  all: readonly ModuleAt[],
  failed: ReadonlySet<string>,
  look: Look<GoOptions>,
): AsyncGenerator<Entry> {
  const told = new Set<string>()
  const heads = new Map<string, Doc | undefined>()
  for (const at of all) {
    const log = logFor(at.name, look.repo.options)
    if (log === undefined) continue
    const path = lookupPath(log.name, at)
    const lookup = failed.has(path) ? undefined : await look.document(path).catch(() => undefined)
    if (!heads.has(log.name)) {
      yield { path: headPath(log.name) }
      heads.set(log.name, await look.document(headPath(log.name)).catch(() => undefined))
    }
    const head = heads.get(log.name)
    yield { path }
    if (lookup === undefined) continue
    for (const tile of await provingTiles(lookup, head, log)) {
      if (told.has(tile)) continue
      told.add(tile)
      yield { path: tile }
    }
  }
}
