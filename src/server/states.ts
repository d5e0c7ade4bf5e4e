// Which state of a mirror is shown: the newest, the one that it was rolled back to, or a snapshot that the address names.
// Snapshots are opened when they are asked for, few at once, and closed when nobody asked for a while.

import type { Snapshot } from '../catalog/snapshots.ts'
import type { Mirror } from '../engine/mirror.ts'
import { openSnapshot, type SnapshotMirror } from '../engine/snapshot.ts'
import { MirrorError } from '../errors.ts'
import type { Target } from './request.ts'

/** A state in use. */
export interface State {
  readonly mirror: Mirror
  /** When another state than before began to be shown here; milliseconds since 1970, 0 for never. */
  readonly turned: number
  release(): void
}

export interface States {
  /** What is shown where the address names no snapshot. */
  shown(): State
  /** Throws NO_ROUTE when there is none of this name. */
  named(name: string): State
  close(): Promise<void>
}

export interface StatesOptions {
  /** Open at once, beside those in use. */
  readonly most?: number
  /** Open without use for so long; milliseconds. */
  readonly idle?: number
}

interface Opened {
  readonly state: SnapshotMirror
  users: number
  last: number
}

const nothing = (): void => undefined

/** The newest state alone. */
export const newest = (mirror: Mirror): States => ({
  shown: () => ({ mirror, turned: 0, release: nothing }),
  named(name) {
    throw unknown(name)
  },
  close: async () => undefined,
})

export function createStates(mirror: Mirror, { most = 4, idle = 60_000 }: StatesOptions = {}): States {
  const { snapshots } = mirror.catalog
  const opened = new Map<number, Opened>()
  const closing = new Set<Promise<void>>()
  let known: { readonly epoch: number; readonly shown: Snapshot | undefined; readonly turned: number } | undefined

  function use(snapshot: Snapshot, turned: number): State {
    const found = opened.get(snapshot.id) ?? { state: openSnapshot(mirror, snapshot), users: 0, last: 0 }
    opened.set(snapshot.id, found)
    found.users += 1
    return {
      mirror: found.state.mirror,
      turned,
      release() {
        found.users -= 1
        found.last = performance.now()
        if (opened.size > most) closeUnused(0)
      },
    }
  }

  /** Those that nobody uses, the longest unused first: all that are idle, or as many as are too many. */
  function closeUnused(unusedFor: number): void {
    const unused = [...opened].filter(([, { users }]) => users === 0).sort(([, a], [, b]) => a.last - b.last)
    for (const [id, { state, last }] of unused) {
      const isIdle = performance.now() - last >= unusedFor
      if (unusedFor === 0 ? opened.size <= most : !isIdle) continue
      opened.delete(id)
      const closed = state.close().finally(() => closing.delete(closed))
      closing.add(closed)
    }
  }

  const timer = setInterval(() => closeUnused(idle), idle)
  timer.unref()
  return {
    shown() {
      const epoch = mirror.catalog.epoch()
      if (known?.epoch !== epoch) known = { epoch, shown: snapshots.shown(), turned: snapshots.turned() }
      if (known.shown === undefined) return { mirror, turned: known.turned, release: nothing }
      return use(known.shown, known.turned)
    },
    named(name) {
      const found = snapshots.get(name)
      if (found === undefined) throw unknown(name)
      return use(found, 0)
    },
    async close() {
      clearInterval(timer)
      for (const { state } of opened.values()) closing.add(state.close())
      opened.clear()
      await Promise.all(closing)
    },
  }
}

const unknown = (name: string): MirrorError =>
  new MirrorError('NO_ROUTE', `there is no snapshot ${name}`, {
    hint: '`pkgmirror snapshot list` names those that there are.',
  })

/** A snapshot that a target names, `/at/NAME/…`, and the target within it. */
export interface Within {
  readonly name: string
  /** What stands before the paths of the state. */
  readonly prefix: string
  readonly target: Target
}

export function snapshotIn(target: Target): Within | undefined {
  const [, name, rest = ''] = /^\/at\/([^/]+)(\/.*)?$/.exec(target.decoded) ?? []
  if (name === undefined) return undefined
  const path = rest === '' ? '/' : rest
  return { name, prefix: `/at/${name}`, target: { ...target, decoded: path, path } }
}
