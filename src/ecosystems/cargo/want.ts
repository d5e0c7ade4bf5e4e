// How a crate is asked for: `serde@1`, `tokio@^1.40 +rt,+macros -default`, or the long form with `options`.

import * as v from 'valibot'
import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { cargoVersions } from '../../versions/cargo.ts'
import { isCrateName } from './paths.ts'

const options = v.strictObject({
  features: v.optional(v.array(v.string()), []),
  default_features: v.optional(v.boolean(), true),
  all_features: v.optional(v.boolean(), false),
})
export type Activation = v.InferOutput<typeof options>

/** Which features a selector turns on; throws CONFIG when its options are not Cargo's. */
export function activation(want: Selector): Activation {
  const parsed = v.safeParse(options, want.options ?? {})
  if (parsed.success) return parsed.output
  throw new MirrorError('CONFIG', `options of crate ${want.name}: ${parsed.issues[0].message}`, {
    ...want.from,
    hint: 'A crate takes `features: [...]`, `default_features: false` and `all_features: true`.',
  })
}

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no crate: ${why.slice(0, 400)}`, {
    hint: 'Write NAME, NAME@REQUIREMENT or NAME@REQUIREMENT +FEATURE,+FEATURE, such as "serde@1 +derive".',
  })

/** `+a,+b`, `+a +b`, `+*` for all features, `-default` for no default ones. */
function switches(text: string, words: string): Activation {
  const features: string[] = []
  let defaults = true
  let all = false
  for (const word of words.split(/[\s,]+/).filter((each) => each !== '')) {
    if (word === '-default') defaults = false
    else if (word === '+*') all = true
    else if (/^\+[^\s+*-][^\s+*]*$/.test(word)) features.push(word.slice(1))
    else throw bad(text, `"${word}" turns no feature on or off`)
  }
  return { features, default_features: defaults, all_features: all }
}

/** One line of a package list; throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  const trimmed = text.trim()
  const found = /\s[+-]/.exec(trimmed)
  const spec = found === null ? trimmed : trimmed.slice(0, found.index)
  const at = spec.indexOf('@')
  const name = (at < 0 ? spec : spec.slice(0, at)).trim()
  const range = at < 0 ? undefined : spec.slice(at + 1).trim()
  if (name === '*') throw bad(text, 'a registry with a sparse index has no list of its crates; name them')
  if (!isCrateName(name)) throw bad(text, 'a crate name has letters, digits, - and _')
  const fault = range === undefined || range === 'latest' ? undefined : cargoVersions.fault(range)
  if (fault !== undefined) throw bad(text, fault)
  return {
    name: name.toLowerCase(),
    ...(range === undefined || range === 'latest' ? {} : { range }),
    ...(found === null ? {} : { options: switches(text, trimmed.slice(found.index)) }),
  }
}
