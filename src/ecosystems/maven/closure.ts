// What a sync holds for a list of artifacts: their files, those of all that a build with them may ask, and every descriptor
// that a client reads on the way: parents, BOMs, and those of versions that lose.

import type { Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isRange, mavenVersions } from '../../versions/maven.ts'
import { together } from '../together.ts'
import { type Choice, highest, nearest } from './choose.ts'
import { createGraph, type Graph, idOf, isPassedOn, type Root } from './graph.ts'
import {
  type Coordinate,
  canBe,
  checksumPath,
  filePath,
  groupMetadataPath,
  isName,
  isVersionText,
  metadataPath,
  nameOf,
  pomPath,
} from './layout.ts'
import { boundPlugins, fetchedBy, injected } from './lifecycle.ts'
import { createDescriptors, createModels, type Edge } from './model.ts'
import { type MavenOptions, readFollow, readWantOptions, type WantOptions } from './options.ts'
import type { Dependency, Plugin } from './pom.ts'
import { machines } from './profiles.ts'
import { choicePath, typeOf } from './types.ts'

/** What is held of one machine's builds. */
interface Builds {
  readonly look: Look<MavenOptions>
  readonly graph: Graph
  hold(entry: Entry): void
}

/** A want, and one version of it. */
interface Wanted {
  readonly want: Selector
  readonly options: WantOptions
  readonly at: Coordinate
}

/** Entries to hold; what cannot be had is told to `look.lacks`. Throws CONFIG for a bad want. */
export async function* closure(wants: readonly Selector[], look: Look<MavenOptions>): AsyncGenerator<Entry> {
  const [first] = wants
  if (first === undefined) return
  for (const want of wants) check(want)
  const told = new Set<string>()
  let fresh: Entry[] = []
  const hold = (entry: Entry): void => {
    if (told.has(entry.path)) return
    told.add(entry.path)
    // classifiers, types and names of files are whatever a descriptor says
    if (canBe(entry.path)) fresh.push(entry)
    else
      look.lacks(
        { name: entry.name ?? '', ...(entry.version === undefined ? {} : { range: entry.version }), from: first.from },
        `no file can lie at ${JSON.stringify(entry.path.slice(0, 200))}`,
      )
  }
  function* flush(): Generator<Entry> {
    const entries = fresh
    fresh = []
    yield* entries
  }

  const descriptors = createDescriptors(look, first.from, hold)
  for (const machine of machines(look.platforms, look.repo.options.java)) {
    const models = createModels(descriptors, machine)
    const builds: Builds = { look, graph: createGraph(look, models, first.from, hold), hold }
    const roots: Root[] = []
    for (const wanted of await wantedVersions(wants, builds)) {
      roots.push(...(await holdWanted(wanted, builds)))
      yield* flush()
    }
    holdChoices([...nearest(roots, builds.graph, 'none'), ...highest(roots, builds.graph)], builds)
    yield* flush()
    // where nothing differs between systems, one is as good as all
    if (!models.system) break
  }
}

function check(want: Selector): void {
  const [group = '', artifact = ''] = want.name.split(':')
  const fault = want.range === undefined ? undefined : mavenVersions.fault(want.range)
  const known = isName(group, artifact)
  if (!known || fault !== undefined)
    throw new MirrorError('CONFIG', `${want.name}: ${fault ?? 'it is no GROUP:ARTIFACT'}`, { ...want.from })
  readWantOptions(want)
  readFollow(want)
}

/** One version alone: `1.0`, and `[1.0]` as a lockfile has it. No list is asked for it. */
function exactVersion(range: string | undefined): string | undefined {
  const only = range === undefined ? undefined : (/^\[([^,()[\]]+)\]$/.exec(range)?.[1] ?? range)
  return only === undefined || isRange(only) || !isVersionText(only) ? undefined : only
}

async function wantedVersions(wants: readonly Selector[], { graph, look }: Builds): Promise<readonly Wanted[]> {
  const found: Wanted[] = []
  for (const want of wants) {
    const [group = '', artifact = ''] = want.name.split(':')
    const options = readWantOptions(want)
    const exact = exactVersion(want.range)
    const versions = exact === undefined ? await graph.versions({ group, artifact }, want) : [exact]
    if (versions.length === 0)
      look.lacks(want, `upstream lists no version of it that is allowed and satisfies ${want.range ?? 'it'}`)
    for (const version of versions) {
      found.push({ want, options, at: await graph.built({ group, artifact, version }) })
    }
  }
  return found
}

