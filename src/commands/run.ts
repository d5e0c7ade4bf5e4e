// A run that brings things in: `sync` and `seed` are this with different wants.

import type { HeldSum } from '../catalog/catalog.ts'
import type { Steady } from '../catalog/steady.ts'
import type { Entry, Selector } from '../contract.ts'
import type { EngineEvent } from '../engine/events.ts'
import type { Mirror } from '../engine/mirror.ts'
import { type Fault, type Item, type Walked, type WalkOptions, walk } from '../engine/walk.ts'
import { exitCode, MirrorError } from '../errors.ts'
import type { Context } from './context.ts'
import { type Drift, driftOf, noDrift } from './drift.ts'
import { type Gate, type GateOptions, openGate } from './gate.ts'
import { type Standing, standingOf } from './steady.ts'
import { record, type Workspace } from './workspace.ts'

export interface RunOptions {
  readonly command: string
  /** Who holds what is brought in: the manifest's or lockfile's path. */
  readonly holder: string
  readonly dryRun: boolean
  readonly wants: ReadonlyMap<string, readonly Selector[]>
  /** What could not even be read: the run goes on without it, and lets go of nothing. */
  readonly faults?: readonly MirrorError[]
  /** Told of every entry before it is obtained. */
  readonly before?: (repo: string, entry: Entry) => void
  /** Told of every item of the walks. */
  readonly item?: (item: Item) => void
}

/** Without a repository where a lockfile could not be read. */
export type RunFault = Omit<Fault, 'repo'> & { readonly repo?: string }

export interface RepoSummary {
  readonly items: number
  readonly bytes: number
  readonly fetched: number
  readonly fetchedBytes: number
  readonly planned: number
  readonly plannedBytes: number
  readonly requests: number
  readonly proofs: Readonly<Record<string, number>>
  readonly hosts: readonly string[]
  readonly flipped: readonly string[]
  /** Everything is as the last run left it: only its documents were asked for, and nothing was planned again. */
  readonly steady: boolean
}

export interface Summary {
  readonly code: number
  readonly milliseconds: number
  readonly changed: boolean
  readonly repositories: Readonly<Record<string, RepoSummary>>
  readonly faults: readonly RunFault[]
  readonly cleaned: { readonly files: number; readonly bytes: number }
  /** What the manifest held before, and holds now. */
  readonly growth: { readonly before: Held; readonly after: Held }
  /** What changed upstream under it. */
  readonly drift: Drift
  /** What was planned was refused before any file of it was fetched. */
  readonly refused: boolean
}

export interface Held {
  readonly packages: number
  readonly files: number
  readonly bytes: number
}

/** Artifacts of one repository under way at once; the client's own queues bound the requests. */
const CONCURRENCY = 32

export async function run(context: Context, workspace: Workspace, options: RunOptions): Promise<Summary> {
  const { mirror, events } = workspace
  const started = mirror.now()
  const id = mirror.catalog.runs.start(options.command, started)
  const standing = await standingsOf(workspace, options)
  const lasts = new Map([...standing].flatMap(([repo, { last }]) => (last === undefined ? [] : [[repo, last]])))
  const before = mirror.catalog.holds.sums(options.holder, sumsIn(lasts))
  const gate = gateOf(context, mirror, { walks: options.wants.size, holder: options.holder, before })
  const requests = new Map<string, number>()
  const stop = events.subscribe((event: EngineEvent) => {
    if (event.type === 'asked') requests.set(event.repo, (requests.get(event.repo) ?? 0) + 1)
  })
  const tallies = new Map<string, Tally>()
  const walks = [...options.wants].map(([name, wants]) => {
    const mounted = mirror.repos.get(name)
    if (mounted === undefined) throw new MirrorError('CONFIG', `there is no repository ${name}`)
    const tally = createTally((paths) => {
      if (!options.dryRun)
        mirror.catalog.holds.put(
          options.holder,
          id,
          paths.map((path) => ({ repo: name, path })),
        )
    })
    tallies.set(name, tally)
    return walk(mirror, mounted, wants, {
      platforms: mirror.platforms,
      started,
      dryRun: options.dryRun,
      signal: context.signal,
      concurrency: CONCURRENCY,
      ...stoodOn(lasts.get(name)),
      ...(gate === undefined ? {} : { planned: gate.plan }),
      before: (entry) => options.before?.(name, entry),
      item(item) {
        tally.add(item)
        options.item?.(item)
      },
    })
  })
  const walked = await Promise.all(walks)
  stop()
  await mirror.holder.settle()
  /** Those that are as they were: what the last run held and said of them stands. */
  const stood = new Map([...lasts].filter(([name]) => walked.some((one) => one.repo === name && isAsBefore(one))))
  const totals = new Map([...tallies].map(([repo, tally]) => [repo, tally.total()]))
  const repositories = Object.fromEntries(
    walked.map(({ repo, flipped, short }) => {
      const sums = { ...totals.get(repo), ...saidOf(stood.get(repo)) }
      return [repo, { ...sums, requests: requests.get(repo) ?? 0, flipped, steady: short } as RepoSummary]
    }),
  )
  const unread = [...(gate?.failure === undefined ? [] : [gate.failure]), ...(options.faults ?? [])].map((error) => ({
    error,
  }))
  const faults: readonly RunFault[] = [...unread, ...walked.flatMap((one) => one.faults)]
  const changed = Object.values(repositories).some((one) => one.fetched > 0 || one.flipped.length > 0)
  const looks = changed && !options.dryRun && gate?.failure === undefined && !context.signal.aborted
  const drift = looks
    ? await driftOf(mirror, {
        holder: options.holder,
        run: id,
        repos: [...options.wants.keys()].filter((repo) => !stood.has(repo)).sort(),
        signal: context.signal,
      })
    : noDrift
  if (!options.dryRun) {
    record(mirror, options.wants.keys())
    // with `only` the rest of the selection was not looked at
    const { only } = context.settings.origins
    const narrowed = only !== undefined && only.file !== 'default'
    const runs = new Map([...stood].map(([repo, { run: planned }]) => [repo, planned]))
    if (faults.length === 0)
      mirror.catalog.holds.settle(options.holder, id, narrowed ? options.wants.keys() : undefined, runs)
  }
  const after = mirror.catalog.holds.sums(options.holder, sumsIn(stillIn(mirror, stood)))
  for (const { repo, rested, short } of walked) {
    if (options.dryRun || short) continue
    const { fingerprint } = standing.get(repo) ?? {}
    const said = totals.get(repo)
    if (rested === undefined) mirror.catalog.steady.drop(repo, options.holder)
    if (rested === undefined || fingerprint === undefined || said === undefined) continue
    const { items, bytes, proofs } = said
    const sum = after.find((one) => one.repo === repo)
    mirror.catalog.steady.put({
      ...{ holder: options.holder, repo, run: id, fingerprint, made: started },
      ...rested,
      ...{ items, bytes, proofs, sum },
    })
  }
  const summary: Summary = {
    code: exitCode(faults.map((fault) => fault.error)),
    milliseconds: mirror.now() - started,
    changed,
    repositories,
    faults,
    cleaned: workspace.cleaned,
    growth: { before: sumOf(before), after: sumOf(after) },
    drift,
    refused: gate?.failure !== undefined,
  }
  mirror.catalog.runs.end(id, mirror.now(), summary.code, forHistory(summary))
  return summary
}

