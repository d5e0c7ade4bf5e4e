// What depends on what: descriptors with the versions that their dependencies come to, loaded as far as anything could ask.
// Maven reads the descriptors of all versions that it meets before it chooses; so everything that is met is loaded.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isRange, mavenVersions } from '../../versions/maven.ts'
import { pick } from '../pick.ts'
import { together } from '../together.ts'
import { type Coordinate, filePath, isName, isVersionText, metadataPath, nameOf } from './layout.ts'
import { type Edge, keyOf, type Model, type Models } from './model.ts'
import { type Module, readModule } from './module.ts'
import type { MavenOptions } from './options.ts'
import type { Exclusion } from './pom.ts'

export interface Step {
  readonly edge: Edge
  readonly to: Coordinate
}

export interface Node {
  readonly at: Coordinate
  /** Undefined where no descriptor can be had. */
  readonly model: Model | undefined
  /** By the POM: compile and runtime dependencies that are not optional. */
  readonly steps: readonly Step[]
  /** By the module file, for Gradle; those of the POM where there is none. */
  readonly moduleSteps: readonly Step[]
  readonly constraints: readonly Step[]
  /** Names of files of the module's variants. */
  readonly moduleFiles: readonly string[]
}

/** Where a graph begins: something wanted, a plugin, everything that a BOM manages. */
export interface Root {
  readonly at: Coordinate
  readonly type: string
  readonly classifier?: string
  /** Dependencies beside those of its descriptor, all kinds that count. */
  readonly steps: readonly Step[]
}

export interface Graph {
  /** Loads all that can be met from here. */
  explore(root: Root): Promise<void>
  /** What was loaded. */
  node(at: Coordinate): Node | undefined
  load(at: Coordinate): Promise<Node>
  /** Steps of these edges, those without a version that can be had left out. */
  resolve(edges: readonly Edge[]): Promise<readonly Step[]>
  /** An edge as the management of a root would have it; undefined when it says nothing, or nothing new. */
  managed(root: Root, step: Step): Step | undefined
  /** The versions of an artifact that a range or a word allows, newest first. */
  versions(
    of: Pick<Coordinate, 'group' | 'artifact'>,
    want: Pick<Selector, 'range' | 'keep'>,
  ): Promise<readonly string[]>
  /** The newest build of a snapshot; any other version as it is. */
  built(at: Coordinate): Promise<Coordinate>
}

export const idOf = ({ group, artifact, version }: Coordinate): string => `${group}:${artifact}:${version}`

/** What passes on to those who depend on it. */
export const isPassedOn = ({ scope, optional }: Edge): boolean =>
  !optional && (scope === '' || scope === 'compile' || scope === 'runtime')

/** Versions that name whatever is newest. */
const newest = /^(?:LATEST|RELEASE|latest\.(?:release|integration))$/

