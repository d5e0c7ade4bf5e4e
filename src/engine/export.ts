// What a published tree holds: everything that is held, as an offline client would get it, under the names that a plain
// file server needs. Each path goes through `open`, so that policy, generations and views are those of `serve --offline`.

import { setImmediate as turn } from 'node:timers/promises'
import { type HeldRef, isHeld, type Ref } from '../catalog/rows.ts'
import type { AnyRoute, Layout, LayoutFile, Setup } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import type { Published, Publishing, Sink, TreeFile } from '../sinks/sink.ts'
import { createTree, type GrowingTree, OWN_FOLDER, type TreeOptions } from '../sinks/tree.ts'
import { belongsTo, configurations, isListable } from '../sinks/web-servers.ts'
import { aboutPath, describe, written } from './export-top.ts'
import { generationFor } from './generation.ts'
import { holdings } from './holdings.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { fetching, serviced } from './obtain.ts'
import { open, openHeld } from './open.ts'
import type { Opened } from './opened.ts'
import { isMade, isRoot, type Resource, resolve } from './resolve.ts'
import { clientScope } from './scope.ts'
import { isBlob } from './served.ts'
import { withSpoken } from './spoken.ts'

export interface ExportOptions extends TreeOptions, Omit<Publishing, 'covers'> {
  /** Names of repositories; all that hold anything when left out. */
  readonly repos?: readonly string[]
  /** Address under which the tree will be served, without a trailing slash. */
  readonly baseUrl: string
  /** A form of directory that tools of one ecosystem read, instead of a tree for web servers. */
  readonly layout?: string
  /** A page for people about the whole tree. */
  page?(repos: readonly About[], baseUrl: string): string
  /** A signature over the MANIFEST. */
  readonly sign?: (bytes: AsyncIterable<Uint8Array>) => Promise<string>
}

/** What people are told of a repository of the tree. */
export interface About {
  readonly repo: string
  readonly title: string
  /** The folder of the tree, with a slash in front; empty for the top. */
  readonly mount: string
  readonly files: number
  readonly bytes: number
  /** When upstream was last asked for anything of it, milliseconds since 1970. */
  readonly checked: number
  /** Files of the mirror by how they are proven. */
  readonly proofs: Readonly<Record<string, number>>
  readonly setup: readonly Setup[]
}

export interface ExportedRepo {
  readonly files: number
  readonly bytes: number
  /** Held, but policy denies it or it still waits for its cooldown. */
  readonly denied: number
  readonly waiting: number
  /** Held, but nobody who may speak names it any more, or nothing of it is shown. */
  readonly unnamed: number
  readonly setup: readonly Setup[]
}

export interface ExportFault {
  readonly repo: string
  readonly path: string
  readonly error: MirrorError
}

export interface Exported extends Published {
  readonly repos: Readonly<Record<string, ExportedRepo>>
  readonly faults: readonly ExportFault[]
  /** Of all these repositories. */
  readonly files: number
  readonly treeBytes: number
}

/**
 * Brings a sink to what the mirror holds and shows. Nothing is written before the whole tree is known.
 *
 * @throws MirrorError CONFIG for an unknown repository, BAD_PATH for names that no tree can have together, and whatever
 * the sink throws. What cannot be shown for another reason is a fault: it is left out, and nothing is deleted then.
 */
