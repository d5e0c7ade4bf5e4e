// Flags of `export --bundle` and of `import`, from text to what they mean.

import path from 'node:path'
import { MirrorError } from '../errors.ts'
import { parseSize } from '../formats/size.ts'
import type { BundleExportFlags } from './bundle-export.ts'
import type { BundleImportFlags } from './bundle-import.ts'

type Given = Readonly<Record<string, unknown>>

const textOf = (flag: unknown): string | undefined => (typeof flag === 'string' ? flag : undefined)
const fileOf = (flag: unknown): string | undefined => (typeof flag === 'string' ? path.resolve(flag) : undefined)

/** Flags of `export` that mean something for a bundle alone, and those that mean nothing for one. */
const ofBundles = ['volumeSize', 'since', 'sinceBundle', 'receipt', 'overlap']
const ofTrees = ['repo', 'force', 'caseSensitive', 'ociLayout', 'baseUrl', 'check', 'sample']

/** Throws USAGE for a flag that would be passed over. */
export function mustBelongTogether(flags: Given): void {
  const strange = (flags.bundle === true ? ofTrees : ofBundles).find((name) => flags[name] !== undefined)
  if (strange === undefined) return
  const flag = `--${strange.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const why = flags.bundle === true ? 'means nothing for a bundle, which holds all that is held' : 'needs --bundle'
  throw new MirrorError('USAGE', `${flag} ${why}`)
}

/** Archives may be cut into so many bytes at least: a volume holds its own name and something more. */
const LEAST_VOLUME = 1_000_000

/** Throws USAGE. */
export function bundleExportFlags(target: string | undefined, flags: Given): BundleExportFlags {
  if (target === undefined)
    throw new MirrorError('USAGE', 'where the bundle goes is not said', {
      hint: 'Name a new directory, or a file that ends in .tar or .tar.zst.',
    })
  return {
    target: path.resolve(target),
    volumeSize: flags.volumeSize === undefined ? undefined : volumeOf(String(flags.volumeSize)),
    snapshot: textOf(flags.snapshot),
    since: textOf(flags.since),
    sinceBundle: flags.sinceBundle === undefined ? undefined : countOf('--since-bundle', String(flags.sinceBundle)),
    receipt: fileOf(flags.receipt),
    overlap: countOf('--overlap', String(flags.overlap ?? '0')),
    key: textOf(flags.signKey),
    dryRun: flags.dryRun === true,
  }
}

/** Throws USAGE. */
export function bundleImportFlags(bundle: string | undefined, flags: Given): BundleImportFlags {
  if (flags.ociLayout !== undefined)
    throw new MirrorError('USAGE', 'a bundle and --oci-layout are two things to import', { hint: 'Name one of them.' })
  if (bundle === undefined)
    throw new MirrorError('USAGE', 'what to import is not said', {
      hint: 'Name a bundle, or a directory of images with --oci-layout.',
    })
  return {
    bundle: path.resolve(bundle),
    receipt: fileOf(flags.receipt),
    key: textOf(flags.signKey),
    newSeries: flags.newSeries === true,
    dryRun: flags.dryRun === true,
  }
}

function volumeOf(text: string): number {
  const size = parseSize(text)
  if (size >= LEAST_VOLUME) return size
  throw new MirrorError('USAGE', `--volume-size: ${text} is no size of a volume`, {
    hint: 'For example: 4GB; 1MB at least.',
  })
}

function countOf(flag: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new MirrorError('USAGE', `${flag}: ${text} is no number`)
}
