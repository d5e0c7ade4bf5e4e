// What a closure may look at: documents, and those of their entries that policy allows.

import type { Fact } from '../catalog/rows.ts'
import type { Entry, Look, Platform, Selector } from '../contract.ts'
import { asMirrorError } from '../errors.ts'
import { obtainAdmitted } from './admit.ts'
import { heldDoc } from './doc.ts'
import { subjectOf } from './judge.ts'
import type { Mirror, MountedRepo } from './mirror.ts'
import { besideDocs, obtainDocument, serviced } from './obtain.ts'
import type { Obtained } from './obtained.ts'
import { readDocument } from './read.ts'
import { mustResolve, type Resource, readingScope } from './resolve.ts'
import { LOCKFILE_SCOPE, seenOf } from './said.ts'
import { type Scope, scopeKey } from './scope.ts'

/** A file as a client would get it; undefined where policy refuses it or nobody has it. */
async function file(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained | undefined> {
  try {
    return await obtainAdmitted(mirror, resource, scope)
  } catch (error) {
    const { code, failure } = asMirrorError(error)
    if (code === 'NOT_FOUND' || failure.exit === 5) return undefined
    throw error
  }
}

export async function createLook(
  mirror: Mirror,
  mounted: MountedRepo,
  scope: Scope,
  platforms: readonly Platform[],
  lacks: (want: Selector, reason: string) => void,
): Promise<Look<unknown>> {
  const { settings, judge } = mounted
  const { facts, refs, generations } = mirror.catalog
  const standing = new Map<number, boolean>()

  const allows = (fact: Fact): boolean =>
    judge.open || judge.verdict(subjectOf(fact.entry, seenOf(mirror, mounted, fact)), mirror.now()).allow

  /** Does the document that says so belong to a state that this scope looks at? */
  function stands(fact: Fact): boolean {
    const known = standing.get(fact.reading)
    if (known !== undefined) return known
    const staged = new Set(scope.staged.values())
    const found =
      !fact.scope.startsWith(LOCKFILE_SCOPE) &&
      refs.bySha256(fact.by).some((ref) => {
        if (ref.repo !== settings.name) return false
        if (ref.generation === 0 || staged.has(ref.generation)) return true
        const generation = generations.byId(ref.generation)
        return generation?.state === 'current' && !scope.staged.has(scopeKey(settings.name, generation.key))
      })
    standing.set(fact.reading, found)
    return found
  }

  return {
    repo: await serviced(mirror, mounted, scope),
    platforms,
    lacks,
    async document(path) {
      const resource = mustResolve(mounted, path)
      const obtained = await (resource.route.kind === 'artifact' ? file : obtainDocument)(mirror, resource, scope)
      return obtained === undefined ? undefined : heldDoc(mirror, obtained.ref)
    },
    async *entries(path) {
      const resource = mustResolve(mounted, path)
      const obtained = await obtainDocument(mirror, resource, scope)
      if (obtained === undefined) return
      await readDocument(mirror, resource, obtained.ref, (at, type) => besideDocs(mirror, at, type, scope))
      const reading = facts.reading(settings.name, readingScope(resource), obtained.ref.sha256)
      if (reading === undefined) return
      standing.delete(reading)
      for (const fact of facts.ofReading(settings.name, reading)) if (allows(fact)) yield fact.entry
    },
    async *find(name): AsyncGenerator<Entry> {
      const yielded = new Set<string>()
      for (const fact of facts.byName(settings.name, name)) {
        if (yielded.has(fact.entry.path) || !stands(fact) || !allows(fact)) continue
        yielded.add(fact.entry.path)
        yield fact.entry
      }
    },
  }
}
