// What a mirror has of a line of a lockfile: the closure of the line is walked as a sync would, offline; every file of it
// has to be held, allowed, as it came, and one of the bytes that the line states.

import type { HeldRef } from '../catalog/rows.ts'
import type { Digests, Entry, Locked, Look, Selector } from '../contract.ts'
import { heldDoc } from '../engine/doc.ts'
import { digestsFound } from '../engine/hashing.ts'
import { disagreement } from '../engine/locks.ts'
import { createLook } from '../engine/look.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { type Resource, resolve } from '../engine/resolve.ts'
import { clientScope } from '../engine/scope.ts'
import { withheld } from '../engine/withheld.ts'
import { asMirrorError, type Code, MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import { explain } from './explanation.ts'
import { computable, place } from './locked-line.ts'

export interface Gap {
  readonly path?: string
  readonly error: MirrorError
}

export interface Proof {
  readonly file: string
  readonly line?: number
  readonly name: string
  readonly version?: string
  readonly repository?: string
  readonly purl?: string
  /** held: all there, and proven by the line's digest; undigested: all there, and the line states no digest to compare. */
  readonly state: 'held' | 'undigested' | 'gap' | 'skipped'
  /** Files that its closure names. */
  readonly files: number
  readonly bytes: number
  /** Why it is skipped. */
  readonly reason?: string
  readonly gaps: readonly Gap[]
}

/** Proves line after line; a file that several lines want is read once. */
export function createProver(mirror: Mirror): (locked: Locked, file: string, direct: boolean) => Promise<Proof> {
  const read = new Map<string, Promise<Digests>>()
  return async (locked, file, direct) => {
    const { line, name, version } = locked
    const about = {
      file: locked.file ?? file,
      name,
      ...(line === undefined ? {} : { line }),
      ...(version === undefined ? {} : { version }),
    }
    const placed = place(mirror, locked, file, direct)
    if (!('mounted' in placed))
      return { ...about, state: 'skipped', files: 0, bytes: 0, reason: placed.reason, gaps: [] }
    const { mounted, selector } = placed
    const stated = computable(locked).map(({ digests }) => digests)
    const found = await walk(mirror, mounted, selector, stated, read)
    if (found.isElsewhere)
      return {
        ...about,
        state: 'skipped',
        files: 0,
        bytes: 0,
        reason: 'it is for none of the wanted machines',
        gaps: [],
      }
    const state = found.gaps.length > 0 ? 'gap' : found.proven ? 'held' : 'undigested'
    return {
      ...about,
      repository: mounted.settings.name,
      purl: purlOf(mounted, selector.name, version),
      state,
      files: found.files,
      bytes: found.bytes,
      gaps: found.gaps,
    }
  }
}

const purlOf = ({ ecosystem }: MountedRepo, name: string, version: string | undefined): string =>
  `pkg:${ecosystem.purl}/${name.replace(':', '/')}${version === undefined ? '' : `@${encodeURIComponent(version)}`}`

interface Walked {
  readonly files: number
  readonly bytes: number
  /** Has a file one of the digests that the line states? */
  readonly proven: boolean
  /** Is it for none of the wanted machines? */
  readonly isElsewhere: boolean
  readonly gaps: readonly Gap[]
}

async function walk(
  mirror: Mirror,
  mounted: MountedRepo,
  want: Selector,
  stated: readonly Digests[],
  read: Map<string, Promise<Digests>>,
): Promise<Walked> {
  const gaps: Gap[] = []
  const paths = new Set<string>()
  const verdicts: ReturnType<typeof compareDigests>[] = []
  let bytes = 0
  let last: string | undefined
  try {
    const lacks = (_: Selector, reason: string): void =>
      void gaps.push({ error: lackOf(mirror, mounted, want, reason) })
    const look = heldAlone(await createLook(mirror, mounted, clientScope(), mirror.platforms, lacks))
    for await (const entry of mounted.ecosystem.closure([want], look)) {
      if (paths.has(entry.path)) continue
      paths.add(entry.path)
      const one = await fileOf(mirror, mounted, entry, { want, stated }, read)
      if ('error' in one) gaps.push({ path: entry.path, error: one.error })
      else {
        bytes += one.bytes
        if (one.verdicts.length > 0) last = entry.path
        verdicts.push(...one.verdicts)
      }
    }
  } catch (error) {
    gaps.push({ error: located(want, asMirrorError(error)) })
  }
  const proven = verdicts.includes('equal')
  if (!proven && verdicts.includes('different')) {
    const message = `${want.name} is held with other digests than the line states`
    gaps.push({
      ...(last !== undefined && { path: last }),
      error: located(want, new MirrorError('WRONG_DIGEST', message)),
    })
  }
  const isElsewhere = paths.size === 0 && gaps.length === 0 && mirror.platforms.length > 0
  if (paths.size === 0 && gaps.length === 0 && !isElsewhere)
    gaps.push({ error: lackOf(mirror, mounted, want, 'no file of it is known') })
  return { isElsewhere, files: paths.size, bytes, proven, gaps }
}

/** What is not held is not there. */
function heldAlone(look: Look<unknown>): Look<unknown> {
  return {
    ...look,
    async document(path) {
      try {
        return await look.document(path)
      } catch (error) {
        if (asMirrorError(error).code !== 'NOT_HELD') throw error
        return undefined
      }
    },
    async *entries(path) {
      try {
        yield* look.entries(path)
      } catch (error) {
        if (asMirrorError(error).code !== 'NOT_HELD') throw error
      }
    },
  }
}

interface Line {
  readonly want: Selector
  readonly stated: readonly Digests[]
}

type Held = { readonly bytes: number; readonly verdicts: readonly ReturnType<typeof compareDigests>[] }

/** Is it held, allowed and as it came, and how do its bytes compare with each digest of the line? */
async function fileOf(
  mirror: Mirror,
  mounted: MountedRepo,
  entry: Entry,
  { want, stated }: Line,
  read: Map<string, Promise<Digests>>,
): Promise<Held | { readonly error: MirrorError }> {
  const repo = mounted.settings.name
  const wrong = (code: Code, message: string, until?: number) => ({
    error: located(want, new MirrorError(code, message, { ...(until !== undefined && { until }) })),
  })
  const resource = resolve(mounted, entry.path)
  if (resource === undefined) return wrong('NO_ROUTE', `${repo} has no path like ${entry.path}`)
  const { held, verdict } = await explain(mirror, resource)
  if (!verdict.allow) return wrong(verdict.code, `${entry.path}: ${verdict.reason}`, verdict.until)
  if (held === undefined) return wrong('NOT_HELD', `${entry.path} of ${repo} is not held`)
  const kinds = kindsOf(stated)
  const key = `${held.sha256} ${mounted.ecosystem.id} ${[...kinds].sort().join(' ')}`
  try {
    const work = read.get(key) ?? digestsOf(mirror, resource, held, kinds)
    read.set(key, work)
    const digests = await work
    // documents beside a file are not what a line states a digest of
    const isFile = resource.route.kind === 'artifact'
    return { bytes: held.size, verdicts: isFile ? stated.map((one) => compareDigests(one, digests)) : [] }
  } catch (error) {
    return { error: located(want, asMirrorError(error)) }
  }
}

const kindsOf = (stated: readonly Digests[]): ReadonlySet<string> =>
  new Set(stated.flatMap((digests) => Object.keys(digests)))

/** Of bytes that are read again. Throws DAMAGED when they are not as they came. */
async function digestsOf(
  mirror: Mirror,
  { route, mounted, p }: Resource,
  ref: HeldRef,
  kinds: ReadonlySet<string>,
): Promise<Digests> {
  const found = digestsFound(await mirror.hashing.hash(ref.sha256, ['sha256', ...kinds]), ref.sha256)
  if (found.sha256 !== ref.sha256) throw new MirrorError('DAMAGED', `the bytes of ${ref.path} are not as they came`)
  const own: Record<string, string> = {}
  for (const [kind, compute] of Object.entries(mounted.ecosystem.digests ?? {})) {
    // files that no version has, such as those of a log, have no digest of an ecosystem's own
    if (kinds.has(kind) && route.kind === 'artifact' && route.known?.(p).version !== undefined)
      own[kind] = await compute(heldDoc(mirror, ref))
  }
  return { ...found, ...own }
}

/** What a closure could not have: other digests in the index, a denial, or a gap. */
function lackOf(mirror: Mirror, mounted: MountedRepo, want: Selector, reason: string): MirrorError {
  const repo = mounted.settings.name
  if (disagreement(mirror, mounted, want)) {
    return located(
      want,
      new MirrorError('DISAGREEMENT', `the index of ${repo} states other digests for ${want.name} than the line`),
    )
  }
  return withheld(mirror, mounted, want) ?? located(want, new MirrorError('NOT_HELD', `${want.name}: ${reason}`))
}

const located = (want: Selector, { code, message, facts }: MirrorError): MirrorError =>
  new MirrorError(code, message, { ...facts, ...want.from })
