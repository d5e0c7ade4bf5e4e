// `pkgmirror import BUNDLE`: verifies all of it first, on a copy of the catalog, with the bundle as the upstream of the
// engine; then what has changed is written in one transaction. Until then nothing but garbage in the store was written.

import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { openArchive } from '../bundle/from-archive.ts'
import { openDirectory } from '../bundle/from-directory.ts'
import { missing } from '../bundle/plain-file.ts'
import type { BundleContents, OpenedBundle } from '../bundle/source.ts'
import { openCatalog } from '../catalog/catalog.ts'
import { type Entries, openEntries } from '../catalog/entries.ts'
import type { Repository } from '../config/types.ts'
import { carriedClient } from '../engine/carried.ts'
import type { Mirror } from '../engine/mirror.ts'
import { type Taken, takeIn } from '../engine/take.ts'
import { asMirrorError, exitCode } from '../errors.ts'
import { type BundleHeader, type CarriedRepository, type HeldEntry, parseHeader } from '../formats/bundle.ts'
import { layout } from '../store/layout.ts'
import type { Store } from '../store/store.ts'
import { mustBeWhole, readList } from './bundle-list.ts'
import { type Arriving, mustFollow } from './bundle-order.ts'
import { repositoriesHere } from './bundle-repositories.ts'
import { type Imported, showImported } from './bundle-text.ts'
import { type Context, show } from './context.ts'
import { anchors, findKey, type OwnKey, ownKey, usualKey } from './key-files.ts'
import { headerDigest, receiptText } from './receipt-file.ts'
import { signedBy } from './signed-by.ts'
import { textFile } from './text-file.ts'
import { assemble, openWorkspace, record, repositoriesOf, type Workspace } from './workspace.ts'

export interface BundleImportFlags {
  /** A directory, an archive, or the first of its volumes; absolute. */
  readonly bundle: string
  /** Where the next receipt is written, beside standard output; absolute. */
  readonly receipt: string | undefined
  /** Name of the key that signs the receipt. */
  readonly key: string | undefined
  readonly newSeries: boolean
  readonly dryRun: boolean
}

/** Files of one import under way at once. */
const CONCURRENCY = 16

