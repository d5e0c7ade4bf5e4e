// `serve --workers`: this process has the engine and the catalog, and answers workers at a local socket.

import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Mirror } from '../engine/mirror.ts'
import { MirrorError } from '../errors.ts'
import type { Addresses } from '../server/addresses.ts'
import type { Hits } from '../server/hits.ts'
import { createInnerApp, type Inner, listenInside } from '../server/inner.ts'
import type { Responder } from '../server/respond.ts'
import type { States } from '../server/states.ts'
import type { Log } from '../telemetry/log.ts'
import { type Addressed, type Fleet, startWorkers } from './workers.ts'
import type { Workspace } from './workspace.ts'

/** Sockets for a repository alone, or ('') for all. */
export interface Listener {
  readonly name: string
  readonly mirror: Mirror
  readonly listen: readonly string[]
}

export interface Parts {
  readonly workspace: Workspace
  readonly states: States
  readonly responder: Responder
  readonly addresses: Addresses
  readonly hits: Hits
  readonly log: Log
}

/** Where clients are met, by this process or by others. */
export interface Open {
  ports(): readonly number[]
  listen(at: readonly Listener[]): Promise<Addressed>
  close(grace: number): Promise<void>
}

/** Undefined, with a warning, where workers could not reach this process. */
export function openBehind(
  workers: number,
  { workspace, states, responder, addresses, hits }: Parts,
): Open | undefined {
  const { mirror, settings, places, events } = workspace
  const place = hidden((error) => events.emit({ type: 'warning', error }))
  if (place === undefined) return undefined
  let inner: Inner | undefined
  let fleet: Fleet | undefined
  return {
    ports: () => fleet?.ports ?? [],
    async listen(at) {
      inner = await listenInside(
        new Map(at.map((one) => [one.name, createInnerApp(one.mirror, states, responder, addresses, hits)])),
        place.socket,
      )
      fleet = await startWorkers(
        workers,
        {
          engine: place.socket,
          listen: at.map(({ name, listen }) => ({ name, at: listen })),
          ...places,
          ...(settings.baseUrl === undefined ? {} : { baseUrl: settings.baseUrl }),
          hosts: settings.hosts,
          log: settings.log,
          debug: settings.debug,
          ...(settings.accel.by === 'nginx' ? { accel: settings.accel.from } : {}),
        },
        {
          used: (uses) => mirror.catalog.refs.used(uses),
          lost: (error) => mirror.events.emit({ type: 'warning', error }),
        },
      )
      return fleet.addresses
    },
    async close(grace) {
      await fleet?.stop(grace)
      await inner?.close()
      place.remove()
    },
  }
}

/** A socket that only this user reaches. */
function hidden(warn: (error: MirrorError) => void): { readonly socket: string; remove(): void } | undefined {
  if (process.platform === 'win32')
    return { socket: `\\\\.\\pipe\\pkgmirror-${process.pid}-${randomUUID()}`, remove: () => undefined }
  try {
    const folder = mkdtempSync(path.join(tmpdir(), 'pkgmirror-workers-'))
    return { socket: path.join(folder, 'engine'), remove: () => rmSync(folder, { recursive: true, force: true }) }
  } catch (cause) {
    const hint = 'Set TMPDIR to a folder that can be written, or leave out --workers.'
    warn(
      new MirrorError('CONFIG', `no socket for workers in ${tmpdir()}: one process does everything`, { hint, cause }),
    )
    return undefined
  }
}
