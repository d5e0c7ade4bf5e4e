// `pkgmirror validate FILE…`: checks manifests, configuration and lockfiles without running anything.

import { relative } from 'node:path'
import { placeText } from '../config/merge.ts'
import type { Settings } from '../config/types.ts'
import { ecosystems } from '../ecosystems/index.ts'
import { asMirrorError, exitCode, MirrorError } from '../errors.ts'
import { errorFields } from '../telemetry/lines.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { countText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'
import { lockFormatOf, type Tally, tallyOf, tallyText } from './lockfile-tally.ts'
import { checkManifest, type ManifestCounts } from './manifest-check.ts'
import { columns, print } from './print.ts'

export interface ValidateOptions {
  /** Absolute. None: the configuration alone. */
  readonly files: readonly string[]
  /** Print every value and where it came from. */
  readonly effective: boolean
  /** Settings with these manifests, as a sync would have them. */
  load(manifests: readonly string[]): Promise<Settings>
}

type Warning = Settings['warnings'][number]

interface Checked {
  readonly file: string
  readonly kind: 'manifest' | 'lockfile' | 'unreadable'
  readonly counts?: ManifestCounts
  readonly tally?: Tally
  readonly warnings: readonly Warning[]
  readonly errors: readonly MirrorError[]
}

/** Returns the exit code: 0, or 2 when anything is wrong. */
export async function validate(context: Context, options: ValidateOptions): Promise<number> {
  const checked: Checked[] = []
  for (const file of options.files) checked.push(await check(file, options, context.settings.warnings))
  const manifests = checked.filter(({ kind }) => kind === 'manifest').map(({ file }) => file)
  const together: Together = checked.some(({ errors }) => errors.length > 0) ? {} : await loaded(manifests, options)
  const errors = [...checked.flatMap((one) => one.errors), ...(together.error === undefined ? [] : [together.error])]
  const code = exitCode(errors)
  if (context.json) printJson('validation', json(checked, together, options, code))
  else tell(context, options, checked, together)
  if (!context.json)
    for (const error of errors) process.stderr.write(`${shownText(error.located)}\n  ${shownText(error.hint)}\n`)
  return code
}

interface Together {
  readonly effective?: Settings['origins']
  readonly error?: MirrorError
}

/** Files that are right each by itself may contradict each other. */
async function loaded(manifests: readonly string[], { load }: ValidateOptions): Promise<Together> {
  try {
    return { effective: (await load(manifests)).origins }
  } catch (error) {
    return { error: asMirrorError(error) }
  }
}

async function check(file: string, { load }: ValidateOptions, known: readonly Warning[]): Promise<Checked> {
  let kind: Checked['kind'] = 'unreadable'
  try {
    const format = await lockFormatOf(file)
    kind = format === undefined ? 'manifest' : 'lockfile'
    if (format !== undefined) return { file, kind, tally: await tallyOf(file, format), warnings: [], errors: [] }
    const settings = await load([file])
    const warnings = settings.warnings.filter(({ message }) => !known.some((one) => one.message === message))
    return { file, kind, warnings, ...(await checkManifest(settings, file, ecosystems)) }
  } catch (error) {
    return { file, kind, warnings: [], errors: [errorOf(error, file)] }
  }
}

function errorOf(error: unknown, file: string): MirrorError {
  if (error instanceof MirrorError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'is a folder, not a file' : undefined
  const known = reason ?? (code === 'EACCES' ? 'this user may not read it' : undefined)
  return known === undefined
    ? asMirrorError(error)
    : new MirrorError('CONFIG', known, { file, cause: error, hint: 'Check the path.' })
}

function json(
  checked: readonly Checked[],
  { effective, error }: Together,
  { effective: wanted }: ValidateOptions,
  code: number,
) {
  const files = checked.map(({ errors, ...rest }) => ({ ...rest, errors: errors.map(errorFields) }))
  return { code, files, contradiction: error && errorFields(error), ...(wanted ? { effective } : {}) }
}

function tell(
  context: Context,
  { effective: wanted }: ValidateOptions,
  checked: readonly Checked[],
  { effective }: Together,
): void {
  for (const { file, counts, tally, warnings, errors } of checked) {
    const text = tally === undefined ? counts && countsText(counts) : tallyText(tally)
    if (errors.length === 0 && text !== undefined) print(context, [`${shortName(file)}: ${text}`])
    for (const { message, where } of warnings) say(context, `warning: ${shownText(`${placeText(where)}: ${message}`)}`)
  }
  if (effective === undefined) return
  if (wanted) print(context, effectiveLines(effective))
  else if (checked.length === 0) print(context, [configurationText(effective)])
}

function countsText(counts: ManifestCounts): string {
  const { packages, roots, lockfiles, locked, platforms, repositories, rules } = counts
  const all = Object.values(packages).reduce((sum, count) => sum + count, 0)
  const byRepo = Object.entries(packages).map(([repo, count]) => `${repo} ${count}`)
  const parts = [
    ...(all === 0 ? [] : [`${countText(all, 'package')} (${byRepo.join(', ')})`]),
    ...(roots === 0 ? [] : [countText(roots, 'root')]),
    ...(lockfiles === 0 ? [] : [`${countText(lockfiles, 'lockfile')} (${countText(locked, 'line')})`]),
    ...(platforms === 0 ? [] : [countText(platforms, 'platform')]),
    ...(repositories === 0 ? [] : [`${repositories} ${repositories === 1 ? 'repository' : 'repositories'} set`]),
    ...(rules === 0 ? [] : [countText(rules, 'rule')]),
  ]
  return parts.length === 0 ? 'correct; it wants nothing' : `correct: ${parts.join(', ')}`
}

/** `key  value  place`; secrets are stars already. */
function effectiveLines(origins: Settings['origins']): readonly string[] {
  const rows = Object.entries(origins).map(([key, { text, file, line }]) => [
    key,
    text === '' ? '(none)' : text,
    line === undefined ? file : `${shortName(file)}:${line}`,
  ])
  return columns(rows)
}

function configurationText(origins: Settings['origins']): string {
  const files = new Set(Object.values(origins).flatMap(({ file, line }) => (line === undefined ? [] : [file])))
  if (files.size === 0) return 'No configuration file says anything: the defaults are in use. Name files to check them.'
  return `${[...files].map(shortName).join(', ')}: correct`
}

/** Relative to the working directory where that is shorter. */
function shortName(file: string): string {
  const near = relative(process.cwd(), file)
  return near.length < file.length && near !== '' ? near : file
}
