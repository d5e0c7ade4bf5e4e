// The only place of the configuration that touches the disk: which file is read, and its text.

import { access, open } from 'node:fs/promises'
import path from 'node:path'
import { MirrorError } from '../errors.ts'
import { absolute } from './kinds.ts'

export interface ConfigText {
  readonly file: string
  readonly text: string
}

export interface Search {
  /** What `--config` says. */
  readonly config?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home?: string | undefined
}

// Far above any real one; a larger file is not a configuration.
const mostBytes = 4 * 1024 * 1024

/** The configuration file to use: the named one, else the first that is there. */
export async function findConfig({ config, env, cwd, home }: Search): Promise<string | undefined> {
  const named = config ?? env.PKGMIRROR_CONFIG
  if (named !== undefined && named !== '') return absolute(named, { directory: cwd, home })
  for (const file of searched(cwd, home)) {
    if (await isThere(file)) return file
  }
  return undefined
}

/** Where a configuration is looked for when none is named, in this order. */
function searched(cwd: string, home: string | undefined): readonly string[] {
  return [
    path.join(cwd, 'pkgmirror.yaml'),
    ...(home === undefined ? [] : [path.join(home, '.config/pkgmirror/pkgmirror.yaml')]),
    '/etc/pkgmirror/pkgmirror.yaml',
  ]
}

/** Throws a MirrorError CONFIG for a file that is absent, too large or not UTF-8. */
export async function readConfig(file: string): Promise<ConfigText> {
  const bytes = await readUpTo(file, mostBytes)
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (cause) {
    throw new MirrorError('CONFIG', 'is not UTF-8 text', { file, cause })
  }
}

async function readUpTo(file: string, most: number): Promise<Uint8Array> {
  try {
    await using handle = await open(file)
    const buffer = Buffer.allocUnsafe(most + 1)
    let length = 0
    while (length <= most) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) return buffer.subarray(0, length)
      length += bytesRead
    }
  } catch (cause) {
    throw new MirrorError('CONFIG', reason(cause), { file, cause, hint: 'Check the path.' })
  }
  throw new MirrorError('CONFIG', `is larger than ${most} bytes`, { file })
}

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'is a folder, not a file'
  return `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