/** Whoever is told of every entry has to be told of all. */
async function standingsOf(workspace: Workspace, options: RunOptions): Promise<ReadonlyMap<string, Standing>> {
  const { dryRun, before, item, holder, wants } = options
  return dryRun || before !== undefined || item !== undefined ? new Map() : standingOf(workspace, holder, wants)
}

const isAsBefore = ({ short, refused }: Walked): boolean => short && !refused

const stoodOn = (last: Steady | undefined): Pick<WalkOptions, 'steady'> =>
  last === undefined ? {} : { steady: last.documents }

const saidOf = (last: Steady | undefined): Partial<Pick<RepoSummary, 'items' | 'bytes' | 'proofs'>> =>
  last === undefined ? {} : { items: last.items, bytes: last.bytes, proofs: last.proofs }

const sumsIn = (of: ReadonlyMap<string, Steady>): ReadonlyMap<string, HeldSum | undefined> =>
  new Map([...of].map(([repo, { sum }]) => [repo, sum]))

/** Without those of which something was let go just now. */
const stillIn = ({ catalog }: Mirror, of: ReadonlyMap<string, Steady>): ReadonlyMap<string, Steady> =>
  new Map([...of].filter(([repo, { holder }]) => catalog.steady.get(repo, holder) !== undefined))

/** None where nothing is to stay free and everything may grow: then files come while the rest is still being found. */
function gateOf({ settings }: Context, mirror: Mirror, of: Omit<GateOptions, 'maxGrowth'>): Gate | undefined {
  const { keepFree, maxGrowth } = settings
  const open = 'bytes' in keepFree && keepFree.bytes === 0 && !Number.isFinite(maxGrowth)
  return open || of.walks === 0 ? undefined : openGate(mirror, { ...of, maxGrowth })
}

const sumOf = (sums: readonly HeldSum[]): Held => ({
  packages: sums.reduce((sum, one) => sum + one.packages, 0),
  files: sums.reduce((sum, one) => sum + one.files, 0),
  bytes: sums.reduce((sum, one) => sum + one.bytes, 0),
})

/** Paths that are written as held at once. */
const BATCH = 1000

interface Tally {
  add(item: Item): void
  /** Hands on the last held paths and returns the sums. */
  total(): Omit<RepoSummary, 'requests' | 'flipped' | 'steady'>
}

function createTally(hold: (paths: readonly string[]) => void): Tally {
  let [items, bytes, fetched, fetchedBytes, planned, plannedBytes] = [0, 0, 0, 0, 0, 0]
  const proofs: Record<string, number> = {}
  const hosts = new Set<string>()
  let paths: string[] = []
  const flush = (): void => {
    hold(paths)
    paths = []
  }
  return {
    add(item) {
      items += 1
      if (item.outcome === 'missing') {
        planned += 1
        plannedBytes += item.bytes
        return
      }
      bytes += item.bytes
      paths.push(item.path)
      if (paths.length >= BATCH) flush()
      if (item.proof !== undefined) proofs[item.proof] = (proofs[item.proof] ?? 0) + 1
      if (item.outcome !== 'fetched') return
      fetched += 1
      fetchedBytes += item.bytes
      if (item.url !== undefined && URL.canParse(item.url)) hosts.add(new URL(item.url).host)
    },
    total() {
      flush()
      return { items, bytes, fetched, fetchedBytes, planned, plannedBytes, proofs, hosts: [...hosts].sort() }
    },
  }
}

const forHistory = ({ faults, ...rest }: Summary) => ({
  ...rest,
  faults: faults.slice(0, 100).map(({ error, ...fault }) => ({ ...fault, code: error.code, message: error.message })),
})
