// Which refs go: dead generations, forgotten absences, and by rule what no manifest holds. That no manifest names a thing
// is never a reason by itself.

import type { Candidate, Reason } from '../catalog/marks.ts'
import type { Generation, Ref } from '../catalog/rows.ts'
import type { RefPage } from '../catalog/sweeps.ts'
import { type Collecting, count, countsOf, keepers, pinsFor } from './gc-state.ts'
import type { MountedRepo } from './mirror.ts'
import { isRoot, readingScope, resolve, resourceOfRef, vouchersOf } from './resolve.ts'
import { pages, turn } from './turns.ts'

type Aged = Pick<Ref, 'repo' | 'path' | 'fetched' | 'checked' | 'used'>

export interface GoneGeneration extends Generation {
  readonly reason: Reason
}

/** Marks the refs of generations that go, and returns those generations. */
export async function markGenerations(at: Collecting): Promise<readonly GoneGeneration[]> {
  const going: GoneGeneration[] = []
  for (const generation of at.mirror.catalog.generations.all()) {
    await turn(at.signal)
    const refs = at.mirror.catalog.refs.ofGeneration(generation.id)
    const reason = deadBy(at, generation, refs)
    if (reason === undefined) continue
    at.marks.addRefs(refs, reason)
    going.push({ ...generation, reason })
  }
  return going
}

function deadBy(at: Collecting, { state, made, flipped, repo }: Generation, refs: readonly Ref[]): Reason | undefined {
  if (state === 'staging') return made < at.cutoff ? 'unfinished' : undefined
  if (state === 'previous') return (flipped ?? made) < at.cutoff ? 'superseded' : undefined
  const mounted = at.mirror.repos.get(repo)
  if (mounted === undefined || refs.length === 0 || pinsFor(at, mounted).some) return undefined
  const expired = refs.every((ref) => isExpired(at, mounted, ref) && holdersOf(at, ref).length === 0)
  return expired ? 'expired' : undefined
}

const holdersOf = (at: Collecting, ref: Aged): readonly string[] => at.mirror.catalog.holds.of(ref.repo, ref.path)

/** The same as in fresh.ts: neither fetched nor validated for `expire_after`; offline only where policy says so. */
function isExpired({ mirror, now }: Collecting, { rules, settings }: MountedRepo, ref: Aged): boolean {
  if (mirror.offline && !settings.policy.expireOffline) return false
  return now - Math.max(ref.fetched, ref.checked) >= rules.expireAfter(ref.path)
}

function ruleAgainst(at: Collecting, mounted: MountedRepo, ref: Aged): Reason | undefined {
  if (isExpired(at, mounted, ref)) return 'expired'
  if (at.now - lastUse(ref) >= at.keep.unusedFor) return 'unused'
  return at.now - Math.max(ref.fetched, ref.checked) >= at.keep.maxAge ? 'old' : undefined
}

const lastUse = (ref: Aged): number => Math.max(ref.used, ref.fetched)

/** Marks single refs; what may go only when space is short, or when nothing that stays needs it, becomes a candidate. */
export async function markRefs(at: Collecting): Promise<void> {
  if (at.keep.latest !== undefined) await markLatest(at, at.keep.latest)
  for await (const page of refsOf(at)) {
    for (const ref of page) {
      witness(at, ref)
      markRef(at, ref)
    }
  }
  for await (const page of candidatesOf(at, 'index')) {
    for (const candidate of page) {
      if (candidate.reason === '' || isEvidence(at, candidate)) continue
      if (await namesWhatStays(at, candidate)) keptBy(at, candidate, keepers.names)
      else at.marks.addCandidateRef(candidate, candidate.reason)
    }
  }
  await markEvidence(at)
}

/**
 * Proven by its own check alone, naming no package and vouching for none: what the checks of others rest on, such as the
 * tiles of a log.
 */
function isEvidence(at: Collecting, { repo, path, variant }: Pick<Ref, 'repo' | 'path' | 'variant'>): boolean {
  const mounted = at.mirror.repos.get(repo)
  const route = mounted === undefined ? undefined : resourceOfRef(mounted, { path, variant })?.route
  if (route?.check === undefined) return false
  return [route.known, route.read, route.vouchers, route.generation].every((one) => one === undefined)
}

/** Evidence that a rule is against stays as long as its repository keeps anything that it may prove. */
async function markEvidence(at: Collecting): Promise<void> {
  const keeping = new Map(
    [...at.repositories].map(([repo, { kept }]) => [repo, Object.values(kept).some(({ items }) => items > 0)]),
  )
  for (const kind of ['artifact', 'index']) {
    for await (const page of candidatesOf(at, kind)) {
      for (const candidate of page) {
        if (candidate.reason === '' || !isEvidence(at, candidate)) continue
        if (keeping.get(candidate.repo) === true) keptBy(at, candidate, keepers.proves)
        else at.marks.addCandidateRef(candidate, candidate.reason)
      }
    }
  }
}

const refsOf = (at: Collecting): AsyncGenerator<readonly RefPage[]> =>
  pages<RefPage>(at.signal, (after) => at.mirror.catalog.sweeps.refsFrom(after))

export const candidatesOf = (at: Collecting, kind: string): AsyncGenerator<readonly Candidate[]> =>
  pages<Candidate>(at.signal, (after) => at.marks.candidates(kind, after))

