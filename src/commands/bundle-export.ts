// `pkgmirror export --bundle TARGET`: writes a snapshot, or what is new in it, for a mirror that no network reaches. The list
// of entries is made first, in a file of ours; then all that is signed is known, and the bundle is written.

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { BundlePart, BundleParts } from '../bundle/parts.ts'
import { writeArchive } from '../bundle/to-archive.ts'
import { mustGoOn, mustTakeBundle, writeDirectory } from '../bundle/to-directory.ts'
import type { MadeBundle } from '../catalog/bundles.ts'
import { type Entries, openEntries } from '../catalog/entries.ts'
import { nameOf, type Snapshot } from '../catalog/snapshots.ts'
import { changedPackages, type PackageChange } from '../engine/changes.ts'
import type { Mirror } from '../engine/mirror.ts'
import { openSnapshot } from '../engine/snapshot.ts'
import { MirrorError } from '../errors.ts'
import {
  type BundleHeader,
  type BundleLine,
  bundleFiles,
  type CarriedRepository,
  formatHeader,
  formatLine,
} from '../formats/bundle.ts'
import { layout } from '../store/layout.ts'
import { basesOf } from './bundle-base.ts'
import { writeChangesPage, writeChangesText } from './bundle-changes.ts'
import { fill } from './bundle-fill.ts'
import { carriedOf } from './bundle-repositories.ts'
import { showBundle } from './bundle-text.ts'
import { type Context, show } from './context.ts'
import { ownKey, usualKey } from './key-files.ts'
import { headerDigest, readReceipt } from './receipt-file.ts'
import { mustBeSnapshot } from './snapshot-named.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

export interface BundleExportFlags {
  /** A directory, or a file that ends in `.tar` or `.tar.zst`; absolute. */
  readonly target: string
  /** Bytes of one volume of an archive. */
  readonly volumeSize: number | undefined
  /** The snapshot to write; a new one of what is held now when left out. */
  readonly snapshot: string | undefined
  readonly since: string | undefined
  readonly sinceBundle: number | undefined
  /** Absolute. */
  readonly receipt: string | undefined
  readonly overlap: number
  readonly key: string | undefined
  readonly dryRun: boolean
}

/** Returns the exit code. */
export async function exportBundle(context: Context, flags: BundleExportFlags): Promise<number> {
  const { settings } = context
  const isArchive = /\.tar(?:\.zst)?$/.test(flags.target)
  if (flags.volumeSize !== undefined && !isArchive)
    throw new MirrorError('USAGE', '--volume-size cuts archives: name a file that ends in .tar or .tar.zst')
  const key = await ownKey(settings.data, flags.key ?? usualKey)
  const receipt =
    flags.receipt === undefined
      ? undefined
      : { file: flags.receipt, receipt: await readReceipt(flags.receipt, settings.data) }
  if (!isArchive && !flags.dryRun) await mustTakeBundle(flags.target)
  const workspace = await openWorkspace(settings, { mustExist: true, lock: true, offline: true })
  const folder = layout(workspace.places.store).unused()
  const hide = await show(context, workspace.events)
  try {
    await mkdir(folder, { mode: 0o700 })
    const { mirror } = workspace
    const made = mirror.catalog.bundles.made(receipt?.receipt.series)
    const since = { snapshot: flags.since, number: flags.sinceBundle, receipt, overlap: flags.overlap }
    const bases = mustBeThere(mirror, basesOf(made, since))
    const state = snapshotFor(mirror, flags, (made.at(-1)?.number ?? 0) + 1)
    const bundle = await prepare(workspace, folder, { made, bases, state, signal: context.signal })
    try {
      const { header, entries, parts } = bundle
      const text = Buffer.from(formatHeader(header))
      const digest = headerDigest(text)
      const told = {
        header,
        digest,
        key: key.secret.id,
        target: flags.target,
        dryRun: flags.dryRun,
        totals: entries.totals(),
      }
      if (flags.dryRun) {
        hide()
        showBundle(context, { ...told, files: [] })
        return 0
      }
      if (!isArchive) await mustGoOn(flags.target, entries.names)
      const { series, number, snapshot } = header
      const signature = Buffer.from(key.secret.sign(text, `pkgmirror bundle ${number} of ${series}`))
      const row = { series, number, snapshot: snapshot.name, state: state.id, header: digest, made: mirror.now() }
      // its number is not given twice, whatever comes
      mirror.catalog.durably(() => mirror.catalog.bundles.make({ ...row, finished: false }))
      mirror.events.emit({ type: 'planned', repo: 'bundle', items: 1, bytes: header.blobs.bytes })
      const whole: BundleParts = {
        ...{ header: text, signature, parts, store: mirror.store, made: snapshot.made, signal: context.signal },
        blobs: () => entries.blobs(),
        wrote: (bytes) => mirror.events.emit({ type: 'progress', repo: 'bundle', path: flags.target, bytes }),
      }
      const files = isArchive ? await writeArchive(flags.target, flags.volumeSize, whole) : [flags.target]
      const written = isArchive ? undefined : await writeDirectory(flags.target, whole)
      mirror.catalog.bundles.finish(series, number)
      dropOld(mirror, made)
      hide()
      showBundle(context, { ...told, files, written })
      return 0
    } finally {
      bundle.entries.close()
    }
  } finally {
    hide()
    await rm(folder, { recursive: true, force: true })
    await workspace.close()
  }
}

