// How a project is asked for: a requirement as in requirements.txt, or the long form with `options`.

import * as v from 'valibot'
import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseRequirement } from '../../formats/pep508.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { wantOptionsOf } from '../want-options.ts'
import { anyProject, normalName } from './names.ts'
import { sdists } from './options.ts'

const options = v.strictObject({
  extras: v.optional(v.array(v.string()), []),
  /** Instead of the repository's own. */
  sdists: v.optional(sdists),
  /** For environments in which it is true, as in a requirement. */
  marker: v.optional(v.string()),
})
export type WantOptions = v.InferOutput<typeof options>

/** What a selector asks for beyond a version; throws CONFIG. */
export const optionsOf = (want: Selector): WantOptions => wantOptionsOf(options, want)

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no requirement: ${why.slice(0, 400)}`, {
    hint: 'Write it as in requirements.txt: NAME, NAME>=1.2,<2, NAME[EXTRA]==1.2.3.',
  })

/** One line of a package list; throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  if (text.trim() === '*')
    throw bad(text, 'an index with hundreds of thousands of projects cannot be mirrored whole; name them')
  const parsed = parseRequirement(text)
  if (typeof parsed === 'string') throw bad(text, parsed)
  const { name, extras, range, url, marker } = parsed
  if (url !== undefined) throw bad(text, 'it names an address, which no index holds')
  if (!anyProject.test(name)) throw bad(text, 'its name is too long')
  const fault = pep440Versions.fault(range)
  if (fault !== undefined) throw bad(text, fault)
  const own: WantOptions = {
    extras: [...extras],
    ...(marker === undefined ? {} : { marker: text.slice(text.indexOf(';') + 1).trim() }),
  }
  return {
    name: normalName(name),
    ...(range === '' ? {} : { range }),
    ...(extras.length === 0 && marker === undefined ? {} : { options: own }),
  }
}
