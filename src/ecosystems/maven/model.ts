// Effective models: a descriptor with what its parents, profiles, properties and imported BOMs make of it.
// https://maven.apache.org/ref/current/maven-model-builder/

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { type Coordinate, isName, isVersionText, nameOf, pomPath } from './layout.ts'
import type { MavenOptions } from './options.ts'
import { type Dependency, type Exclusion, type Parent, type Part, type Plugin, type Pom, readPom } from './pom.ts'
import { activeProfiles, dependsOnSystem, type Machine } from './profiles.ts'

/** A dependency with everything filled in. */
export interface Edge {
  readonly group: string
  readonly artifact: string
  /** As declared: a version or a range. */
  readonly version: string
  readonly type: string
  readonly classifier?: string
  readonly scope: string
  readonly optional: boolean
  readonly exclusions: readonly Exclusion[]
}

export interface Model {
  readonly at: Coordinate
  readonly packaging: string
  readonly edges: readonly Edge[]
  /** By `group:artifact:type:classifier`. */
  readonly managed: ReadonlyMap<string, Edge>
  readonly plugins: readonly Plugin[]
  readonly extensions: readonly Plugin[]
  /** Where it went. */
  readonly relocation?: Coordinate
  readonly gradle: boolean
}

/** Longer lines of parents or BOMs are circles, or made to hurt. */
const deepest = 32
const longestText = 4096

export interface Models {
  /** Undefined where there is no descriptor that may be had and read. */
  model(at: Coordinate): Promise<Model | undefined>
  /** Does anything that was read differ between systems? */
  readonly system: boolean
}

/** Descriptors as they are, each read once, and told as an entry to hold. */
export interface Descriptors {
  pom(at: Coordinate): Promise<Pom | undefined>
}

export function createDescriptors(
  look: Look<MavenOptions>,
  from: Selector['from'],
  hold: (entry: Entry) => void,
): Descriptors {
  const read = new Map<string, Promise<Pom | undefined>>()
  async function load(at: Coordinate, path: string): Promise<Pom | undefined> {
    const name = nameOf(at)
    const doc = await look.document(path)
    if (doc === undefined) return undefined
    hold({ path, name, version: at.version })
    try {
      return await readPom(doc)
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error
      look.lacks({ name, range: at.version, from }, error.message)
      return undefined
    }
  }
  return {
    async pom(at) {
      if (!isName(at.group, at.artifact) || !isVersionText(at.version)) return undefined
      const path = pomPath(at)
      const known = read.get(path)
      if (known !== undefined) return known
      const loading = load(at, path)
      read.set(path, loading)
      return loading
    },
  }
}

export const keyOf = ({
  group,
  artifact,
  type,
  classifier = '',
}: Pick<Dependency, 'group' | 'artifact' | 'type' | 'classifier'>) => `${group}:${artifact}:${type}:${classifier}`

/** Models for one machine. */
export function createModels(descriptors: Descriptors, machine: Machine): Models {
  const done = new Map<string, Model | undefined>()
  let system = false

  /** A descriptor and those above it, itself first. */
  async function family(at: Coordinate): Promise<readonly Pom[]> {
    const found: Pom[] = []
    const met = new Set<string>()
    let next: Coordinate | Parent | undefined = at
    while (next !== undefined && found.length < deepest && !met.has(pomPath(next))) {
      met.add(pomPath(next))
      const pom: Pom | undefined = await descriptors.pom(next)
      if (pom === undefined) break
      system ||= dependsOnSystem(pom)
      found.push(pom)
      next = pom.parent
    }
    return found
  }

  async function make(at: Coordinate, trail: readonly string[]): Promise<Model | undefined> {
    const key = pomPath(at)
    if (done.has(key)) return done.get(key)
    const poms = await family(at)
    const [own] = poms
    const model = own === undefined ? undefined : await assemble(at, own, poms, [...trail, key])
    done.set(key, model)
    return model
  }

  async function assemble(at: Coordinate, own: Pom, poms: readonly Pom[], trail: readonly string[]): Promise<Model> {
    const parts = poms.flatMap((pom): readonly Part[] => [...activeProfiles(pom, machine).toReversed(), pom])
    const properties = new Map(parts.toReversed().flatMap((part) => [...part.properties]))
    const value = interpolator(at, own, properties, machine, () => {
      system = true
    })
    const declared = first(parts.flatMap((part) => part.managed).map((one) => filled(one, value)))
    const managed = new Map<string, Edge>()
    for (const [key, one] of declared) if (one.scope !== 'import' && one.version !== '') managed.set(key, one)
    for (const one of declared.values()) {
      if (one.scope !== 'import' || one.type !== 'pom' || trail.length > deepest) continue
      const bom = { group: one.group, artifact: one.artifact, version: one.version }
      if (trail.includes(pomPath(bom))) continue
      for (const [key, edge] of (await make(bom, trail))?.managed ?? []) if (!managed.has(key)) managed.set(key, edge)
    }
    const edges = first(parts.flatMap((part) => part.dependencies).map((one) => filled(one, value)))
    const plugins = first(parts.flatMap((part) => part.plugins).map((one) => pluginFilled(one, value)))
    const managedPlugins = first(parts.flatMap((part) => part.managedPlugins).map((one) => pluginFilled(one, value)))
    return {
      at,
      packaging: value(own.packaging),
      edges: [...edges]
        .map(([key, edge]) => withManaged(edge, managed.get(key)))
        .filter(({ version }) => version !== ''),
      managed,
      plugins: [
        ...[...plugins].map(([key, one]) => joined(one, managedPlugins.get(key))),
        ...[...managedPlugins].flatMap(([key, one]) => (plugins.has(key) ? [] : one)),
      ],
      extensions: poms.flatMap((pom) => pom.extensions).map((one) => pluginFilled(one, value)),
      gradle: own.gradle,
      ...(own.relocation === undefined
        ? {}
        : {
            relocation: {
              group: value(own.relocation.group ?? at.group),
              artifact: value(own.relocation.artifact ?? at.artifact),
              version: value(own.relocation.version ?? at.version),
            },
          }),
    }
  }

  return {
    model: (at) => make(at, []),
    get system() {
      return system
    },
  }
}