interface Plan {
  readonly made: readonly MadeBundle[]
  readonly bases: readonly MadeBundle[]
  readonly state: Snapshot
  readonly signal: AbortSignal
}

/** Those whose snapshot is there still. Throws SEQUENCE where the one that was meant is not. */
function mustBeThere({ catalog }: Mirror, bases: readonly MadeBundle[]): readonly MadeBundle[] {
  const ids = new Set(catalog.snapshots.list().map(({ id }) => id))
  const [first] = bases
  if (first !== undefined && !ids.has(first.state))
    throw new MirrorError(
      'SEQUENCE',
      `the snapshot ${first.snapshot}, of which bundle ${first.number} was made, is gone`,
      {
        hint: 'Take a later bundle, or have a full one made.',
      },
    )
  return bases.filter(({ state }) => ids.has(state))
}

/** The one that is named; else the one that is shown, or one of what is held now. Throws USAGE where there is none of that name. */
function snapshotFor(
  { catalog, now }: Mirror,
  { snapshot: name, dryRun }: BundleExportFlags,
  number: number,
): Snapshot {
  if (name !== undefined) return mustBeSnapshot(catalog, name)
  // what is served and exported is what goes over
  const shown = catalog.snapshots.shown()
  if (shown !== undefined) return shown
  const newest = catalog.snapshots.list().at(-1)
  const isNew =
    newest === undefined ||
    newest.automatic ||
    catalog.snapshots.diff(newest.id, 0)[Symbol.iterator]().next().done !== true
  if (!isNew) return newest
  const time = now()
  // the newest state has the number 0 among snapshots
  if (dryRun) return { id: 0, name: nameOf(time), made: time, tags: [], note: '', automatic: true }
  const free = [nameOf(time), `${nameOf(time)}-${number}`].find((one) => catalog.snapshots.get(one) === undefined)
  return catalog.snapshots.create({ name: free ?? nameOf(time), time, tags: [TAG], note: `for bundle ${number}` })
}

/** Bundles that another one can be put upon: their snapshots are kept. */
const KEPT = 10
/** On snapshots that are made for a bundle, and go with it. */
const TAG = 'bundle'

function dropOld({ catalog }: Mirror, made: readonly MadeBundle[]): void {
  const own = new Set(catalog.snapshots.list().flatMap(({ id, tags }) => (tags.includes(TAG) ? [id] : [])))
  for (const { state } of made.slice(0, -KEPT)) if (own.has(state)) catalog.snapshots.drop(state)
}

interface Prepared {
  readonly header: BundleHeader
  readonly entries: Entries
  readonly parts: readonly BundlePart[]
}

