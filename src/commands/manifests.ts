// Who holds what: the selection of each sync, seed and import, remembered under the name of what asked for it; and letting
// go of one.

import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Catalog } from '../catalog/catalog.ts'
import type { Run } from '../catalog/rows.ts'
import { MirrorError } from '../errors.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'
import { columns, jsonTime, pastText, print } from './print.ts'
import { openWorkspace } from './workspace.ts'

export interface ManifestState {
  /** The name that `forget` takes. */
  readonly name: string
  readonly files: readonly { readonly file: string; readonly there: boolean }[]
  readonly run: Omit<Run, 'summary'> | undefined
  readonly paths: number
  readonly bytes: number
}

/** Names of several files in one run are joined by this. */
const JOINT = ' + '

/** The commands whose selections are held under this name. */
const commandsOf = (holder: string): readonly string[] => [`sync ${holder}`, `seed ${holder}`, holder]

export function manifestsOf(catalog: Catalog): readonly ManifestState[] {
  return catalog.holds.holders().map(({ holder, paths }) => ({
    name: holder,
    files: holder
      .replace(/^import /, '')
      .split(JOINT)
      .map((file) => ({ file, there: existsSync(file) })),
    run: catalog.runs.last(commandsOf(holder)),
    paths,
    bytes: catalog.holds.sums(holder).reduce((sum, { bytes }) => sum + bytes, 0),
  }))
}

/** `pkgmirror status --manifests`. Returns the exit code. */
export async function manifests(context: Context): Promise<number> {
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true })
  try {
    const all = manifestsOf(workspace.mirror.catalog)
    if (context.json) printJson('manifests', { manifests: all.map(manifestJson) })
    else print(context, manifestLines(all, workspace.mirror.now()))
    return 0
  } finally {
    await workspace.close()
  }
}

const manifestJson = ({ run, ...rest }: ManifestState) => ({
  ...rest,
  run:
    run === undefined
      ? undefined
      : {
          id: run.id,
          command: run.command,
          started: jsonTime(run.started),
          ended: jsonTime(run.ended),
          code: run.code,
        },
})

function manifestLines(all: readonly ManifestState[], now: number): readonly string[] {
  if (all.length === 0) return ['Nothing is held by a manifest or lockfile.']
  const rows = all.map(({ name, files, run, paths, bytes }) => [
    name,
    countText(paths, 'path'),
    bytesText(bytes),
    run === undefined ? 'no run is remembered' : `${codeText(run.code)} ${pastText(run.started, now)}`,
    files.every(({ there }) => there) ? '' : 'its file is gone; what it holds stays until `pkgmirror forget`',
  ])
  return columns(rows, 0)
}

const codeText = (code: number | undefined): string =>
  code === undefined ? 'broken off, or under way,' : `code ${code}`

export interface ForgetFlags {
  readonly name: string
  readonly dryRun: boolean
}

/**
 * `pkgmirror forget NAME`: lets go of what a manifest or lockfile holds. Nothing is deleted by it: that is gc's. Returns the
 * exit code; throws USAGE for a name that holds nothing.
 */
export async function forget(context: Context, { name, dryRun }: ForgetFlags): Promise<number> {
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true, lock: !dryRun })
  try {
    const { catalog } = workspace.mirror
    const { name: holder, paths, bytes } = named(manifestsOf(catalog), name)
    if (!dryRun) catalog.holds.settle(holder, Number.MAX_SAFE_INTEGER)
    if (context.json) printJson('forgotten', { name: holder, paths, bytes, dryRun })
    const what = `${countText(paths, 'path')} (${bytesText(bytes)})`
    say(context, `${dryRun ? `Would let go of ${what} of` : `Let go of ${what} of`} ${holder}.`)
    say(context, 'Nothing is deleted by that: `pkgmirror gc --dry-run` shows what the rules take of it.')
    return 0
  } finally {
    await workspace.close()
  }
}

/** By its whole name, its path from here, or the end of its path where only one ends so. */
function named(all: readonly ManifestState[], name: string): ManifestState {
  const whole = all.find((one) => one.name === name) ?? all.find((one) => one.name === path.resolve(name))
  const alike = all.filter((one) => one.name.endsWith(`/${name}`))
  const found = whole ?? (alike.length === 1 ? alike[0] : undefined)
  if (found !== undefined) return found
  const several = alike.length > 1
  throw new MirrorError(
    'USAGE',
    `${several ? 'several manifests are' : 'nothing is held by a manifest'} called ${name}`,
    {
      hint: `Held is what these want: ${(several ? alike : all).map((one) => one.name).join(', ') || 'none'}.`,
    },
  )
}