/** By what they are of; the first of several counts. */
function first<T extends Edge | Plugin>(items: readonly T[]): ReadonlyMap<string, T> {
  const found = new Map<string, T>()
  for (const item of items) {
    const key = 'type' in item ? keyOf(item) : `${item.group}:${item.artifact}`
    if (!found.has(key)) found.set(key, item)
  }
  return found
}

type Value = (text: string) => string

function filled(one: Dependency, value: Value): Edge {
  return {
    group: value(one.group),
    artifact: value(one.artifact),
    version: value(one.version ?? ''),
    type: value(one.type),
    scope: one.scope === undefined ? '' : value(one.scope),
    optional: value(one.optional) === 'true',
    exclusions: one.exclusions.map(({ group, artifact }) => ({ group: value(group), artifact: value(artifact) })),
    ...(one.classifier === undefined ? {} : { classifier: value(one.classifier) }),
  }
}

const pluginFilled = (one: Plugin, value: Value): Plugin => ({
  group: value(one.group),
  artifact: value(one.artifact),
  dependencies: one.dependencies.map((each) => {
    const { version, scope, optional, ...rest } = filled(each, value)
    return { ...rest, version, scope, optional: String(optional) }
  }),
  ...(one.version === undefined ? {} : { version: value(one.version) }),
})

const joined = (one: Plugin, managed: Plugin | undefined): Plugin =>
  managed === undefined ? one : { ...managed, ...one, dependencies: [...one.dependencies, ...managed.dependencies] }

/** What a dependency leaves open is filled in by the management of its own descriptor. */
const withManaged = (edge: Edge, managed: Edge | undefined): Edge => ({
  ...edge,
  version: edge.version === '' ? (managed?.version ?? '') : edge.version,
  scope: edge.scope === '' ? (managed?.scope ?? '') : edge.scope,
  exclusions: edge.exclusions.length === 0 ? (managed?.exclusions ?? []) : edge.exclusions,
})

/** Resolves `${…}`; what nothing resolves stays as it is. */
function interpolator(
  at: Coordinate,
  own: Pom,
  properties: ReadonlyMap<string, string>,
  machine: Machine,
  asksSystem: () => void,
): Value {
  const parent = own.parent
  const known = new Map<string, string>()
  for (const prefix of ['project.', 'pom.', '']) {
    known.set(`${prefix}groupId`, at.group)
    known.set(`${prefix}artifactId`, at.artifact)
    known.set(`${prefix}version`, own.version ?? parent?.version ?? at.version)
    known.set(`${prefix}packaging`, own.packaging)
    if (parent === undefined) continue
    known.set(`${prefix}parent.groupId`, parent.group)
    known.set(`${prefix}parent.artifactId`, parent.artifact)
    known.set(`${prefix}parent.version`, parent.version)
  }
  function lookup(name: string): string | undefined {
    if (name.startsWith('project.') || name.startsWith('pom.')) return known.get(name)
    const stated = properties.get(name) ?? known.get(name)
    if (stated !== undefined) return stated
    const told = ofMachine(machine).get(name)
    if (told !== undefined && name.startsWith('os.')) asksSystem()
    return told
  }
  // each property is resolved once, however often others name it
  const resolved = new Map<string, string>()
  function resolve(text: string): string {
    if (!text.includes('${')) return text
    return text
      .replace(/\$\{([^${}]{1,200})\}/g, (whole, given: string) => {
        const name = given.trim()
        const before = resolved.get(name)
        if (before !== undefined) return before
        const found = lookup(name)
        if (found === undefined) return whole
        resolved.set(name, whole)
        resolved.set(name, resolve(found))
        return resolved.get(name) ?? whole
      })
      .slice(0, longestText)
  }
  return resolve
}

/** Properties of the system, and those of the extension that tells native libraries apart. */
function ofMachine({ name, arch, java }: Machine): ReadonlyMap<string, string> {
  const system = name.startsWith('mac') ? 'osx' : (name.split(' ')[0] ?? name)
  const cpu = { amd64: 'x86_64', aarch64: 'aarch_64', x86: 'x86_32' }[arch] ?? arch
  return new Map([
    ['os.name', name],
    ['os.arch', arch],
    ['os.detected.name', system],
    ['os.detected.arch', cpu],
    ['os.detected.classifier', `${system}-${cpu}`],
    ['java.version', java],
    ['java.specification.version', java],
  ])
}
