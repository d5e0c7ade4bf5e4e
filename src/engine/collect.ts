// Collecting what nothing keeps, in two steps: everything that is to go is marked and counted, then the marks are carried
// out. A dry run is the first step alone, so that it shows the very plan. Works in short turns beside a running serve.

import type { GoingBlob, GoingReading, GoingRef, GoingView } from '../catalog/marks.ts'
import type { Settings } from '../config/types.ts'
import { MirrorError } from '../errors.ts'
import { type GoneGeneration, markGenerations, markRefs } from './gc-refs.ts'
import { type BlobCounts, markBlobs, markFiles, markReadings, markViews } from './gc-rest.ts'
import { markForSize } from './gc-size.ts'
import { countPast, markSnapshots, type Retention } from './gc-snapshots.ts'
import { aged, type Collecting, type Count, count, countsOf, grave, type RepoCounts } from './gc-state.ts'
import { type Swept, sweep } from './gc-sweep.ts'
import type { Mirror } from './mirror.ts'
import { pages } from './turns.ts'

export interface CollectOptions {
  readonly keep: Settings['keep']
  /** Which snapshots of syncs stay; all when left out. */
  readonly retention?: Retention
  readonly dryRun: boolean
  /** Go on although more than half of what is kept would go. */
  readonly force: boolean
  /** The catalog is not the one that belongs to the store: files that it does not know are left alone unless forced. */
  readonly lost?: boolean
  readonly signal: AbortSignal
  /** Told of everything that goes, after it went. */
  readonly item?: (item: Gone) => void
}

/** One thing that goes. Bytes of refs and views become free only with their blob. */
export interface Gone {
  readonly what: 'snapshot' | 'generation' | 'ref' | 'view' | 'reading' | 'blob' | 'file'
  readonly reason: string
  readonly bytes: number
  readonly repo?: string
  readonly path?: string
  readonly sha256?: string
}

export interface Collected {
  readonly repositories: Readonly<Record<string, RepoCounts>>
  readonly snapshots: number
  readonly generations: number
  readonly readings: number
  /** Blobs that nothing has named for long. */
  readonly unreferenced: Count
  /** Files that the catalog does not know. */
  readonly unknown: Count
  /** Nothing names them either, but they are younger than `keep.grace`. */
  readonly waiting: Count
  /** Everything that becomes free. */
  readonly freed: Count
  /** How much of what was kept until now goes by rule, or because the catalog does not know it: 0 to 1. */
  readonly loss: number
  /** More goes than is done without `--force`, or the clock may be wrong. */
  readonly guarded: boolean
  /** For how long nothing is known to have happened here, where that may as well be a clock that jumped ahead; milliseconds. */
  readonly leap: number | undefined
  /** What really went; nothing in a dry run. */
  readonly swept: Swept | undefined
}

/** A larger loss than this at once is more likely a mistake in the rules or a lost catalog than a wish. */
const MOST = 0.5
/** A silence that is more likely a clock that jumped than a mirror that nobody used: longer than from one month to the next. */
const SILENCE = 35 * 24 * 60 * 60 * 1000

/**
 * Drops what nothing keeps. Throws DENIED when more than half of the bytes would be lost and `force` is not set, before
 * anything is touched; STOPPED when the signal is raised. The caller holds the directory's lock.
 */
export async function collect(mirror: Mirror, options: CollectOptions): Promise<Collected> {
  const now = mirror.now()
  const { keep, signal } = options
  const marks = mirror.catalog.marks()
  const at: Collecting = {
    ...{ mirror, keep, signal, marks, now, cutoff: now - keep.grace },
    repositories: new Map(),
    pins: new Map(),
    witnessed: Number.NEGATIVE_INFINITY,
    snapshots: [],
  }
  try {
    if (options.retention !== undefined) markSnapshots(at, options.retention)
    const generations = await markGenerations(at)
    await markRefs(at)
    await markViews(at)
    if (Number.isFinite(keep.maxSize)) {
      await markForSize(at)
      await markViews(at)
    }
    countPast(at)
    await markReadings(at)
    const blobs = await markBlobs(at)
    if (options.lost !== true || options.force) await markFiles(at)
    const plan = await summarise(at, generations, blobs)
    if (options.dryRun) {
      await tell(at, generations, options.item)
      return plan
    }
    if (plan.guarded && !options.force) throw tooMuch(plan)
    const swept = await sweep(at, generations)
    await tell(at, generations, options.item)
    return { ...plan, swept }
  } finally {
    marks.close()
  }
}