export async function exportTree(mirror: Mirror, sink: Sink, options: ExportOptions): Promise<Exported> {
  const offline: Mirror = { ...mirror, offline: true }
  const chosen = chosenRepos(mirror, options.repos).filter((one) => layoutOf(one, options) !== undefined)
  if (options.layout !== undefined) mustBeOne(mirror, chosen, options.layout)
  const tree = createTree(options)
  try {
    const faults: ExportFault[] = []
    const abouts: About[] = []
    const repos: Record<string, ExportedRepo> = {}
    for (const mounted of chosen) {
      const found = await planRepo(offline, mounted, tree, options, faults, abouts)
      if (found.files > 0 || options.repos !== undefined) repos[mounted.settings.name] = found
    }
    const whole = faults.length === 0
    const within = options.repos === undefined ? undefined : new Set(chosen.map((one) => one.settings.name))
    const all = [...mirror.repos.values()]
    const covers = (path: string): boolean =>
      whole &&
      (within === undefined ||
        options.layout !== undefined ||
        (isOwn(path) ? ownedBy(within, path) : within.has(repoAt(all, path))))
    if (options.layout === undefined && (tree.files > 0 || sink.earlier !== undefined))
      await describe({ tree, store: offline.store, abouts, earlier: sink.earlier, covers, ...options })
    const published = await sink.publish(tree, {
      ...options,
      covers,
      changed(change) {
        if (change.what === 'failed')
          faults.push({ repo: repoAt(chosen, change.path), path: change.path, error: change.error })
        options.changed(change)
      },
    })
    const sums = Object.values(repos)
    return {
      ...published,
      repos,
      faults,
      files: sums.reduce((sum, one) => sum + one.files, 0),
      treeBytes: sums.reduce((sum, one) => sum + one.bytes, 0),
    }
  } finally {
    tree.close()
  }
}

function chosenRepos(mirror: Mirror, names: readonly string[] | undefined): readonly MountedRepo[] {
  const all = [...mirror.repos.values()]
  for (const name of names ?? []) {
    if (mirror.repos.has(name)) continue
    throw new MirrorError('CONFIG', `there is no repository ${name}`, {
      hint: `There are ${all.map((one) => one.settings.name).join(', ')}.`,
    })
  }
  const chosen = names === undefined ? all : all.filter((one) => names.includes(one.settings.name))
  return chosen.sort((a, b) => (a.settings.name < b.settings.name ? -1 : 1))
}

/** The folder of a repo in the tree, with a slash in front and none behind; '' for one that is mounted at the top. */
const rootOf = ({ settings }: MountedRepo): string => settings.mount.replace(/\/+$/, '')

const repoAt = (repos: readonly MountedRepo[], path: string): string =>
  repos.filter((one) => `/${path}`.startsWith(`${rootOf(one)}/`)).sort((a, b) => rootOf(b).length - rootOf(a).length)[0]
    ?.settings.name ?? ''

const isOwn = (path: string): boolean => path.startsWith(`${OWN_FOLDER}/`)
const ownedBy = (repos: ReadonlySet<string>, path: string): boolean => [...repos].some((repo) => belongsTo(path, repo))

/** A tree for web servers where no other form is asked for; undefined where its ecosystem has no such form. */
const layoutOf = ({ ecosystem }: MountedRepo, { layout }: ExportOptions): Layout | 'tree' | undefined =>
  layout === undefined ? 'tree' : ecosystem.layouts?.[layout]

/** Names in a layout say nothing of a registry: two of them would take each other's. */
function mustBeOne(mirror: Mirror, chosen: readonly MountedRepo[], layout: string): void {
  const holding = chosen.map((one) => one.settings.name).filter((name) => holdsAnything(mirror, name))
  if (holding.length < 2) return
  throw new MirrorError('USAGE', `${layout} is for one repository, and ${holding.join(', ')} hold something`, {
    hint: `Choose with --repo, such as --repo ${holding[0] ?? ''}.`,
  })
}

interface Plan {
  readonly layout: Layout | undefined
  readonly placed: LayoutFile[]
  readonly mirror: Mirror
  readonly mounted: MountedRepo
  readonly tree: GrowingTree
  readonly base: string
  readonly counts: { files: number; bytes: number; denied: number; waiting: number; unnamed: number }
  readonly faults: ExportFault[]
  readonly write: (texts: Iterable<string>) => Promise<Pick<TreeFile, 'sha256' | 'size'>>
}

