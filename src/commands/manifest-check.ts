// What a manifest or a configuration wants, checked as far as that goes without running: packages, ranges, lockfiles.

import { glob } from 'node:fs/promises'
import path from 'node:path'
import type { Settings, Want } from '../config/types.ts'
import type { AnyEcosystem } from '../contract.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { lockFormatOf } from './lockfile-input.ts'
import { tallyOf } from './lockfile-tally.ts'

export interface ManifestCounts {
  /** Package lines by repository. */
  readonly packages: Readonly<Record<string, number>>
  readonly roots: number
  readonly lockfiles: number
  /** Lines of those lockfiles. */
  readonly locked: number
  readonly platforms: number
  /** Repositories that this file names, and rules of policy. */
  readonly repositories: number
  readonly rules: number
}

export interface ManifestCheck {
  readonly counts: ManifestCounts
  readonly errors: readonly MirrorError[]
}

/** Checks what `file` says, of settings that were loaded with it. */
export async function checkManifest(
  settings: Settings,
  file: string,
  ecosystems: readonly AnyEcosystem[],
): Promise<ManifestCheck> {
  const errors: MirrorError[] = []
  const packages: Record<string, number> = Object.create(null)
  let roots = 0
  for (const want of settings.wants.filter(({ from }) => from.file === file)) {
    if (want.text === undefined) roots += 1
    else packages[want.repo] = (packages[want.repo] ?? 0) + 1
    const error = wantFault(want, settings, ecosystems)
    if (error !== undefined) errors.push(error)
  }
  const { files, locked } = await checkLockfiles(settings, file, errors)
  const { cooldown, allow, deny, rules } = settings.policy
  const own = ({ where }: { readonly where: { readonly file: string } }): boolean => where.file === file
  return {
    counts: {
      packages,
      roots,
      lockfiles: files,
      locked,
      platforms: settings.platforms.length,
      repositories: settings.repositories.filter(own).length,
      rules: [...cooldown.packages, ...allow, ...deny, ...rules].filter(own).length,
    },
    errors,
  }
}

/** A word such as `latest` is a tag: what it means only upstream knows. */
const tag = /^[A-Za-z][\w.-]*$/

function wantFault(want: Want, settings: Settings, ecosystems: readonly AnyEcosystem[]): MirrorError | undefined {
  const repository = settings.repositories.find(({ name }) => name === want.repo)
  const ecosystem = ecosystems.find(({ id }) => id === repository?.ecosystem)
  if (repository === undefined || ecosystem === undefined) return undefined
  try {
    const understood = want.text === undefined ? { name: '*' } : ecosystem.want(want.text, repository)
    const { name, range } = { ...understood, ...want.selector }
    const fault = range === undefined || tag.test(range) ? undefined : ecosystem.versions.fault(range)
    return fault === undefined ? undefined : new MirrorError('CONFIG', `${name}: ${fault}`, { ...want.from })
  } catch (error) {
    const { code, message, facts } = asMirrorError(error)
    return new MirrorError(code, message, { ...facts, ...want.from })
  }
}

async function checkLockfiles(
  settings: Settings,
  file: string,
  errors: MirrorError[],
): Promise<{ readonly files: number; readonly locked: number }> {
  let [count, locked] = [0, 0]
  for (const { glob: pattern, where } of settings.lockfiles.filter((one) => one.where.file === file)) {
    const found = await Array.fromAsync(glob(pattern, { exclude: (name) => path.basename(name) === 'node_modules' }))
    if (found.length === 0) {
      errors.push(
        new MirrorError('CONFIG', `no file fits ${pattern}`, {
          ...where,
          hint: 'Correct the glob; it is relative to the file it stands in.',
        }),
      )
    }
    for (const one of found.sort()) {
      count += 1
      try {
        const format = await lockFormatOf(one)
        if (format === undefined)
          errors.push(new MirrorError('LOCKFILE', 'this is no lockfile that is known', { file: one }))
        else locked += (await tallyOf(one, format)).lines
      } catch (error) {
        errors.push(asMirrorError(error))
      }
    }
  }
  return { files: count, locked }
}
