// The sources as the tests of their shape see them: paths, text, imports.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

export const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** Files below a folder of the project, or the file itself; none when it is not there. Slashes on every system. */
export function filesOf(place: string): readonly string[] {
  const found = statSync(path.join(root, place), { throwIfNoEntry: false })
  if (found === undefined) return []
  if (!found.isDirectory()) return [place]
  return readdirSync(path.join(root, place), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => path.relative(root, path.join(one.parentPath, one.name)).replaceAll(path.sep, '/'))
    .sort()
}

export interface Import {
  readonly from: string
  /** A file of the project, or the name of a module. */
  readonly to: string
  /** Only types are named: nothing is loaded. */
  readonly types: boolean
}

const statement = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'/gm

/** What a file imports and passes on. */
export function importsOf(file: string): readonly Import[] {
  return [...textOf(file).matchAll(statement)].map(([text, typed, stated, dynamic]) => {
    const name = stated ?? dynamic ?? ''
    const named = /\{([^}]*)\}/.exec(text)?.[1]?.split(',') ?? []
    const parts = named.map((one) => one.trim()).filter((one) => one !== '')
    const types = typed !== undefined || (parts.length > 0 && parts.every((one) => one.startsWith('type ')))
    const to = name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name
    return { from: file, to, types }
  })
}

export const sources: readonly string[] = filesOf('src').filter((file) => file.endsWith('.ts'))
