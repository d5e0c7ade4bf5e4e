// `pkgmirror export DIR|FILE.tar|-`: a plain tree of what is held, for any web server. A sync publishes the same way.

import path from 'node:path'
import { type ExportOptions, exportTree } from '../engine/export.ts'
import { openSnapshot } from '../engine/snapshot.ts'
import { exitCode, MirrorError } from '../errors.ts'
import { directorySink } from '../sinks/directory.ts'
import type { Sink } from '../sinks/sink.ts'
import { tarFileSink, tarSink } from '../sinks/tar.ts'
import type { Store } from '../store/store.ts'
import { type Context, say } from './context.ts'
import { indexPage } from './export-page.ts'
import { changesTo, showExported } from './export-text.ts'
import { findKey, ownKey, usualKey } from './key-files.ts'
import { timeText } from './print.ts'
import { mustBeSnapshot } from './snapshot-named.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

export interface ExportFlags {
  /** A directory, a file that ends in `.tar`, `-` for standard output; `publish.directory` when left out. */
  readonly target?: string
  readonly repos?: readonly string[]
  /** Address of the tree; when left out `publish.base_url`, else a local one. */
  readonly baseUrl?: string
  /** A form of directory that tools of one ecosystem read. */
  readonly layout?: string
  /** Name of a snapshot; the one that is shown when left out, or else the newest state. */
  readonly snapshot?: string
  readonly dryRun: boolean
  readonly force: boolean
  readonly caseSensitive: boolean
  /** The key that signs the MANIFEST; `mirror`, where there is one, when left out. */
  readonly signKey?: string
}

/** Where `python3 -m http.server` listens. */
const LOCAL = 'http://127.0.0.1:8000'

/** Returns the exit code. */
export async function exportCommand(context: Context, flags: ExportFlags): Promise<number> {
  const { settings } = context
  const target = flags.target ?? settings.publish?.directory
  if (target === undefined) {
    throw new MirrorError('USAGE', 'where to is not said: name a directory, or set `publish.directory`', {
      hint: 'For example: `pkgmirror export ./site --base-url http://127.0.0.1:8000`.',
    })
  }
  if (target === '-' && context.json) {
    throw new MirrorError('USAGE', 'an archive on standard output leaves no room for --json', {
      hint: 'Export to a file that ends in .tar.',
    })
  }
  const workspace = await openWorkspace(settings, { mustExist: true, lock: true, offline: true })
  try {
    return await write(context, workspace, target, flags, 'summary')
  } finally {
    await workspace.close()
  }
}

/**
 * Exports to `publish.directory`, where that is set: for a sync that has brought in what it could, with its workspace.
 * Returns the exit code; 0 where nothing is to be published.
 */
export async function publish(context: Context, workspace: Workspace): Promise<number> {
  const { publish: where } = context.settings
  if (where === undefined) return 0
  const flags = { dryRun: false, force: false, caseSensitive: false }
  return write(context, workspace, where.directory, flags, 'published')
}

async function write(
  context: Context,
  { mirror: newest }: Workspace,
  target: string,
  flags: ExportFlags,
  type: 'summary' | 'published',
): Promise<number> {
  const { dryRun, force, repos, layout } = flags
  const { snapshots } = newest.catalog
  const snapshot = flags.snapshot === undefined ? snapshots.shown() : mustBeSnapshot(newest.catalog, flags.snapshot)
  const signed = await signing(context.settings.data, flags.signKey)
  const past = snapshot === undefined ? undefined : openSnapshot(newest, snapshot)
  const mirror = past?.mirror ?? newest
  if (snapshot !== undefined) say(context, `Of snapshot ${snapshot.name}, made ${timeText(snapshot.made)}.`)
  const baseUrl = (flags.baseUrl ?? context.settings.publish?.baseUrl ?? LOCAL).replace(/\/+$/, '')
  const told = changesTo(context, dryRun)
  const options: ExportOptions = {
    ...(repos === undefined ? {} : { repos }),
    ...(layout === undefined ? {} : { layout }),
    baseUrl,
    dryRun,
    force,
    grace: context.settings.publishGrace,
    now: mirror.clock(),
    page: indexPage,
    ...signed,
    letterCase: flags.caseSensitive ? 'apart' : 'folded',
    signal: context.signal,
    changed: (change) => told.changed(change),
  }
  const exported = await exportTree(mirror, sinkOf(target, mirror.store), options).finally(() => {
    told.flush()
    past?.close()
  })
  const code = exitCode(exported.faults.map((fault) => fault.error))
  showExported(context, exported, { type, target, baseUrl: layout === undefined ? baseUrl : undefined, dryRun, code })
  return code
}

function sinkOf(target: string, store: Store): Sink {
  if (target === '-') return tarSink(process.stdout, store)
  const file = path.resolve(target)
  return file.endsWith('.tar') ? tarFileSink(file, store) : directorySink(file, store)
}

/** Throws CONFIG where a key is named that is not there. */
async function signing(data: string, name: string | undefined): Promise<Pick<ExportOptions, 'sign'>> {
  const key = name === undefined ? await findKey(data, usualKey) : await ownKey(data, name)
  if (key === undefined) return {}
  return { sign: (bytes) => key.secret.signAll(bytes, 'MANIFEST of a tree by pkgmirror') }
}
