// What can be set for a repository of modules: the checksum databases that are asked, and what is private.

import * as v from 'valibot'
import type { Repo } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { compileGlob } from '../../formats/glob.ts'
import { type NoteKey, parseNoteKey } from '../../trust/signed-note.ts'
import { globOption } from '../glob-option.ts'

const globs = v.array(globOption)

/** The name of the database whose key it is; undefined when it is no key. */
function nameIn(key: string): string | undefined {
  try {
    return parseNoteKey(key).name
  } catch {
    return undefined
  }
}

const database = v.strictObject({
  /** False: nothing is verified by it, and clients are told that it is not here. */
  enabled: v.optional(v.boolean(), true),
  /** As it stands in paths and in its key. */
  name: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{0,200}(?::\d+)?$/))),
  /** `NAME+HASH+KEY`, as GOSUMDB takes it; not needed for the public one. */
  key: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => nameIn(text) !== undefined, 'a key is written NAME+HASH+KEY, as GOSUMDB takes it'),
    ),
  ),
  /** Its own address; the upstream passes it through when left out. */
  url: v.optional(v.pipe(v.string(), v.url())),
  /** The modules that it vouches for; all when left out. The first database that names a module counts. */
  modules: v.optional(globs, []),
})
type Given = v.InferOutput<typeof database>

export interface Log {
  readonly name: string
  readonly key: string
  readonly url?: string
  readonly modules: readonly string[]
}

export interface GoOptions {
  readonly sumdb: readonly Log[]
  /** Patterns of module paths as in GOPRIVATE: no database is asked for them. */
  readonly private: readonly string[]
}

/** `known`: keys of databases that need none in a configuration, by name; the first is the default. */
export function goOptions(known: Readonly<Record<string, string>>): v.GenericSchema<unknown, GoOptions> {
  const [first = ''] = Object.keys(known)
  const log = ({ name, key, url, modules }: Given): Log | undefined => {
    const named = name ?? (key === undefined ? first : (nameIn(key) ?? ''))
    const found = key ?? known[named]
    return found === undefined
      ? undefined
      : { name: named, key: found, modules, ...(url === undefined ? {} : { url: url.replace(/\/+$/, '') }) }
  }
  const one = v.pipe(
    database,
    v.check((given) => log(given) !== undefined, 'a database that is not built in needs its `key`'),
    v.check(
      ({ name, key }) => name === undefined || key === undefined || nameIn(key) === name,
      'the key is that of a database of another name',
    ),
  )
  return v.pipe(
    v.strictObject({
      sumdb: v.optional(v.union([v.array(one), one]), {}),
      private: v.optional(globs, []),
    }),
    v.transform((given) => ({
      sumdb: [given.sumdb].flat().flatMap((each) => (each.enabled ? (log(each) ?? []) : [])),
      private: given.private,
    })),
  )
}

/** Does a pattern fit the module or a parent of it? https://go.dev/ref/mod#private-modules */
function fitsPrefix(pattern: string, name: string): boolean {
  const elements = name.split('/')
  const count = pattern.split('/').length
  return elements.length >= count && compileGlob(pattern)(elements.slice(0, count).join('/'))
}

export const isPrivate = (name: string, { private: patterns }: GoOptions): boolean =>
  patterns.some((pattern) => fitsPrefix(pattern, name))

/** The database that vouches for a module; undefined where none does. */
export function logFor(name: string, options: GoOptions): Log | undefined {
  if (isPrivate(name, options)) return undefined
  return options.sumdb.find(
    ({ modules }) => modules.length === 0 || modules.some((pattern) => fitsPrefix(pattern, name)),
  )
}

/** @throws MirrorError NOT_FOUND for one that is not configured: the go command goes elsewhere then. */
export function logNamed(name: string, repo: Repo<GoOptions>): Log {
  const found = repo.options.sumdb.find((log) => log.name === name)
  if (found !== undefined) return found
  throw new MirrorError('NOT_FOUND', `${repo.name} has no checksum database ${name}`, {
    hint: 'Add it under `sumdb` of the repository, with its key.',
  })
}

const keys = new Map<string, NoteKey>()

/** The key of a database, read once. */
export function keyOf({ key }: Log): NoteKey {
  const known = keys.get(key)
  if (known !== undefined) return known
  const parsed = parseNoteKey(key)
  keys.set(key, parsed)
  return parsed
}
