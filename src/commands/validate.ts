// `pkgmirror validate FILE…`: checks manifests, configuration and lockfiles without running anything.

import type { Settings } from '../config/types.ts'
import { ecosystems } from '../ecosystems/index.ts'
import { asMirrorError, exitCode, type MirrorError } from '../errors.ts'
import { errorFields } from '../telemetry/lines.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { type Context, printJson, say } from './context.ts'
import { lockFormatOf } from './lockfile-input.ts'
import { type Tally, tallyOf } from './lockfile-tally.ts'
import { checkManifest, type ManifestCounts } from './manifest-check.ts'
import { print } from './print.ts'
import { unreadable } from './unreadable.ts'
import { checkedText, configurationText, effectiveLines, warningText } from './validation-text.ts'

export interface ValidateOptions {
  /** Absolute. None: the configuration alone. */
  readonly files: readonly string[]
  /** Print every value and where it came from. */
  readonly effective: boolean
  /** Settings with these manifests, as a sync would have them. */
  load(manifests: readonly string[]): Promise<Settings>
}

type Warning = Settings['warnings'][number]

export interface Checked {
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
  const wrong = checked.flatMap((one) => one.errors)
  const manifests = checked.filter(({ kind }) => kind === 'manifest').map(({ file }) => file)
  const together = wrong.length > 0 ? {} : await loaded(manifests, options)
  const errors = together.error === undefined ? wrong : [together.error]
  const code = exitCode(errors)
  const effective = options.effective ? together.origins : undefined
  if (context.json) {
    const files = checked.map((one) => ({ ...one, errors: one.errors.map(errorFields) }))
    printJson('validation', { code, files, errors: errors.map(errorFields), effective })
    return code
  }
  for (const one of checked) {
    if (one.errors.length === 0) print(context, [checkedText(one)])
    for (const warning of one.warnings) say(context, warningText(warning))
  }
  if (effective !== undefined) print(context, effectiveLines(effective))
  else if (checked.length === 0 && together.origins !== undefined) print(context, [configurationText(together.origins)])
  for (const error of errors) process.stderr.write(`${shownText(error.located)}\n  ${shownText(error.hint)}\n`)
  return code
}

interface Together {
  readonly origins?: Settings['origins']
  readonly error?: MirrorError
}

/** Files that are right each by itself may contradict each other. */
async function loaded(manifests: readonly string[], { load }: ValidateOptions): Promise<Together> {
  try {
    return { origins: (await load(manifests)).origins }
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
    return { file, kind, warnings: [], errors: [unreadable(error, file)] }
  }
}
