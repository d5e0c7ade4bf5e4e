// Collections as runs of the history; and the one that `serve` does by itself from time to time.

import { type Collected, type CollectOptions, collect } from '../engine/collect.ts'
import type { Mirror } from '../engine/mirror.ts'
import { asMirrorError } from '../errors.ts'
import { lock } from './lock.ts'
import { HISTORY } from './runs.ts'
import type { Workspace } from './workspace.ts'

const COMMAND = 'gc'
/** How often `serve` looks whether a collection is due; milliseconds. */
const LOOK = 3_600_000

/** A collection that the run history knows of, unless it is a dry run. The caller holds the directory's lock. */
export async function collectRecorded(mirror: Mirror, options: CollectOptions): Promise<Collected> {
  if (options.dryRun) return collect(mirror, options)
  const { runs } = mirror.catalog
  const id = runs.start(COMMAND, mirror.now())
  try {
    const collected = await collect(mirror, options)
    runs.trim(HISTORY)
    runs.end(id, mirror.now(), 0, { freed: collected.swept?.files, repositories: collected.repositories })
    return collected
  } catch (error) {
    const { code, message, failure } = asMirrorError(error)
    runs.end(id, mirror.now(), failure.exit, { code, message })
    throw error
  }
}

/** Collects every so often, in short turns; while a run holds the lock it waits for the next time. Returns what ends it. */
export function collectEvery({ mirror, events, settings, lost }: Workspace): () => Promise<void> {
  const period = periodOf(mirror, settings.gc)
  if (!Number.isFinite(period)) return async () => undefined
  const ending = new AbortController()
  let running: Promise<void> | undefined

  async function round(): Promise<void> {
    try {
      if (mirror.now() - lastOf(mirror) < period) return
      const held = await lock(settings.data)
      try {
        await collectRecorded(mirror, {
          keep: settings.keep,
          retention: settings.snapshots,
          ...{ dryRun: false, force: false, lost, signal: ending.signal },
        })
      } finally {
        held.release()
      }
    } catch (thrown) {
      const error = asMirrorError(thrown)
      if (error.code !== 'LOCKED' && error.code !== 'STOPPED') events.emit({ type: 'warning', error })
    }
  }

  const timer = setInterval(
    () => {
      running ??= round().finally(() => {
        running = undefined
      })
    },
    Math.min(period, LOOK),
  )
  timer.unref()
  return async () => {
    clearInterval(timer)
    ending.abort()
    await running
  }
}

/** Where something can expire, it is looked for as often as `gc.expire_every` says. */
function periodOf({ repos }: Mirror, { every, expireEvery }: Workspace['settings']['gc']): number {
  const expiring = [...repos.values()].some(
    ({ settings: { policy } }) =>
      Number.isFinite(policy.expireAfter) || policy.rules.some((rule) => Number.isFinite(rule.expireAfter)),
  )
  return expiring ? Math.min(every, expireEvery) : every
}

/** When the last collection began that came to its end; milliseconds since 1970. */
function lastOf({ catalog }: Mirror): number {
  const last = catalog.runs.list(100).find((run) => run.command === COMMAND && run.code === 0)
  return last?.started ?? 0
}