/** Everything of a bundle but its blobs, in `folder`. */
async function prepare({ mirror }: Workspace, folder: string, plan: Plan): Promise<Prepared> {
  const { made, bases, state } = plan
  const series = made.at(-1)?.series ?? randomBytes(16).toString('hex')
  const number = (made.at(-1)?.number ?? 0) + 1
  const entries = openEntries(path.join(folder, 'entries.db'))
  try {
    await fill(mirror, entries, state, bases, plan.signal)
    const snapshot = { name: state.name, made: state.made }
    const about = {
      title: `Bundle ${number} of series ${series}: snapshot ${snapshot.name}`,
      upon: uponText(bases),
      packages: () => packagesSince(mirror, bases[0], state, plan.signal),
    }
    const part = async (name: BundlePart['name'], write: (file: string) => Promise<void>): Promise<BundlePart> => {
      const file = path.join(folder, name)
      await write(file)
      return { name, file, ...(await digestOf(file)) }
    }
    const text = await part(bundleFiles.text, (file) => writeChangesText(file, entries, about))
    const html = await part(bundleFiles.html, (file) => writeChangesPage(file, entries, about))
    const count = { lines: 0 }
    const list = await part(bundleFiles.entries, (file) =>
      pipeline(linesOf(mirror, entries, count), createWriteStream(file)),
    )
    const { blobs, bytes } = entries.totals()
    const stated = ({ sha256, size }: BundlePart) => ({ sha256, size })
    const header: BundleHeader = {
      ...{ schema: 1, type: 'pkgmirror-bundle', series, number, snapshot },
      bases: bases.map((one) => ({ number: one.number, header: one.header })),
      entries: { ...stated(list), count: count.lines },
      blobs: { count: blobs, bytes },
      changes: { text: stated(text), html: stated(html) },
    }
    return { header, entries, parts: [text, html, list] }
  } catch (error) {
    entries.close()
    throw error
  }
}

/** What changed by package since the oldest of the states that it may be put upon; nothing is told so of a full one. */
async function* packagesSince(
  mirror: Mirror,
  base: MadeBundle | undefined,
  state: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<PackageChange> {
  const before = base === undefined ? undefined : mirror.catalog.snapshots.list().find(({ id }) => id === base.state)
  if (before === undefined) return
  const opened = [before, ...(state.id === 0 ? [] : [state])].map((one) => openSnapshot(mirror, one))
  try {
    const [one, two] = opened
    if (one === undefined) return
    const after = { id: state.id, mirror: two?.mirror ?? mirror }
    yield* changedPackages(mirror, { id: before.id, mirror: one.mirror }, after, signal)
  } finally {
    for (const { close } of opened) await close()
  }
}

const uponText = (bases: readonly MadeBundle[]): string =>
  bases.length === 0
    ? 'Full: it needs no bundle before it.'
    : `It builds on bundle ${bases.map((one) => one.number).join(' or ')}; what is below is new, changed or gone since.`

/** The list: what each repository is, before the entries that are in it. */
async function* linesOf(mirror: Mirror, entries: Entries, count: { lines: number }): AsyncGenerator<string> {
  const line = (one: BundleLine): string => {
    count.lines += 1
    return formatLine(one)
  }
  let repo: string | undefined
  for (const entry of entries.scan()) {
    if (entry.repo !== repo) {
      repo = entry.repo
      yield line(repositoryOf(mirror, repo))
    }
    yield line(entry)
  }
}

function repositoryOf(mirror: Mirror, name: string): CarriedRepository {
  const settings = mirror.repos.get(name)?.settings
  if (settings !== undefined) return carriedOf(settings)
  throw new MirrorError('CONFIG', `${name} is held, and no repository of that name is configured or was recorded`)
}

async function digestOf(file: string): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of createReadStream(file) as AsyncIterable<Uint8Array>) {
    hash.update(piece)
    size += piece.length
  }
  return { sha256: hash.digest('hex'), size }
}
