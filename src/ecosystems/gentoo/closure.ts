// How distfiles are asked for, and what a sync holds for it: the Manifest of each package, and the distfiles it lists.

import type { Entry, Look, Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { gentooVersions } from '../../versions/gentoo.ts'
import { pick } from '../pick.ts'
import type { GentooOptions } from './options.ts'

const packageName = /^[A-Za-z0-9_][A-Za-z0-9+_.-]{0,127}\/[A-Za-z0-9_][A-Za-z0-9+_-]{0,127}$/

/** `app-editors/nano`, `app-editors/nano@>=8, <9`. Throws CONFIG. */
export function want(text: string, _repo: Repo): Omit<Selector, 'from'> {
  const trimmed = text.trim()
  const at = trimmed.indexOf('@')
  const name = (at < 0 ? trimmed : trimmed.slice(0, at)).trim()
  const range = at < 0 ? undefined : trimmed.slice(at + 1).trim()
  const bad = (why: string): MirrorError =>
    new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no package: ${why}`, {
      hint: 'Write CATEGORY/PACKAGE or CATEGORY/PACKAGE@RANGE, such as app-editors/nano@8.*.',
    })
  if (!packageName.test(name)) throw bad('it is written as CATEGORY/PACKAGE')
  const fault = range === undefined ? undefined : gentooVersions.fault(range)
  if (fault !== undefined) throw bad(fault)
  return { name, ...(range === undefined || range === '*' ? {} : { range }) }
}

export async function* closure(wants: readonly Selector[], look: Look<GentooOptions>): AsyncGenerator<Entry> {
  for (const want of wants) {
    if (want.name === '*') {
      look.lacks(want, 'an upstream of distfiles has no list of its packages; name them')
      continue
    }
    if (look.repo.options.tree === undefined) {
      look.lacks(want, 'the repository has no `tree`, whose Manifests would name its distfiles')
      continue
    }
    yield* ofPackage(want, look)
  }
}

async function* ofPackage(want: Selector, look: Look<GentooOptions>): AsyncGenerator<Entry> {
  const path = `/tree/${want.name}/Manifest`
  for (const above of look.repo.options.manifests === 'full' ? abovePaths(want.name) : []) {
    if ((await look.document(above)) !== undefined) yield { path: above }
  }
  if ((await look.document(path)) === undefined) {
    look.lacks(want, 'the tree has no such package, or its Manifest is not there')
    return
  }
  yield { path }
  const listed = await Array.fromAsync(look.entries(path))
  const versioned = listed.filter(({ version }) => version !== undefined)
  // without a range all versions that the tree has: which of them a machine builds is not told here
  const asked =
    want.range === undefined && want.keep === undefined ? versioned : await pick(versioned, want, gentooVersions)
  if (versioned.length > 0 && asked.length === 0) look.lacks(want, `no allowed version satisfies ${want.range ?? 'it'}`)
  yield* asked
  // patches and bundles carry no version: any of the chosen ones may need them
  for (const entry of listed) if (entry.version === undefined) yield entry
}

/** The Manifests that prove a package's own, from the top. */
export const abovePaths = (name: string): readonly string[] => {
  const [category = ''] = name.split('/')
  return ['/tree/Manifest', `/tree/${category}/Manifest.gz`, `/tree/${category}/Manifest`]
}