async function planRepo(
  mirror: Mirror,
  mounted: MountedRepo,
  tree: GrowingTree,
  options: ExportOptions,
  faults: ExportFault[],
  abouts: About[],
): Promise<ExportedRepo> {
  const base = `${options.baseUrl}${rootOf(mounted)}`
  const counts = { files: 0, bytes: 0, denied: 0, waiting: 0, unnamed: 0 }
  const form = layoutOf(mounted, options)
  const layout = form === 'tree' ? undefined : form
  const write = (texts: Iterable<string>) => written(mirror.store, texts, options.dryRun)
  const plan: Plan = { layout, placed: [], mirror, mounted, tree, base, counts, faults, write }
  const stop = (): void => {
    if (options.signal.aborted) throw new MirrorError('STOPPED', 'the export was stopped; nothing was written')
  }
  const generations = await currentGenerations(mirror, mounted)
  // documents first: whatever they show is held by then, and so it is found when the artifacts' turn comes
  for await (const refs of streamed(byPath(mirror.catalog.refs.scan(mounted.settings.name)))) {
    stop()
    const held = heldAt(plan, generations, refs)
    if (held !== undefined && held.resource.route.kind !== 'artifact') await add(plan, held.resource)
  }
  if (layout === undefined) {
    for await (const path of madePaths(plan)) {
      stop()
      const resource = resolve(mounted, path)
      if (resource !== undefined) await add(plan, resource)
    }
  }
  for await (const held of streamed(withSpoken(mirror.catalog, heldFiles(plan, generations)))) {
    stop()
    await addFile(plan, held)
  }
  await (layout === undefined ? addServers(plan) : addDocuments(plan, layout))
  const isServed = counts.files > 0 && layout === undefined
  const setup = isServed ? mounted.ecosystem.setup({ repo: mounted.repo, base }) : []
  if (isServed) abouts.push(await addAbout(plan, generations, setup))
  return { ...counts, setup }
}

/** The generations that are served now; those whose cooldown has ended take their place first, as for any client. */
async function currentGenerations(mirror: Mirror, mounted: MountedRepo): Promise<ReadonlySet<number>> {
  const { name } = mounted.settings
  const ids = new Set([0])
  for (const { id, repo, state } of mirror.catalog.generations.all()) {
    if (repo !== name || state !== 'current') continue
    const ref = mirror.catalog.refs.ofGeneration(id).find(isHeld)
    const resource = ref === undefined ? undefined : resolve(mounted, ref.path)
    if (resource === undefined) continue
    const working = await generationFor(mirror, resource, clientScope(), fetching)
    ids.add(working?.id ?? id)
  }
  return ids
}

interface HeldResource {
  readonly resource: Resource
  readonly ref: HeldRef
  /** Nothing else is kept for its path. */
  readonly alone: boolean
}

/** What is held at a path, under a name of its own. */
function heldAt({ mounted }: Plan, generations: ReadonlySet<number>, refs: readonly Ref[]): HeldResource | undefined {
  // an answer to a query has no name on a file server
  const ref = refs.find((one) => one.variant === '' && isHeld(one) && generations.has(one.generation))
  const resource = isHeld(ref) ? resolve(mounted, ref.path) : undefined
  if (!isHeld(ref) || resource === undefined || resource.route.kind === 'live') return undefined
  return isMade(resource, true) ? undefined : { resource, ref, alone: refs.length === 1 }
}

function* heldFiles(plan: Plan, generations: ReadonlySet<number>): Generator<HeldResource> {
  for (const refs of byPath(plan.mirror.catalog.refs.scan(plan.mounted.settings.name))) {
    const held = heldAt(plan, generations, refs)
    if (held?.resource.route.kind === 'artifact') yield held
  }
}

/** What is kept for each path. */
function* byPath(refs: Iterable<Ref>): Generator<readonly Ref[]> {
  let group: Ref[] = []
  for (const ref of refs) {
    if (group.length > 0 && group[0]?.path !== ref.path) {
      yield group
      group = []
    }
    group.push(ref)
  }
  if (group.length > 0) yield group
}

/** Made documents: those that the ecosystem names, and those that are there once for a whole repo that holds anything. */
async function* madePaths({ mirror, mounted }: Plan): AsyncGenerator<string> {
  const { ecosystem, settings } = mounted
  if (!holdsAnything(mirror, settings.name)) return
  for (const route of ecosystem.routes) {
    if (isMade({ route }, true) && !route.pattern.includes(':')) yield route.pattern
  }
  if (ecosystem.made === undefined) return
  const repo = await serviced(mirror, mounted, clientScope())
  yield* ecosystem.made(repo, streamed(holdings(mirror, mounted)))
}

function holdsAnything(mirror: Mirror, repo: string): boolean {
  for (const ref of mirror.catalog.refs.scan(repo)) if (isHeld(ref)) return true
  return false
}

