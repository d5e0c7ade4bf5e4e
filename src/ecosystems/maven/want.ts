// How an artifact is asked for, in Maven's own order: `GROUP:ARTIFACT[[:TYPE[:CLASSIFIER]]:VERSION]`, and
// `GROUP:ARTIFACT@VERSION` as elsewhere. A version may be a range: `[1.0,2.0)`.

import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { mavenVersions } from '../../versions/maven.ts'
import { isName } from './layout.ts'

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no artifact: ${why.slice(0, 400)}`, {
    hint: 'Write GROUP:ARTIFACT, GROUP:ARTIFACT:VERSION or GROUP:ARTIFACT:TYPE:CLASSIFIER:VERSION, such as "org.slf4j:slf4j-api:2.0.9".',
  })

const words = /^[A-Za-z0-9_.+~-]{1,100}$/
/** The newest, in words that Maven has or had for it. */
const newest = /^(?:latest|release)$/i

/** One line of a package list; throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  const [spec = '', after, ...more] = text.trim().split('@')
  if (more.length > 0) throw bad(text, 'one @ parts the name from the version')
  const [group = '', artifact = '', ...rest] = spec.split(':')
  if (after !== undefined && rest.length > 0) throw bad(text, 'the version stands behind the @')
  if (group === '*') throw bad(text, 'a Maven repository has no list of its artifacts; name them')
  if (!isName(group, artifact)) throw bad(text, 'a group and an artifact have letters, digits, dots, - and _')
  if (rest.length > 3) throw bad(text, 'it has too many parts')
  const range = after ?? rest.pop()
  const [type, classifier] = rest
  if (range === '' || (range !== undefined && mavenVersions.fault(range) !== undefined))
    throw bad(text, mavenVersions.fault(range ?? '') ?? 'its version is missing')
  for (const word of rest) if (!words.test(word)) throw bad(text, `${JSON.stringify(word)} is no type or classifier`)
  return {
    name: `${group}:${artifact}`,
    ...(range === undefined || newest.test(range) ? {} : { range: range.trim() }),
    ...(type === undefined ? {} : { options: { type, ...(classifier === undefined ? {} : { classifier }) } }),
  }
}