/** Holds one wanted version with all that it takes; returns where its graph begins, for a build with the other wants. */
async function holdWanted(wanted: Wanted, builds: Builds): Promise<readonly Root[]> {
  const { want, options, at } = wanted
  const { graph, hold } = builds
  const { model, moduleFiles } = await graph.load(at)
  if (model === undefined) {
    // obtaining it says why it cannot be had
    hold({ path: pomPath(at), name: nameOf(at), version: at.version })
    return []
  }
  const follow = readFollow(want)
  const main = { type: options.type ?? typeOf(model.packaging), ...classified(options.classifier) }
  const own = model.edges.filter((edge) => followed(edge, follow))
  const root: Root = {
    at,
    ...main,
    steps: follow.size === 0 ? [] : (await graph.resolve(own)).filter(({ edge }) => !isPassedOn(edge)),
  }
  const managed = options.managed ? await graph.resolve([...model.managed.values()]) : []
  const roots = [root, ...managed.map(({ edge, to }) => rootOf(to, edge))]
  if (follow.size === 0) holdChoices([root], builds)
  else await holdBuilds(roots, builds)
  if (moduleFiles.length > 0 && main.type === 'jar') {
    for (const file of moduleFiles) holdModuleFile(at, file, hold)
  }
  for (const classifier of options.classifiers) await holdIfThere(at, classifier, builds)
  if (model.packaging === 'maven-plugin' && follow.size > 0) await holdPlugins([{ ...at, dependencies: [] }], builds)
  if (options.plugins) await holdPlugins([...model.plugins, ...model.extensions], builds)
  if (options.packagings.length > 0) await holdLifecycle(wanted, builds)
  return follow.size === 0 ? [] : [root]
}

const classified = (classifier: string | undefined) => (classifier === undefined ? {} : { classifier })

const rootOf = (at: Coordinate, edge: Pick<Edge, 'type' | 'classifier'>): Root => ({
  at,
  type: edge.type,
  ...classified(edge.classifier),
  steps: [],
})

function followed(edge: Edge, follow: ReadonlySet<string>): boolean {
  if (edge.optional && !follow.has('optional')) return false
  return follow.has(edge.scope === '' ? 'compile' : edge.scope)
}

/** Each root as a build of its own. */
async function holdBuilds(roots: readonly Root[], builds: Builds): Promise<void> {
  await together(roots, async (root) => {
    await builds.graph.explore(root)
    const { graph } = builds
    holdChoices(
      [...nearest([root], graph, 'of the root'), ...nearest([root], graph, 'none'), ...highest([root], graph)],
      builds,
    )
  })
}

function holdChoices(choices: readonly Choice[], { graph, hold }: Builds): void {
  for (const choice of choices) {
    const { at } = choice
    const node = graph.node(at)
    const identity = { name: nameOf(at), version: at.version }
    if (node?.model === undefined) hold({ path: pomPath(at), ...identity })
    if (node?.model?.relocation !== undefined) continue
    const path = choicePath(choice)
    // a dependency without a type of its own on what is only a descriptor
    const nothing = choice.type === 'jar' && choice.classifier === undefined && node?.model?.packaging === 'pom'
    if (path !== undefined && !nothing) hold({ path, ...identity })
  }
}

/** A file that a variant of Gradle's module names, in its own folder. */
function holdModuleFile(at: Coordinate, file: string, hold: Builds['hold']): void {
  const stem = `${at.artifact}-${at.version}`
  if (file.startsWith(stem))
    hold({ path: filePath(at, file.slice(stem.length)), name: nameOf(at), version: at.version })
}

/** Sources and the like, which many artifacts lack. */
async function holdIfThere(at: Coordinate, classifier: string, { look, hold }: Builds): Promise<void> {
  const path = filePath(at, `-${classifier}.jar`)
  for (const algorithm of look.repo.options.checksums.toReversed()) {
    if ((await look.document(checksumPath(algorithm, path))) === undefined) continue
    hold({ path, name: nameOf(at), version: at.version })
    return
  }
}

async function holdPlugins(plugins: readonly Plugin[], builds: Builds): Promise<void> {
  const { graph, look } = builds
  await together(plugins, async (plugin) => {
    const { group, artifact } = plugin
    if (!isName(group, artifact)) return
    const version = plugin.version ?? (await graph.versions(plugin, {}))[0]
    if (version === undefined || !isVersionText(version)) return
    await look.document(groupMetadataPath(group))
    await holdPlugin({ group, artifact, version }, plugin.dependencies, builds)
  })
}

/** A plugin is a build of its own: with what is declared for it, and what it fetches while it runs. */
async function holdPlugin(at: Coordinate, more: readonly Dependency[], builds: Builds): Promise<void> {
  const { graph } = builds
  const edges = more.map((one) => ({
    ...one,
    version: one.version ?? '',
    scope: one.scope ?? '',
    optional: one.optional === 'true',
  }))
  const root: Root = { at, type: 'jar', steps: await graph.resolve(edges) }
  const beside = await Promise.all([...fetchedBy(at), injected].map((each) => graph.load(each)))
  const there = beside.filter(({ model }) => model !== undefined)
  await holdBuilds([root, ...there.map((node) => rootOf(node.at, { type: 'jar' }))], builds)
}

/** The plugins of a release of Maven, as its core names them. */
async function holdLifecycle({ want, options, at }: Wanted, builds: Builds): Promise<void> {
  const { look } = builds
  const core = { group: 'org.apache.maven', artifact: 'maven-core', version: at.version }
  const jar = await look.document(filePath(core, '.jar'))
  const plugins = jar === undefined ? [] : await boundPlugins(jar, options.packagings)
  if (plugins.length === 0)
    look.lacks(want, `no maven-core ${at.version} binds plugins for ${options.packagings.join(', ')}`)
  for (const group of new Set(plugins.map((plugin) => plugin.group))) await look.document(groupMetadataPath(group))
  await together([...new Map(plugins.map((plugin) => [idOf(plugin), plugin])).values()], async (plugin) => {
    await look.document(metadataPath(plugin))
    await holdPlugin(plugin, [], builds)
  })
}