async function* streamed<T>(items: Iterable<T>): AsyncGenerator<T> {
  let count = 0
  for (const item of items) {
    count += 1
    if (count % 100 === 0) await turn()
    yield item
  }
}

/** The same of a held file, which nearly always is shown as it is. */
async function addFile(plan: Plan, held: HeldResource & { readonly spoken: boolean }): Promise<void> {
  const { resource, ref, alone, spoken } = held
  const opened = alone ? shownAtOnce(plan, resource, ref, spoken) : undefined
  if (opened === undefined) return add(plan, resource)
  const [type = ''] = resource.route.types ?? ['']
  put(plan, resource, opened, namesOf(resource, type, 0))
}

function shownAtOnce({ mirror }: Plan, resource: Resource, ref: HeldRef, spoken: boolean): Opened | undefined {
  try {
    return openHeld(mirror, resource, ref, spoken)
  } catch {
    // why not is told when it is opened as any other path
    return undefined
  }
}

const namesOf = ({ route, p, path }: Resource, type: string, index: number): readonly string[] =>
  route.files?.(p, type) ?? (index === 0 ? [path] : [])

/** Puts what a client would get at a path into the tree, under each of its names. */
async function add(plan: Plan, resource: Resource): Promise<void> {
  const { mounted, tree } = plan
  const { route } = resource
  const types = route.kind === 'artifact' ? (route.types ?? ['']).slice(0, 1) : (route.types ?? [''])
  for (const [index, type] of types.entries()) {
    const names = namesOf(resource, type, index)
    if (names.length === 0) continue
    const opened = await openShown(plan, resource, type)
    if (opened === 'withdrawn') for (const name of names) tree.withdraw(`${rootOf(mounted)}${name}`.slice(1))
    if (opened !== undefined && opened !== 'withdrawn') put(plan, resource, opened, names)
  }
}

function put(plan: Plan, resource: Resource, opened: Opened, names: readonly string[]): void {
  const { mounted, tree, counts, faults } = plan
  const { path, route } = resource
  if (names.length === 0) return
  if (!isBlob(opened.body)) {
    const error = new MirrorError('NOT_HELD', `${path} is not held whole`)
    faults.push({ repo: mounted.settings.name, path, error })
    return
  }
  const { sha256, size } = opened.body
  if (plan.layout !== undefined) {
    addPlaced(plan, plan.layout, { path, type: opened.type, sha256, size }, opened.modified ?? 0)
    return
  }
  for (const name of names) {
    stateFields(plan, opened, `${rootOf(mounted)}${name}`)
    tree.add({
      path: `${rootOf(mounted)}${name}`.slice(1),
      sha256,
      size,
      modified: opened.modified ?? 0,
      kind: route.kind === 'artifact' ? 'artifact' : 'document',
      rank: rankOf(resource),
    })
    counts.files += 1
    counts.bytes += size
  }
}

function addPlaced({ tree, placed, counts }: Plan, layout: Layout, file: LayoutFile, modified: number): void {
  const path = layout.place(file)
  if (path === undefined) return
  placed.push(file)
  if (tree.get(path) !== undefined) return
  const { sha256, size } = file
  tree.add({ path, sha256, size, modified, kind: 'artifact', rank: ranks.artifact })
  counts.files += 1
  counts.bytes += size
}

async function addDocuments({ write, tree, placed, counts }: Plan, layout: Layout): Promise<void> {
  if (placed.length === 0) return
  for (const [path, text] of Object.entries(layout.documents(placed))) {
    const { sha256, size } = await write([text])
    tree.add({ path, sha256, size, modified: 0, kind: 'document', rank: ranks.made })
    counts.files += 1
    counts.bytes += size
  }
}

/**
 * What clients of the protocol are told beside the bytes, where any of its routes tells them anything: its own fields, and with
 * them the type. What the name says already is left out.
 */
function stateFields({ tree, mounted }: Plan, { type, own }: Opened, path: string): void {
  // where one file of a repository is told of, web servers go by what is told alone
  if (!mounted.ecosystem.routes.some((one) => one.headers !== undefined)) return
  const fields = Object.entries({ ...own, ...(type === UNKNOWN ? {} : { 'content-type': type }) }).filter(
    ([, value]) => !path.endsWith(`/${value}`) && isListable(path, value),
  )
  tree.states(mounted.settings.name, path, Object.fromEntries(fields))
}