/** Returns the exit code. Throws what is wrong with the bundle; nothing has changed then. */
export async function importBundle(context: Context, flags: BundleImportFlags): Promise<number> {
  const { settings } = context
  const key =
    flags.receipt === undefined && flags.key === undefined
      ? await findKey(settings.data, usualKey)
      : await ownKey(settings.data, flags.key ?? usualKey)
  const workspace = await openWorkspace(settings, { lock: true, offline: true })
  const folder = layout(workspace.places.store).unused()
  try {
    await mkdir(folder, { mode: 0o700 })
    const opened = await openBundle(flags.bundle)
    try {
      return await take({ context, flags, workspace, folder, key }, opened)
    } finally {
      await opened.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
    await workspace.close()
  }
}

async function openBundle(bundle: string): Promise<OpenedBundle> {
  const found = await stat(bundle).catch(() => undefined)
  if (found?.isDirectory() === true) return openDirectory(bundle)
  if (found === undefined && !/\.tar(?:\.zst)?(?:\.\d+)?$/.test(bundle)) throw missing(bundle, 'is not there')
  return openArchive(bundle)
}

interface Import {
  readonly context: Context
  readonly flags: BundleImportFlags
  readonly workspace: Workspace
  /** For what is needed until the end. */
  readonly folder: string
  readonly key: OwnKey | undefined
}

async function take(at: Import, opened: OpenedBundle): Promise<number> {
  const { context, workspace, folder, flags } = at
  const { settings, signal } = context
  const { mirror, events } = workspace
  const started = mirror.now()
  const { place } = opened
  const signer = await signedBy(settings.data, opened.header, opened.signature, place)
  const header = parseHeader(opened.header, place)
  const arriving = { header, digest: headerDigest(opened.header), key: signer, place }
  const trusted = new Set((await anchors(settings.data)).map(({ id }) => id))
  const order = { taken: mirror.catalog.bundles.taken(), isTrusted: (id: string) => trusted.has(id) }
  mustFollow(arriving, { ...order, newSeries: flags.newSeries })
  const hide = await show(context, events)
  const entries = openEntries(path.join(folder, 'entries.db'))
  try {
    const contents = await unpacked(at, opened, header)
    const carried = await readList(contents, header, entries, signal)
    const { here } = await mustBeWhole(contents, header, entries, mirror.store, place, signal)
    const known = [...mirror.repos.values()].map((one) => one.settings)
    const repositories = repositoriesHere(carried, known, settings, place)
    const plain = { ...arriving, here, dryRun: flags.dryRun, totals: entries.totals() }
    if (flags.dryRun) {
      hide()
      showImported(context, { ...plain, code: 0, milliseconds: mirror.now() - started })
      return 0
    }
    const run = mirror.catalog.runs.start(`import ${flags.bundle}`, started)
    const taking = { arriving, carried, repositories, contents, entries, run }
    const taken = await takeOnCopy(at, taking).catch((error: unknown) => {
      mirror.catalog.runs.end(run, mirror.now(), asMirrorError(error).failure.exit, {})
      throw error
    })
    hide()
    const code = exitCode(taken.faults.map(({ error }) => error))
    const milliseconds = mirror.now() - started
    if (code !== 0) mirror.catalog.runs.end(run, mirror.now(), code, { faults: taken.faults.length })
    const receipt =
      code === 0 && at.key !== undefined ? receiptOf(header, arriving.digest, at.key, mirror.now()) : undefined
    showImported(context, { ...plain, code, milliseconds, taken, receipt } satisfies Imported)
    if (receipt !== undefined && flags.receipt !== undefined) await textFile(flags.receipt, receipt)
    return code
  } finally {
    hide()
    entries.close()
  }
}

/** Tells of the unpacking of an archive as of one item. */
async function unpacked({ context, workspace, folder }: Import, opened: OpenedBundle, header: BundleHeader) {
  const { events, mirror } = workspace
  const told = { repo: 'bundle', path: opened.place }
  const { bytes } = header.blobs
  const started = performance.now()
  if (opened.packed) events.emit({ type: 'planned', repo: told.repo, items: 1, bytes })
  const contents = await opened.contents(header, {
    ...{ folder, store: mirror.store, signal: context.signal },
    read: (count) => events.emit({ type: 'progress', ...told, bytes: count }),
  })
  const milliseconds = performance.now() - started
  if (opened.packed) events.emit({ type: 'finished', ...told, outcome: 'fetched', bytes, milliseconds })
  return contents
}

interface Taking {
  readonly arriving: Arriving
  readonly carried: readonly CarriedRepository[]
  readonly repositories: readonly Repository[]
  readonly contents: BundleContents
  readonly entries: Entries
  readonly run: number
}

async function takeOnCopy(at: Import, taking: Taking): Promise<Taken> {
  const { mirror } = at.workspace
  const { arriving, run } = taking
  const { header, digest, key } = arriving
  const file = path.join(at.folder, 'catalog.db')
  mirror.catalog.copies.copyTo(file)
  const taken = await takeInto(file, at, taking)
  if (taken.faults.length > 0) return taken
  const now = mirror.now()
  const also = (): void => {
    const { series, number, snapshot } = header
    mirror.catalog.bundles.take({ series, number, snapshot: snapshot.name, header: digest, key, taken: now })
    const note = `bundle ${number} of ${series}`
    mirror.catalog.snapshots.create({ name: nameFor(mirror, header), time: now, automatic: true, note })
    mirror.catalog.runs.end(run, now, 0, { series, number, held: taken.held, fetched: taken.fetched })
  }
  // before a receipt goes out
  mirror.catalog.durably(() => mirror.catalog.copies.absorb(file, also))
  mirror.catalog.touch()
  return taken
}

/** Takes all of it into a copy of the catalog, which is closed then. */
async function takeInto(file: string, { context, workspace }: Import, taking: Taking): Promise<Taken> {
  const { store, events } = workspace.mirror
  const { arriving, carried, repositories, contents, entries, run } = taking
  const { header } = arriving
  const catalog = openCatalog(file)
  const bytes = (entry: Blob) => held(store, contents, entry)
  const client = carriedClient({ repos: repositoriesOf(repositories), catalog, store }, { entries, bytes })
  const copy = assemble(workspace.settings, repositories, { catalog, store, client, events, offline: false })
  try {
    const mark = `bundle ${header.number} of ${header.series}`
    const how = { mark, holder: holderOf(header), signal: context.signal, concurrency: CONCURRENCY }
    const taken = await takeIn(copy, entries, how)
    if (taken.faults.length > 0) return taken
    const removed = hold(copy, entries, header, run)
    record(
      copy,
      carried.map(({ name }) => name),
    )
    return { ...taken, removed: taken.removed + removed }
  } finally {
    await copy.threads.close()
    await copy.hashing.close()
    catalog.close()
  }
}

/** The name that the snapshot has where it comes from; with the number of the bundle where that is taken. */
function nameFor({ catalog }: Mirror, { number, series, snapshot }: BundleHeader): string {
  const names = [snapshot.name, `${snapshot.name.slice(0, 80)}-${number}`]
  const free = names.find((name) => catalog.snapshots.get(name) === undefined)
  return free ?? `bundle-${series}-${number}`
}

const holderOf = ({ series }: BundleHeader): string => `bundles ${series}`

type Blob = Pick<HeldEntry, 'sha256' | 'size' | 'kind'>

/** Bytes that are here already, of an import that was broken off, are not read from the medium again. */
async function* held(store: Store, contents: BundleContents, blob: Blob): AsyncIterable<Uint8Array> {
  const isHere = (await store.stat(blob.sha256))?.size === blob.size
  // the engine hashes what it fetches, and what does not come out as the list says is refused in the end
  const digest = blob.kind === 'artifact' ? 'unchecked' : 'checked'
  yield* isHere ? store.stream(blob.sha256) : contents.blob(blob, digest)
}

/** The bundle's series holds what it brought; what a full one does not name any more is let go of. Returns how many went. */
function hold({ catalog }: Mirror, entries: Entries, header: BundleHeader, run: number): number {
  const holder = holderOf(header)
  function* paths() {
    for (const entry of entries.scan()) if (entry.type === 'held') yield entry
  }
  catalog.holds.put(holder, run, paths())
  if (header.bases.length > 0) return 0
  let removed = 0
  for (const { repo, path: at } of catalog.holds.before(holder, run)) {
    catalog.holds.drop(holder, repo, at)
    if (catalog.holds.of(repo, at).length > 0) continue
    for (const ref of catalog.refs.variants(repo, at)) {
      catalog.refs.drop(ref)
      removed += 1
    }
  }
  return removed
}

function receiptOf(header: BundleHeader, digest: string, key: OwnKey, now: number): string {
  const { series, number, snapshot } = header
  const receipt = {
    schema: 1,
    type: 'pkgmirror-receipt',
    series,
    number,
    header: digest,
    snapshot: snapshot.name,
    taken: now,
  } as const
  return receiptText(receipt, key.secret)
}