export function createGraph(
  look: Look<MavenOptions>,
  models: Models,
  from: Selector['from'],
  hold: (entry: Entry) => void,
): Graph {
  const nodes = new Map<string, Node>()
  const loading = new Map<string, Promise<Node>>()
  const lists = new Map<string, Promise<readonly Entry[]>>()
  const resolutions = new Map<string, Promise<Coordinate | undefined>>()
  const managedSteps = new Map<string, Step | undefined>()

  function listed(path: string): Promise<readonly Entry[]> {
    const known = lists.get(path)
    if (known !== undefined) return known
    const reading = Array.fromAsync(look.entries(path))
    lists.set(path, reading)
    return reading
  }

  async function versions(
    of: Pick<Coordinate, 'group' | 'artifact'>,
    want: Pick<Selector, 'range' | 'keep'>,
  ): Promise<readonly string[]> {
    const picked = await pick(await listed(metadataPath(of)), want, mavenVersions)
    return picked.flatMap(({ version }) => version ?? [])
  }

  async function built(at: Coordinate): Promise<Coordinate> {
    if (!at.version.endsWith('-SNAPSHOT')) return at
    const builds = (await listed(metadataPath(at, at.version))).flatMap(({ version }) => version ?? [])
    const version = builds.toSorted(mavenVersions.compare).at(-1)
    return version === undefined ? at : { ...at, version }
  }

  /** The version that an edge comes to; undefined where it names none that can be had. */
  async function target({ group, artifact, version }: Edge): Promise<Coordinate | undefined> {
    if (!isName(group, artifact)) return undefined
    if (!isRange(version) && !newest.test(version)) {
      if (!isVersionText(version)) return undefined
      return built({ group, artifact, version })
    }
    const [found] = await versions({ group, artifact }, isRange(version) ? { range: version } : {})
    return found === undefined ? undefined : built({ group, artifact, version: found })
  }

  async function resolve(edges: readonly Edge[]): Promise<readonly Step[]> {
    const steps = await Promise.all(
      edges.map(async (edge) => {
        const key = `${edge.group}:${edge.artifact}:${edge.version}`
        const known = resolutions.get(key) ?? target(edge)
        resolutions.set(key, known)
        const to = await known
        return to === undefined ? undefined : { edge, to }
      }),
    )
    return steps.filter((step) => step !== undefined)
  }

  function load(at: Coordinate): Promise<Node> {
    const id = idOf(at)
    const known = loading.get(id)
    if (known !== undefined) return known
    const node = loadNow(at).then((loaded) => {
      nodes.set(id, loaded)
      return loaded
    })
    loading.set(id, node)
    return node
  }

  async function loadNow(at: Coordinate): Promise<Node> {
    const model = await models.model(at)
    const bare = { at, model, steps: [], moduleSteps: [], constraints: [], moduleFiles: [] }
    if (model === undefined) return bare
    if (model.relocation !== undefined) {
      const edge: Edge = { ...model.relocation, type: 'jar', scope: 'compile', optional: false, exclusions: [] }
      const steps = idOf(model.relocation) === idOf(at) ? [] : await resolve([edge])
      return { ...bare, steps, moduleSteps: steps }
    }
    const steps = await resolve(model.edges.filter(isPassedOn))
    const module = model.gradle ? await moduleOf(at) : undefined
    return {
      at,
      model,
      steps,
      moduleSteps: module === undefined ? steps : await resolve(module.edges),
      constraints: module === undefined ? [] : await resolve(module.constraints),
      moduleFiles: module?.files ?? [],
    }
  }

  async function moduleOf(at: Coordinate): Promise<Module | undefined> {
    const path = filePath(at, '.module')
    const doc = await look.document(path)
    if (doc === undefined) return undefined
    hold({ path, name: nameOf(at), version: at.version })
    try {
      return await readModule(doc)
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error
      look.lacks({ name: nameOf(at), range: at.version, from }, error.message)
      return undefined
    }
  }

  function managed(root: Root, step: Step): Step | undefined {
    const by = nodes.get(idOf(root.at))?.model?.managed.get(keyOf(step.edge))
    if (by === undefined || by.version === '') return undefined
    const key = `${idOf(root.at)} ${keyOf(step.edge)} ${step.edge.version}`
    if (managedSteps.has(key)) return managedSteps.get(key)
    const edge = {
      ...step.edge,
      version: by.version,
      scope: by.scope === '' ? step.edge.scope : by.scope,
      exclusions: [...step.edge.exclusions, ...by.exclusions],
    }
    const made = isVersionText(by.version)
      ? { edge, to: { group: edge.group, artifact: edge.artifact, version: by.version } }
      : undefined
    managedSteps.set(key, made)
    return made
  }

  /** All that can be met from a root, whichever of several versions wins in the end. */
  async function explore(root: Root): Promise<void> {
    const seen = new Map<string, ReadonlySet<string>[]>()
    const names = new Set<string>()
    const bound: Visit[] = []
    let level: readonly Visit[] = [
      { at: root.at, exclusions: [] },
      ...root.steps.map(({ to, edge }) => ({ at: to, exclusions: edge.exclusions })),
    ]
    for (;;) {
      const fresh = level.filter((visit) => isNews(seen, visit))
      if (fresh.length === 0) return
      for (const { at } of fresh) names.add(nameOf(at))
      await together(fresh, async ({ at }) => void (await load(at)))
      const next: Visit[] = []
      for (const { at, exclusions } of fresh) {
        const node = nodes.get(idOf(at))
        if (node === undefined) continue
        for (const step of new Set([...node.steps, ...node.moduleSteps])) {
          if (isExcluded(step.edge, exclusions)) continue
          for (const each of [step, managed(root, step)]) {
            if (each !== undefined) next.push({ at: each.to, exclusions: [...exclusions, ...each.edge.exclusions] })
          }
        }
        for (const { to } of node.constraints) bound.push({ at: to, exclusions })
      }
      // a constraint counts for what something else needs
      level = [...next, ...bound.filter(({ at }) => names.has(nameOf(at)))]
    }
  }

  return { explore, node: (at) => nodes.get(idOf(at)), load, resolve, managed, versions, built }
}

interface Visit {
  readonly at: Coordinate
  readonly exclusions: readonly Exclusion[]
}

/** Ways to one descriptor that are told apart by what they exclude; behind these nobody looks again. */
const mostWays = 8

/** Has nobody been there who excludes no more? */
function isNews(seen: Map<string, ReadonlySet<string>[]>, { at, exclusions }: Visit): boolean {
  const own = new Set(exclusions.map(({ group, artifact }) => `${group}:${artifact}`))
  const before = seen.get(idOf(at)) ?? []
  if (before.length >= mostWays || before.some((each) => [...each].every((one) => own.has(one)))) return false
  seen.set(idOf(at), [...before, own])
  return true
}

export const isExcluded = ({ group, artifact }: Edge, exclusions: readonly Exclusion[]): boolean =>
  exclusions.some(
    (each) => (each.group === '*' || each.group === group) && (each.artifact === '*' || each.artifact === artifact),
  )