/** How web servers are told what was stated. */
async function addServers({ mirror, mounted, tree, write }: Plan): Promise<void> {
  const { name } = mounted.settings
  const fields = tree.fieldsOf(name).map((field) => ({ repo: name, name: field }))
  if (fields.length === 0) return
  const lines = (field: (typeof fields)[number]) => tree.stated(name, field.name)
  const mount = rootOf(mounted)
  const others = [...mirror.repos.values()].map(rootOf).filter((one) => one.startsWith(`${mount}/`))
  for (const { path, text } of configurations({ mount, others }, name, fields, lines)) {
    tree.addOwn({ path, ...(await write(text())), modified: 0, kind: 'document', rank: ranks.made })
  }
}

/** What the page for people is made of: beside the tree, so that an export of one repository knows of the others. */
async function addAbout(plan: Plan, generations: ReadonlySet<number>, setup: readonly Setup[]): Promise<About> {
  const { mirror, mounted, tree, counts, write } = plan
  const { name } = mounted.settings
  const proofs: Record<string, number> = {}
  // a snapshot is asked for again with what is there now, and must not look younger for it
  const isPast = mirror.catalog.snapshot !== 0
  let checked = isPast ? mirror.now() : 0
  for (const sum of mirror.catalog.refs.proofs(name)) {
    if (!generations.has(sum.generation)) continue
    if (!isPast) checked = Math.max(checked, sum.checked)
    proofs[sum.proof] = (proofs[sum.proof] ?? 0) + sum.refs
  }
  const sorted = Object.fromEntries(Object.entries(proofs).sort(([a], [b]) => (a < b ? -1 : 1)))
  const about: About = {
    repo: name,
    title: mounted.ecosystem.title,
    mount: rootOf(mounted),
    files: counts.files,
    bytes: counts.bytes,
    checked,
    proofs: sorted,
    setup,
  }
  const text = `${JSON.stringify(about)}\n`
  tree.addOwn({ path: aboutPath(name), ...(await write([text])), modified: 0, kind: 'document', rank: ranks.made })
  return about
}

/** What a web server says of a file when its name tells nothing. */
const UNKNOWN = 'application/octet-stream'

/** What a client would get. When it would get nothing, that is counted or told: `withdrawn` where it may not be shown. */
async function openShown(plan: Plan, resource: Resource, type: string): Promise<Opened | 'withdrawn' | undefined> {
  const { mirror, mounted, base, counts, faults } = plan
  const { path, route } = resource
  try {
    const directives = { revalidate: false, onlyIfCached: false }
    const request = { method: 'GET', path, query: new URLSearchParams(), accept: undefined, base, directives }
    return await open(mirror, mounted, request, (_, types) => (types.includes(type) ? type : (types[0] ?? '')))
  } catch (error) {
    const failure = asMirrorError(error)
    // of what is made out of things that are not held, nothing is
    if (route.kind === 'made' && (failure.failure.status === 404 || failure.failure.exit === 5)) return undefined
    if (failure.failure.exit === 5) {
      counts[failure.code === 'COOLDOWN' ? 'waiting' : 'denied'] += 1
      return 'withdrawn'
    }
    if (failure.failure.status === 404) counts.unnamed += 1
    else if (failure.failure.exit === 1 || failure.failure.exit === 2) throw failure
    else faults.push({ repo: mounted.settings.name, path, error: failure })
    return undefined
  }
}

const ranks = { artifact: 0, vouched: 1, index: 2, made: 3, entry: 4 } as const

/** What speaks of other files comes after them; of several roots the one that clients ask for first comes last. */
function rankOf(resource: Resource): number {
  const { route, index, path, mounted } = resource
  const { service, routes } = mounted.ecosystem
  if (path === service || isRoot(resource)) return ranks.entry + routes.length - index
  return ranks[plainRank(route)]
}

function plainRank(route: AnyRoute<unknown>): 'artifact' | 'vouched' | 'index' | 'made' {
  if (route.kind === 'artifact') return route.kind
  if (isMade({ route }, true)) return 'made'
  return route.vouchers === undefined ? 'index' : 'vouched'
}
