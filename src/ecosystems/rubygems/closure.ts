// What a sync holds for a list of gems: their info pages, their files and specifications, and those of all that they need.
// One bundle with all wants in it is resolved, as Bundler does it; wants that do not go together make several, and a want
// that the others hold back is resolved alone as well.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { gemVersions, splitVersion } from '../../versions/gem.ts'
import { asunder } from '../asunder.ts'
import { pick } from '../pick.ts'
import { bundle, type Demand, foresee, itself } from './bundle.ts'
import { infoPath, isGemName, namesPath, specPath } from './paths.ts'
import { createShelf, filesFor, missing, newest, type Shelf } from './shelf.ts'
import { bodyLines } from './text.ts'
import type { GemOptions } from './want.ts'

const anyVersion = '>= 0'

/** The numbers that a user's want names, newest first. */
async function wantedNumbers(
  want: Selector,
  range: string,
  shelf: Shelf,
  look: Look<GemOptions>,
): Promise<readonly string[]> {
  const files = shelf.of(want.name).flatMap((one) => filesFor(one, [range], look))
  const picked = await pick(
    files.map((entry) => ({ ...entry, version: splitVersion(entry.version ?? '')?.number ?? '' })),
    { ...want, range: range.replaceAll(/-[A-Za-z][\w.-]*/g, '') },
    gemVersions,
  )
  return [...new Set(picked.map(({ version = '' }) => version))]
}

/** What a want asks for; a package URL names the platform apart from the version. */
function rangeOf({ range, options }: Pick<Selector, 'range' | 'options'>): string {
  if (range === undefined || range === 'latest' || range === '*') return anyVersion
  const platform = options?.platform
  return typeof platform === 'string' ? range.replace(/^(= *[^ ,-]+)-ruby$/, `$1-${platform}`) : range
}

/** The entries: info pages first, then gems and their specifications. */
export async function* closure(wants: readonly Selector[], look: Look<GemOptions>): AsyncGenerator<Entry> {
  const shelf = createShelf(look)
  const given = await expanded(wants, look)
  for (const want of given) {
    const fault = gemVersions.fault(rangeOf(want))
    if (fault !== undefined) throw new MirrorError('CONFIG', `gem ${want.name}: ${fault}`, { ...want.from })
  }
  await shelf.load(given.map(({ name }) => name))
  const chosen = new Map<string, Entry>()
  const take = (entries: readonly Entry[]): void => {
    for (const entry of entries) chosen.set(entry.path, entry)
  }
  const bundled: (Demand & { readonly newest: string })[] = []
  const apart: Demand[] = []
  for (const want of given) {
    const range = rangeOf(want)
    const [first, ...older] = await wantedNumbers(want, range, shelf, look)
    // bundler is in every lockfile, and not in every registry
    const needless = want.name === itself && shelf.of(itself).length === 0
    if (first === undefined && !needless) look.lacks(want, missing(want.name, range, shelf.of(want.name), look))
    if (first === undefined) continue
    const demand = { name: want.name, range: isExactFile(range) ? range : `= ${first}`, root: want }
    const others = older.map((number) => ({ ...demand, range: isExactFile(range) ? range : `= ${number}` }))
    if (want.follow === undefined || want.follow.includes('runtime')) {
      bundled.push({ ...demand, range: want.digests === undefined ? range : demand.range, newest: first })
      apart.push(...others)
    } else for (const one of [demand, ...others]) take(ofOne(one, shelf, look))
  }
  await foresee(bundled, shelf, look)
  const attempt = (group: readonly Demand[]) => bundle(group, shelf, look)
  for await (const found of asunder(bundled, attempt)) take(found)
  // what goes together may hold a want back
  const held = new Set([...chosen.values()].map(({ name, version = '' }) => `${name} ${splitVersion(version)?.number}`))
  apart.push(...bundled.filter((one) => !held.has(`${one.name} ${one.newest}`)))
  for (const one of apart) for await (const found of asunder([one], attempt)) take(found)
  yield* holdings(chosen, look)
}

const ofOne = ({ name, range }: Demand, shelf: Shelf, look: Look<GemOptions>): readonly Entry[] => {
  const candidate = newest(shelf.of(name), [range], look)
  return candidate === undefined ? [] : filesFor(candidate, [range], look)
}

const isExactFile = (range: string): boolean => /^= *[^ ,]+-[A-Za-z][^ ,]*$/.test(range)

/** `*` is every gem that the registry lists, each in the newest version or as many as are to be kept, and nothing they need beside. */
async function expanded(wants: readonly Selector[], look: Look<GemOptions>): Promise<readonly Selector[]> {
  const all: Selector[] = []
  for (const want of wants) {
    if (want.name !== '*') {
      all.push(want)
      continue
    }
    const names = await look.document(namesPath)
    if (names === undefined) look.lacks(want, 'the registry has no list of its gems; name them')
    else
      for await (const lines of bodyLines(names))
        for (const name of lines) if (isGemName(name)) all.push({ ...want, name, follow: [] })
  }
  return all
}

async function* holdings(chosen: ReadonlyMap<string, Entry>, look: Look<GemOptions>): AsyncGenerator<Entry> {
  const entries = [...chosen.values()]
  let specs: 'some' | 'none' | undefined
  for (const name of new Set(entries.map((entry) => entry.name ?? ''))) yield { path: infoPath(name) }
  for (const entry of entries) {
    yield entry
    const spec = specPath(entry.name ?? '', entry.version ?? '')
    // a registry that has the compact index alone has none of them
    specs ??= (await look.document(spec)) === undefined ? 'none' : 'some'
    // without name and version: what a lockfile states of these is of the gem
    if (specs === 'some') yield { path: spec }
  }
}
