// `pkgmirror init [DIR]`: a first manifest out of the lockfiles and image references of a directory tree; with --template
// a configuration file in which everything is explained and commented out.

import { stat } from 'node:fs/promises'
import path from 'node:path'
import { configTemplate } from '../config/template.ts'
import { MirrorError } from '../errors.ts'
import { countText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'
import { discover } from './discover.ts'
import { type LockedFile, readLockfiles } from './locked-file.ts'
import { type Missing, place } from './locked-line.ts'
import { tallyLines, tallyText } from './lockfile-tally.ts'
import { writeNew } from './new-file.ts'
import { type Seeded, seededManifest } from './seeded-manifest.ts'
import { repositoriesOf } from './workspace.ts'

export interface InitOptions {
  /** Absolute; none for standard output. */
  readonly output: string | undefined
  readonly force: boolean
}

/** Returns the exit code. Throws USAGE where another file is there. */
export async function initTemplate(context: Context, { output, force }: InitOptions): Promise<number> {
  const text = configTemplate()
  await put(context, text, { output, force })
  if (context.json) printJson('template', { file: output, ...(output === undefined ? { text } : {}) })
  return 0
}

/** The same for what a folder (absolute) holds. Throws USAGE where there is no such folder, or nothing in it. */
export async function init(context: Context, folder: string, options: InitOptions): Promise<number> {
  const there = await stat(folder).catch(() => undefined)
  if (there?.isDirectory() !== true) {
    throw new MirrorError('USAGE', 'is no folder', {
      file: folder,
      hint: 'Name a folder to look for lockfiles in; --template writes a configuration with everything in it.',
    })
  }
  const found = await discover(folder)
  const { files, passed, missing } = await understood(context, found)
  if (files.length === 0) {
    for (const { file, reason } of passed) say(context, `passed over: ${file}: ${reason}`)
    throw new MirrorError('USAGE', 'holds no lockfile and no image reference that is known', {
      file: folder,
      hint: '`pkgmirror init --template` writes a configuration in which everything is explained.',
    })
  }
  const manifest = options.output ?? path.join(folder, 'mirror.yaml')
  const text = seededManifest(manifest, files, { command: 'init', passed, missing })
  for (const { file, tally } of files) say(context, `${file}: ${tallyText(tally)}`)
  for (const { file, reason } of passed) say(context, `passed over: ${file}: ${reason}`)
  const lines = files.reduce((sum, { tally }) => sum + tally.lines, 0)
  say(context, `${countText(files.length, 'file')} with ${countText(lines, 'line')}.`)
  await put(context, text, options)
  if (context.json) {
    printJson('manifest', {
      file: options.output,
      ...(options.output === undefined ? { text } : {}),
      lockfiles: files.map(({ file, tally, skipped }) => ({
        file,
        ...tally,
        skipped: skipped.map(({ file: _, ...line }) => line),
      })),
      passed,
      missing,
    })
  }
  return 0
}

interface Understood {
  readonly files: readonly Seeded[]
  readonly passed: readonly { readonly file: string; readonly reason: string }[]
  readonly missing: readonly Missing[]
}

async function understood(
  context: Context,
  { files: names, passed }: Awaited<ReturnType<typeof discover>>,
): Promise<Understood> {
  const repos = repositoriesOf(context.settings.repositories)
  const files: Seeded[] = []
  const broken: { file: string; reason: string }[] = []
  const missing = new Map<string, Missing>()
  for (const name of names) {
    context.signal.throwIfAborted()
    const one = await readLockfiles([name], undefined).catch((error: MirrorError) => error)
    if (one instanceof MirrorError) broken.push({ file: name, reason: one.located.replace(`${name}:`, 'line ') })
    for (const file of one instanceof MirrorError ? [] : one.files) files.push(await seeded(file, repos, missing))
  }
  const empty = files.filter(({ tally }) => tally.lines === 0).map(({ file }) => ({ file, reason: 'locks nothing' }))
  return {
    files: files.filter(({ tally }) => tally.lines > 0),
    passed: [...passed, ...broken, ...empty],
    missing: [...missing.values()],
  }
}

async function seeded(
  file: LockedFile,
  repos: Parameters<typeof place>[0]['repos'],
  missing: Map<string, Missing>,
): Promise<Seeded> {
  const skipped: Seeded['skipped'][number][] = []
  for (const locked of file.lines) {
    const placed = place({ repos }, locked, file.file, file.format.direct === true)
    if ('mounted' in placed) continue
    const { line, name } = locked
    skipped.push({ file: file.file, name, reason: placed.reason, ...(line === undefined ? {} : { line }) })
    if (placed.missing !== undefined)
      missing.set(`${placed.missing.ecosystem} ${placed.missing.address}`, placed.missing)
  }
  return { file: file.file, tally: await tallyLines(file.format, file.lines), skipped }
}

async function put(context: Context, text: string, { output, force }: InitOptions): Promise<void> {
  if (output === undefined) {
    if (!context.json) process.stdout.write(text)
    return
  }
  const { wrote } = await writeNew(output, text, force)
  say(context, wrote ? `wrote ${output}` : `${output} is as it should be`)
}
