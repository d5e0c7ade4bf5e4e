// Whether a file may be had, by what is said of it: the verdict of policy, and what gives a clock to a file that has none.

import type { Fact } from '../catalog/rows.ts'
import { MirrorError } from '../errors.ts'
import { parseHttpDate } from '../formats/http-date.ts'
import { subjectOf, type Verdict } from './judge.ts'
import type { Mirror } from './mirror.ts'
import { obtainArtifact, obtainDocument, readDates, sayings } from './obtain.ts'
import type { Obtained } from './obtained.ts'
import type { Resource } from './resolve.ts'
import { dated, type Said, seenOf } from './said.ts'
import type { Scope } from './scope.ts'

/**
 * A package that is denied as a whole is refused before anything is asked; a document about one version (its attestations,
 * say) is judged as that version is, and one that nothing dates after it was fetched. Artifacts are judged by what is said
 * of them.
 */
export async function admitKnown(mirror: Mirror, resource: Resource, scope: Scope): Promise<void> {
  const { route, p, path, mounted } = resource
  const known = mounted.judge.open ? undefined : route.known?.(p)
  if (known?.name === undefined) return
  const { name, version } = known
  if (route.kind === 'artifact' || version === undefined) {
    const verdict = mounted.judge.verdict({ name }, mirror.now())
    if (!verdict.allow) throw wordsOf(verdict, name, path)
    return
  }
  await readDates(mirror, resource, scope)
  const first = verdictOn(mirror, resource, name, version)
  if (first.verdict.allow) return
  const waits = first.verdict.code === 'COOLDOWN' && !first.dated
  if (!waits || mirror.offline || route.kind !== 'index') throw wordsOf(first.verdict, `${name}@${version}`, path)
  if ((await obtainDocument(mirror, resource, scope)) === undefined) return
  mirror.catalog.facts.see(mounted.settings.name, [path], mirror.now(), false)
  const { verdict } = verdictOn(mirror, resource, name, version)
  if (!verdict.allow) throw wordsOf(verdict, `${name}@${version}`, path)
}

/** Of a version, by what dates it or by when its document was first seen. */
function verdictOn(
  mirror: Mirror,
  { mounted, path }: Resource,
  name: string,
  version: string,
): { readonly verdict: Verdict; readonly dated: boolean } {
  const repo = mounted.settings.name
  const { facts } = mirror.catalog
  const isIt = ({ entry }: Fact): boolean => entry.name === name && entry.version === version
  const fact = facts.of(repo, path).find(isIt) ?? facts.byName(repo, name).find(isIt)
  const sighted = fact === undefined ? facts.seen(repo, path) : seenOf(mirror, mounted, fact)
  const { entry, seen } = dated(mirror, mounted, fact?.entry ?? { name, version }, sighted)
  const verdict = mounted.judge.verdict(subjectOf(entry, seen), mirror.now())
  return { verdict, dated: entry.published !== undefined || seen !== undefined }
}

/** A document whose very bytes are denied is refused under every name. */
export function admitBytes(mirror: Mirror, { mounted, route, p, path }: Resource, sha256: string): void {
  const name = mounted.judge.open ? undefined : route.known?.(p).name
  if (name === undefined) return
  const verdict = mounted.judge.verdict({ name, digests: { sha256 } }, mirror.now())
  if (!verdict.allow) throw wordsOf(verdict, `${name}@sha256:${sha256}`, path)
}

type Refusal = Exclude<Verdict, { readonly allow: true }>

const wordsOf = ({ code, reason, until }: Refusal, what: string, path: string): MirrorError =>
  new MirrorError(code, `${what} is ${reason}`, { path, until })

/**
 * Throws DENIED or COOLDOWN when policy hides what is said. A file that nothing dates is fetched before its cooldown is
 * judged: by its own Last-Modified then, or as seen just now.
 */
export async function admit(mirror: Mirror, resource: Resource, scope: Scope, stated: Said): Promise<void> {
  const first = refusal(mirror, resource, stated)
  if (first === undefined) return
  if (first.code !== 'COOLDOWN' || mirror.offline || hasClock(mirror, resource, stated)) throw first
  const found = await obtainArtifact(mirror, resource, scope, stated)
  if ('arriving' in found) await found.arriving.landed
  const { name } = resource.mounted.settings
  mirror.catalog.facts.see(name, [resource.path], mirror.now(), false)
  const second = refusal(mirror, resource, { ...stated, seen: mirror.catalog.facts.seen(name, resource.path) })
  if (second !== undefined) throw second
}

/** A file that policy allows, whole. Throws as `admit` does, and as obtaining does. */
export async function obtainAdmitted(mirror: Mirror, resource: Resource, scope: Scope): Promise<Obtained> {
  const stated = resource.mounted.judge.open ? undefined : await sayings(mirror, resource, scope, 0)
  if (stated !== undefined) await admit(mirror, resource, scope, stated)
  const found = await obtainArtifact(mirror, resource, scope, stated)
  return 'held' in found ? found.held : found.arriving.landed
}

/** The error that policy answers with; undefined when it allows what is said. */
export function refusal(mirror: Mirror, resource: Resource, stated: Said): MirrorError | undefined {
  const { judge } = resource.mounted
  if (judge.open) return undefined
  const subject = subjectOf(versioned(resource, stated.entry), stated.seen, modifiedOf(mirror, resource, stated))
  const verdict = judge.verdict(subject, mirror.now())
  if (verdict.allow) return undefined
  const what = `${subject.name ?? resource.path}${subject.version === undefined ? '' : `@${subject.version}`}`
  return wordsOf(verdict, what, resource.path)
}

/** A file that needs no voucher may have no version; what is judged is the file itself all the same. */
const versioned = ({ route }: Resource, entry: Said['entry']): Said['entry'] =>
  route.unvouched === undefined || entry.version !== undefined ? entry : { ...entry, version: '' }

const hasClock = (mirror: Mirror, resource: Resource, stated: Said): boolean =>
  stated.entry.published !== undefined ||
  stated.seen !== undefined ||
  modifiedOf(mirror, resource, stated) !== undefined

/**
 * Last-Modified of a held file that no document vouches for. Where any file may be, whoever puts it there sets that date, often to
 * that of an older copy: it does not count before the first sight.
 */
function modifiedOf(mirror: Mirror, resource: Resource, stated: Said): number | undefined {
  if (stated.vouched || stated.seen?.baseline) return undefined
  if (resource.route.unvouched !== undefined && stated.seen === undefined) return undefined
  const ref = mirror.catalog.refs.get(resource.mounted.settings.name, resource.path, resource.variant, 0)
  const modified = parseHttpDate(ref?.headers['last-modified'] ?? '')
  const first = resource.route.unvouched === undefined ? undefined : stated.seen?.first
  return modified === undefined ? first : Math.max(modified, first ?? modified)
}
