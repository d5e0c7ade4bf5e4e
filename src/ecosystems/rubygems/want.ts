// How a gem is asked for: `rails`, `rails@~> 7.1, != 7.1.2`, or the long form with `options`.

import * as v from 'valibot'
import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { gemVersions } from '../../versions/gem.ts'
import { isGemName } from './paths.ts'

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no gem: ${why.slice(0, 400)}`, {
    hint: 'Write NAME, NAME@REQUIREMENT or, for every gem there is, "*": such as "rails@~> 7.1, != 7.1.2".',
  })

/** One line of a package list; throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  const trimmed = text.trim()
  const at = trimmed.indexOf('@')
  const name = (at < 0 ? trimmed : trimmed.slice(0, at)).trim()
  const range = at < 0 ? undefined : trimmed.slice(at + 1).trim()
  if (name !== '*' && !isGemName(name)) throw bad(text, 'its name has letters, digits, ".", "_" and "-"')
  if (range === undefined || range === 'latest') return { name }
  if (name === '*') throw bad(text, 'no requirement can be one on every gem')
  const fault = gemVersions.fault(range)
  if (fault !== undefined) throw bad(text, fault)
  return { name, range }
}

const version = v.pipe(
  v.string(),
  v.check((text) => gemVersions.fault(`= ${text}`) === undefined && !text.includes('-'), 'a version such as "3.3.6"'),
)

export const options = v.strictObject({
  /** The Ruby that gems are to run on; versions that want another are passed over. */
  ruby: v.optional(version),
  /** The RubyGems that installs them. */
  rubygems: v.optional(version),
  /** Where publication times come from: the info pages, or the web API for registries whose pages have none. */
  times: v.optional(v.picklist(['info', 'api']), 'info'),
})
export type GemOptions = v.InferOutput<typeof options>
