// What a Maven repository can be told, and what a want may say beyond its name.

import * as v from 'valibot'
import type { Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { wantOptionsOf } from '../want-options.ts'
import { algorithms } from './layout.ts'

const words = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(200))), v.readonly())

export const mavenOptions = v.strictObject({
  /** Checksums that are asked of upstream beside every file; all that are there must fit. None: files are trusted as TLS is. */
  checksums: v.optional(v.pipe(v.array(v.picklist(algorithms)), v.readonly()), [...algorithms]),
  /** OpenPGP signatures of files, where there are keys. `required` refuses what no key of the keyring has signed. */
  signatures: v.optional(v.picklist(['when-present', 'required', 'off']), 'when-present'),
  /** Keyrings by group (`org.example`, `org.example.*`): files of such a group need a signature by one of these keys. */
  keys: v.optional(v.pipe(v.record(v.string(), words), v.readonly()), {}),
  /** The Java version for which profiles of descriptors are switched on. */
  java: v.optional(v.pipe(v.string(), v.regex(/^[0-9][0-9.]{0,9}$/)), '17'),
})
export type MavenOptions = v.InferOutput<typeof mavenOptions>

const wantOptions = v.strictObject({
  /** As in a dependency: `jar` when left out, else what the descriptor's packaging makes. */
  type: v.exactOptional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.+-]{1,64}$/))),
  classifier: v.exactOptional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.+~-]{1,100}$/))),
  /** More files of the wanted versions: `sources`, `javadoc`. What is not there is no fault. */
  classifiers: v.optional(words, []),
  /** Everything that its dependencyManagement names, as of a BOM. */
  managed: v.optional(v.boolean(), false),
  /** The plugins and extensions that its `build` names, as of a parent. */
  plugins: v.optional(v.boolean(), false),
  /** Of Maven itself: the plugins that this release binds for projects of these packagings. */
  packagings: v.optional(words, []),
})
export type WantOptions = v.InferOutput<typeof wantOptions>

/** The options of a want; throws CONFIG for what is none. */
export const readWantOptions = (want: Selector): WantOptions => wantOptionsOf(wantOptions, want)

/** Kinds of dependency that a sync can follow, of what is wanted; behind that only compile and runtime count. */
export const scopes = ['compile', 'runtime', 'provided', 'test', 'optional'] as const
export type Scope = (typeof scopes)[number]

/** The kinds to follow; throws CONFIG for one that is none. */
export function readFollow(want: Selector): ReadonlySet<Scope> {
  const asked = want.follow ?? ['compile', 'runtime']
  return new Set(
    asked.map((kind) => {
      const known = scopes.find((scope) => scope === kind)
      if (known !== undefined) return known
      throw new MirrorError('CONFIG', `${want.name}: cannot follow ${kind}; there are ${scopes.join(', ')}`, {
        ...want.from,
      })
    }),
  )
}
