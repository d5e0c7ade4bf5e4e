// Copies of the catalog in `backups/` of the data directory: taken by `serve` and after syncs, the oldest go. They name
// blobs that the store may have dropped since; everything else can be found again from them.

import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { copyCatalog } from '../catalog/copy.ts'
import { asMirrorError } from '../errors.ts'
import type { Workspace } from './workspace.ts'

export interface Copy {
  readonly file: string
  /** Milliseconds since 1970, in whole seconds. */
  readonly time: number
}

const form = /^catalog-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z\.db$/
/** How often it is looked whether one is due; milliseconds. */
const LOOK = 3_600_000

const copiesFolder = (data: string): string => path.join(data, 'backups')

/** Newest first. */
export async function copiesOf(data: string): Promise<readonly Copy[]> {
  const folder = copiesFolder(data)
  const names = existsSync(folder) ? await readdir(folder) : []
  return names
    .flatMap((name) => {
      const [, day, hours, minutes, seconds] = form.exec(name) ?? []
      const time = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`)
      return Number.isNaN(time) ? [] : [{ file: path.join(folder, name), time }]
    })
    .sort((a, b) => b.time - a.time)
}

/** Whole or not at all: written aside, made durable, renamed. What a crash left is removed by the next one. */
async function takeCopy({ mirror, places, settings }: Workspace): Promise<Copy> {
  const folder = copiesFolder(settings.data)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const time = Math.floor(mirror.now() / 1000) * 1000
  const name = `catalog-${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}Z.db`
  const [file, aside] = [path.join(folder, name), path.join(folder, `${name}.part`)]
  for (const other of await readdir(folder))
    if (other.endsWith('.part')) await rm(path.join(folder, other), { force: true })
  try {
    await copyCatalog(places.catalog, aside)
    await sync(aside)
    await rename(aside, file)
    await sync(folder)
  } catch (error) {
    await rm(aside, { force: true })
    throw asMirrorError(error)
  }
  for (const old of (await copiesOf(settings.data)).slice(settings.backup.keep)) await rm(old.file, { force: true })
  return { file, time }
}

async function sync(place: string): Promise<void> {
  const handle = await open(place, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Takes a copy when the newest one is older than `backup.every`. None is taken of a catalog with nothing in it, nor of one that
 * is new while the store is not: it would push the good ones out.
 */
export async function copyWhenDue(workspace: Workspace): Promise<Copy | undefined> {
  const { mirror, settings, lost } = workspace
  if (lost || !Number.isFinite(settings.backup.every)) return undefined
  const [newest] = await copiesOf(settings.data)
  // one from the future is no reason to wait
  const age = newest === undefined ? Number.POSITIVE_INFINITY : Math.abs(mirror.now() - newest.time)
  if (age < settings.backup.every || mirror.catalog.isEmpty()) return undefined
  return takeCopy(workspace)
}

/** Looks every so often while serving. Returns what ends it. */
export function copyEvery(workspace: Workspace): () => Promise<void> {
  let running: Promise<void> | undefined
  async function round(): Promise<void> {
    try {
      await copyWhenDue(workspace)
    } catch (thrown) {
      workspace.events.emit({ type: 'warning', error: asMirrorError(thrown) })
    }
  }
  const begin = (): void => {
    running ??= round().finally(() => {
      running = undefined
    })
  }
  const { every } = workspace.settings.backup
  if (!Number.isFinite(every)) return async () => undefined
  const timer = setInterval(begin, Math.min(every, LOOK))
  timer.unref()
  begin()
  return async () => {
    clearInterval(timer)
    await running
  }
}
