// `pkgmirror snapshot ACTION`: named states of everything that is held, what changed between them, and which is shown.

import type { Catalog } from '../catalog/catalog.ts'
import { nameOf, type Snapshot } from '../catalog/snapshots.ts'
import { MirrorError } from '../errors.ts'
import { type Context, printJson, say } from './context.ts'
import { print } from './print.ts'
import { snapshotDiff } from './snapshot-diff.ts'
import { mustBeSnapshot } from './snapshot-named.ts'
import { listLines, showLines, snapshotFields } from './snapshot-text.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

const actions = ['create', 'list', 'show', 'diff', 'rollback', 'release', 'rm'] as const
type Action = (typeof actions)[number]

export interface SnapshotOptions {
  /** One of the actions, as it was typed. */
  readonly action: string
  readonly names: readonly string[]
  readonly tags: readonly string[]
  readonly note: string
  /** A roll-back to the newest state. */
  readonly newest: boolean
  readonly dryRun: boolean
}

/** How many names an action takes. */
const names: Readonly<Record<Action, readonly [least: number, most: number]>> = {
  create: [0, 1],
  list: [0, 0],
  show: [1, 1],
  diff: [1, 2],
  rollback: [1, 1],
  release: [0, 0],
  rm: [1, Number.POSITIVE_INFINITY],
}

/** Returns the exit code. */
export async function snapshot(context: Context, options: SnapshotOptions): Promise<number> {
  const found = actions.find((one) => one === options.action)
  if (found === undefined) {
    throw new MirrorError('USAGE', `snapshot does not know ${JSON.stringify(options.action.slice(0, 100))}`, {
      hint: `It takes ${actions.join(', ')}.`,
    })
  }
  const action = found === 'rollback' && options.newest ? 'release' : found
  mustFit(action, options.names.length)
  const isMade = action === 'create' && !options.dryRun
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true, lock: isMade })
  try {
    await acts[action](context, workspace, options)
    return 0
  } finally {
    await workspace.close()
  }
}

function mustFit(action: Action, given: number): void {
  const [least, most] = names[action]
  if (given >= least && given <= most) return
  const wanted = least === most ? `${least}` : `${least} to ${most === Number.POSITIVE_INFINITY ? 'any number' : most}`
  throw new MirrorError('USAGE', `snapshot ${action} takes ${wanted} of names, and ${given} are given`, {
    hint: 'See `pkgmirror snapshot --help`.',
  })
}

type Act = (context: Context, workspace: Workspace, options: SnapshotOptions) => void | Promise<void>

const acts: Readonly<Record<Action, Act>> = {
  create(context, { mirror }, { names: [given], tags, note, dryRun }) {
    const time = mirror.now()
    const wanted = { name: given ?? nameOf(time), time, tags, note }
    const made = tried(mirror.catalog, dryRun, ({ snapshots }) => snapshots.create(wanted))
    tell(context, 'created', made, dryRun, `Snapshot ${made.name} ${dryRun ? 'would be' : 'is'} made.`)
  },
  list(context, { mirror }) {
    const { snapshots } = mirror.catalog
    const shown = snapshots.shown()?.id
    const all = snapshots.list()
    if (context.json) printJson('snapshots', { snapshots: all.map((one) => snapshotFields(one, shown)) })
    else print(context, listLines(all, shown, mirror.now()))
  },
  show(context, { mirror }, { names: [name = ''] }) {
    const { snapshots } = mirror.catalog
    const found = mustBeSnapshot(mirror.catalog, name)
    const [shown, totals] = [snapshots.shown()?.id, snapshots.totals(found.id)]
    if (context.json) printJson('snapshot', { ...snapshotFields(found, shown), repositories: totals })
    else print(context, showLines(found, shown, totals, snapshots.generations(found.id), mirror.now()))
  },
  async diff(context, { mirror }, { names: [one = '', two] }) {
    const before = mustBeSnapshot(mirror.catalog, one)
    await snapshotDiff(context, mirror, before, two === undefined ? undefined : mustBeSnapshot(mirror.catalog, two))
  },
  rollback(context, { mirror }, { names: [name = ''], dryRun }) {
    const found = mustBeSnapshot(mirror.catalog, name)
    if (!dryRun) mirror.catalog.snapshots.show(found.id, mirror.now())
    const words = `serve and export ${dryRun ? 'would show' : 'show'} snapshot ${found.name}`
    tell(context, 'shown', found, dryRun, `${words}; \`pkgmirror snapshot release\` ends that.`)
  },
  release(context, { mirror }, { dryRun }) {
    const { snapshots } = mirror.catalog
    const was = snapshots.shown()
    if (was !== undefined && !dryRun) snapshots.show(undefined, mirror.now())
    const words = was === undefined ? 'Nothing was pinned: ' : `${was.name} is not shown any more: `
    tell(context, 'released', was, dryRun, `${dryRun ? 'Dry run. ' : words}serve and export show the newest state.`)
  },
  rm(context, { mirror }, { names: all, dryRun }) {
    const { snapshots } = mirror.catalog
    const found = all.map((name) => mustBeSnapshot(mirror.catalog, name))
    const shown = snapshots.shown()
    if (found.some(({ id }) => id === shown?.id)) {
      throw new MirrorError('DENIED', `${shown?.name} is what serve and export show: nothing was removed`, {
        hint: 'Run `pkgmirror snapshot release` first, or show another with `pkgmirror snapshot rollback`.',
      })
    }
    for (const one of found) {
      if (!dryRun) snapshots.drop(one.id)
      tell(context, 'removed', one, dryRun, `${one.name} ${dryRun ? 'would be' : 'is'} removed.`)
    }
    if (!dryRun) while (!snapshots.release());
    say(context, 'What only they held goes with the next gc.')
  },
}

/** Undone again in a dry run, so that it fails as the real one would. */
function tried(catalog: Catalog, dryRun: boolean, work: (catalog: Catalog) => Snapshot): Snapshot {
  if (!dryRun) return work(catalog)
  let found: Snapshot | undefined
  const undo = new Error('a dry run')
  try {
    catalog.atomically(() => {
      found = work(catalog)
      throw undo
    })
  } catch (error) {
    if (error !== undo) throw error
  }
  return found as Snapshot
}

function tell(context: Context, what: string, of: Snapshot | undefined, dryRun: boolean, words: string): void {
  if (context.json) printJson('snapshot-change', { what, snapshot: of?.name, dryRun })
  else say(context, words)
}