function tooMuch({ loss, freed, leap }: Collected): MirrorError {
  if (leap !== undefined && loss <= MOST) {
    const days = Math.round(leap / 86_400_000)
    return new MirrorError(
      'DENIED',
      `by the clock nothing has happened here for ${days} days, and what would go is only too old: nothing was done`,
      {
        hint: 'Look at the clock. If it is right, say --force, or leave it to the next `pkgmirror gc` after `keep.grace`.',
      },
    )
  }
  return new MirrorError(
    'DENIED',
    `${Math.round(loss * 100)} % of what is kept would go (${freed.bytes} bytes): nothing was done`,
    { hint: 'Look at `pkgmirror gc --dry-run`; correct `keep` and `expire_after`, or say --force if this is meant.' },
  )
}

/** Runs of the history witness the time too, also those that did nothing. */
function leapOf({ mirror, witnessed, cutoff, now }: Collecting): number | undefined {
  const runs = mirror.catalog.runs.list(1000).map(({ started }) => started)
  const last = runs.reduce((newest, time) => (time <= cutoff && time > newest ? time : newest), witnessed)
  return Number.isFinite(last) && now - last > SILENCE ? now - last : undefined
}

async function summarise(
  at: Collecting,
  generations: readonly GoneGeneration[],
  { waiting, kept }: BlobCounts,
): Promise<Collected> {
  const sum: Record<'unreferenced' | 'unknown' | 'freed', Count> = {
    unreferenced: { items: 0, bytes: 0 },
    unknown: { items: 0, bytes: 0 },
    freed: { items: 0, bytes: 0 },
  }
  const add = (to: Count, bytes: number): void => {
    to.items += 1
    to.bytes += bytes
  }
  let readings = 0
  let lost = 0
  let old = false
  for await (const page of pages<GoingRef>(at.signal, (after) => at.marks.refs(after)))
    for (const { repo, reason } of page) {
      count(countsOf(at, repo).going, reason, 1, 0)
      old ||= aged.has(reason)
    }
  for await (const page of pages<GoingView>(at.signal, (after) => at.marks.views(after)))
    for (const { repo, reason } of page) count(countsOf(at, repo).going, reason, 1, 0)
  for await (const page of pages<GoingReading>(at.signal, (after) => at.marks.readings(after))) readings += page.length
  for await (const page of pages<GoingBlob>(at.signal, (after) => at.marks.blobs(after))) {
    for (const { repo, reason, size } of page) {
      add(sum.freed, size)
      if (grave.has(reason)) lost += size
      if (repo === '') add(sum.unreferenced, size)
      else count(countsOf(at, repo).going, reason, 0, size)
    }
  }
  for await (const page of pages<GoingBlob>(at.signal, (after) => at.marks.files(after))) {
    for (const { size } of page) {
      add(sum.freed, size)
      add(sum.unknown, size)
      lost += size
    }
  }
  const leap = old ? leapOf(at) : undefined
  const loss = lost === 0 ? 0 : lost / (lost + kept)
  return {
    repositories: Object.fromEntries([...at.repositories].sort(([a], [b]) => (a < b ? -1 : 1))),
    snapshots: at.snapshots.length,
    generations: generations.length,
    readings,
    ...sum,
    waiting,
    loss,
    guarded: loss > MOST || leap !== undefined,
    leap,
    swept: undefined,
  }
}

async function tell(
  at: Collecting,
  generations: readonly GoneGeneration[],
  item: CollectOptions['item'],
): Promise<void> {
  if (item === undefined) return
  for (const { name, reason } of at.snapshots) item({ what: 'snapshot', path: name, bytes: 0, reason })
  for (const { repo, key, reason } of generations) item({ what: 'generation', repo, path: key, bytes: 0, reason })
  for await (const page of pages<GoingRef>(at.signal, (after) => at.marks.refs(after)))
    for (const { repo, path, size, sha256, reason } of page)
      item({ what: 'ref', repo, path, bytes: size, reason, ...(sha256 === null ? {} : { sha256 }) })
  for await (const page of pages<GoingView>(at.signal, (after) => at.marks.views(after)))
    for (const { repo, path, size, reason } of page) item({ what: 'view', repo, path, bytes: size, reason })
  for await (const page of pages<GoingReading>(at.signal, (after) => at.marks.readings(after)))
    for (const { repo, scope, sha256 } of page)
      item({ what: 'reading', repo, path: scope, sha256, bytes: 0, reason: 'document gone' })
  for await (const page of pages<GoingBlob>(at.signal, (after) => at.marks.blobs(after)))
    for (const { repo, sha256, size, reason } of page)
      item({ what: 'blob', sha256, bytes: size, reason, ...(repo === '' ? {} : { repo }) })
  for await (const page of pages<GoingBlob>(at.signal, (after) => at.marks.files(after)))
    for (const { sha256, size, reason } of page) item({ what: 'file', sha256, bytes: size, reason })
}