/** What becomes of a ref. A candidate goes by `reason` when nothing that stays needs it, or for space when that is ''. */
type Fate =
  | { readonly goes: Reason }
  | { readonly stays: readonly string[] }
  | { readonly candidate: Reason | '' }
  | undefined

function fateOf(at: Collecting, ref: RefPage): Fate {
  const mounted = at.mirror.repos.get(ref.repo)
  if (ref.generation !== 0 && at.marks.isGoing(ref)) return undefined
  if (ref.sha256 === undefined) {
    const forgotten = mounted !== undefined && at.now - ref.checked >= mounted.settings.policy.negativeFor
    return forgotten ? { goes: 'absent' } : undefined
  }
  if (ref.generation !== 0) return { stays: [keepers.generation] }
  if (ref.held) return { stays: holdersOf(at, ref) }
  if (mounted === undefined) return { stays: [keepers.foreign] }
  if (pinsFor(at, mounted).has(ref)) return { stays: [keepers.pinned] }
  if (isOutlived(at, mounted, ref)) return { goes: 'superseded' }
  const reason = ruleAgainst(at, mounted, ref)
  const short = Number.isFinite(at.keep.maxSize)
  if (reason === undefined && !short) return { stays: [keepers.nobody] }
  if (isLatest(at, ref)) return { stays: [keepers.latest] }
  if (reason !== 'expired' && isEvidence(at, ref))
    return reason === undefined ? { stays: [keepers.nobody] } : { candidate: reason }
  if (reason === undefined) return { candidate: '' }
  // what an index vouches for needs it; one that expired vouches for nothing any more
  return ref.kind === 'index' && reason !== 'expired' ? { candidate: reason } : { goes: reason }
}

/**
 * An index of a chained repo under the path of its digest, which no state that is kept names any more: nobody can ask
 * for it. What lists name, the packages themselves, is not meant.
 */
function isOutlived(at: Collecting, mounted: MountedRepo, ref: RefPage): boolean {
  if (ref.kind !== 'artifact' || lastUse(ref) >= at.cutoff) return false
  const resource = resolve(mounted, ref.path)
  const vouchers = resource === undefined ? undefined : vouchersOf(resource)
  if (vouchers === undefined || vouchers.length === 0) return false
  const roots = vouchers.every((path) => {
    const voucher = resolve(mounted, path)
    return voucher !== undefined && isRoot(voucher)
  })
  return roots && at.mirror.catalog.facts.of(ref.repo, ref.path).length === 0
}

function witness(at: Collecting, { fetched, checked, used }: RefPage): void {
  for (const time of [fetched, checked, used]) if (time <= at.cutoff && time > at.witnessed) at.witnessed = time
}

function markRef(at: Collecting, ref: RefPage): void {
  const fate = fateOf(at, ref)
  if (fate === undefined) return
  if ('goes' in fate) at.marks.addRefs([ref], fate.goes)
  if ('stays' in fate) for (const keeper of fate.stays) keptBy(at, ref, keeper)
  if ('candidate' in fate) {
    at.marks.addCandidates([candidateOf(ref, fate.candidate)])
    if (fate.candidate === '') keptBy(at, ref, keepers.nobody)
  }
}

function candidateOf(ref: RefPage, reason: Reason | ''): Candidate {
  const { repo, path, variant, generation, kind, sha256, size, checked, used } = ref
  return {
    repo,
    path,
    variant,
    generation,
    kind,
    sha256: sha256 ?? null,
    size,
    checked,
    used,
    last: lastUse(ref),
    reason,
  }
}

const keptBy = (at: Collecting, { repo, size }: Pick<Ref, 'repo' | 'size'>, keeper: string): void =>
  count(countsOf(at, repo).kept, keeper, 1, size)

const isLatest = ({ keep, marks }: Collecting, { repo, name, version }: RefPage): boolean =>
  keep.latest !== undefined && name !== undefined && version !== undefined && marks.isKeptVersion(repo, name, version)

/** The newest versions of each package that are held. */
async function markLatest(at: Collecting, latest: number): Promise<void> {
  for await (const page of refsOf(at)) {
    at.marks.addVersions(
      page.flatMap(({ repo, kind, sha256, name, version }) =>
        kind === 'artifact' && sha256 !== undefined && name !== undefined && version !== undefined
          ? [{ repo, name, version }]
          : [],
      ),
    )
  }
  for await (const page of pages<{ repo: string; name: string }>(at.signal, (after) => at.marks.names(after))) {
    for (const { repo, name } of page) {
      const order = at.mirror.repos.get(repo)?.ecosystem.versions
      if (order === undefined) continue
      const newest = [...at.marks.versionsOf(repo, name)].sort((a, b) => order.compare(b, a)).slice(0, latest)
      at.marks.keepVersions(repo, name, newest)
    }
  }
}

/** An index that vouches for something that stays, stays with it: without it nothing could prove the rest. */
export async function namesWhatStays(at: Collecting, { repo, path, variant, sha256 }: Candidate): Promise<boolean> {
  const mounted = at.mirror.repos.get(repo)
  const resource = mounted === undefined ? undefined : resourceOfRef(mounted, { path, variant })
  if (resource === undefined || sha256 === null) return false
  const reading = at.mirror.catalog.facts.reading(repo, readingScope(resource), sha256)
  if (reading === undefined) return false
  for await (const page of pages<{ path: string; stays: number }>(at.signal, (after) =>
    at.marks.named(reading, after?.path ?? ''),
  )) {
    if (page.some(({ stays }) => stays === 1)) return true
  }
  return false
}
