// Minimal version selection: of each module the highest version that anything requires. https://go.dev/ref/mod#minimal-version-selection
// A module that states Go 1.17 or later lists all that its packages need, so what its requirements require in their turn is
// pruned out: https://go.dev/ref/mod#graph-pruning

import type { GoMod } from '../../formats/go-mod.ts'
import { goVersions } from '../../versions/go.ts'
import type { ModuleAt } from './paths.ts'

/** What is known of a version: its go.mod; undefined where it could not be had. */
export type Graph = ReadonlyMap<string, GoMod | undefined>

export const keyOf = ({ name, version }: ModuleAt): string => `${name}@${version}`

/** Does its go.mod list all that its packages need? */
function listsAll(mod: GoMod | undefined): boolean {
  const [, major = '0', minor = '0'] = /^(\d{1,4})\.(\d{1,4})/.exec(mod?.go ?? '') ?? []
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 17)
}

export const requiredBy = (mod: GoMod | undefined): readonly ModuleAt[] =>
  (mod?.require ?? []).map(({ path, version }) => ({ name: path, version }))

/** How the graph below the roots is looked at: as a main module of Go 1.17 and later does, or whole, as before. */
export type Sight = 'pruned' | 'whole'

/** Every version that is required below the roots, themselves among them. */
export function reached(roots: readonly ModuleAt[], graph: Graph, sight: Sight): readonly ModuleAt[] {
  const found = new Map<string, ModuleAt>(roots.map((root) => [keyOf(root), root]))
  const queue: { readonly at: ModuleAt; readonly whole: boolean }[] = roots.map((at) => ({
    at,
    whole: sight === 'whole',
  }))
  const looked = new Set<string>()
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const key = keyOf(next.at)
    const mod = graph.get(key)
    const goesOn = next.whole || !listsAll(mod)
    if (looked.has(`${key} ${goesOn}`)) continue
    looked.add(`${key} ${goesOn}`)
    for (const required of requiredBy(mod)) {
      found.set(keyOf(required), required)
      if (goesOn) queue.push({ at: required, whole: true })
    }
  }
  return [...found.values()]
}

/** The build list: of each module the highest of the versions. */
function selected(versions: readonly ModuleAt[]): readonly ModuleAt[] {
  const highest = new Map<string, ModuleAt>()
  for (const at of versions) {
    const other = highest.get(at.name)
    if (other === undefined || goVersions.compare(at.version, other.version) > 0) highest.set(at.name, at)
  }
  return [...highest.values()]
}

/**
 * What may be built of a module: its build list, and the one of a project that has taken that list over into its own go.mod,
 * as the go command does.
 */
export function buildLists(root: ModuleAt, graph: Graph, sight: Sight): readonly ModuleAt[] {
  const own = selected(reached([root], graph, sight))
  const all = new Map(own.map((at) => [keyOf(at), at]))
  for (const at of selected(reached(own, graph, sight))) all.set(keyOf(at), at)
  return [...all.values()]
}
