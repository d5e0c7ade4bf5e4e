// What a run made of each line of the lockfiles it came from: what is new, what was held, and what is not there and why.

import type { Locked, Selector } from '../contract.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import type { Fault, Item } from '../engine/walk.ts'
import type { MirrorError } from '../errors.ts'
import { addTo } from '../formats/lists.ts'
import { filenameOf } from '../lockfiles/locked.ts'
import type { LockedFile } from './locked-file.ts'
import { type Missing, place } from './locked-line.ts'

/**
 * new: fetched, or in a dry run to be fetched; held: there before; withheld: a rule or a cooldown hides it; unmet: it cannot
 * be had; elsewhere: it is for other machines than the wanted ones; skipped: no mirror can hold it.
 */
export type LineState = 'new' | 'held' | 'withheld' | 'unmet' | 'elsewhere' | 'skipped'

export interface LedgerLine {
  readonly locked: Locked
  readonly mounted?: MountedRepo
  readonly selector?: Selector
  /** Why it is skipped, or what went wrong. */
  readonly reason?: string
  /** The registry that nothing mirrors. */
  readonly missing?: Missing
}

export interface Booked extends LedgerLine {
  readonly state: LineState
  /** Fetched, or in a dry run to be fetched, as far as the index states it. */
  readonly bytes: number
  /** Files to be fetched whose size nothing states. */
  readonly unsized: number
  /** Files that the line names and no wanted machine takes. */
  readonly leftOut: number
  readonly error?: MirrorError
}

export interface Ledger {
  /** What a run is to bring in, by repository. */
  readonly wants: ReadonlyMap<string, readonly Selector[]>
  readonly lines: ReadonlyMap<LockedFile, readonly LedgerLine[]>
  item(item: Item): void
  fault(fault: Omit<Fault, 'repo'>): void
  /** Of one file, in its order. */
  booked(file: LockedFile): readonly Booked[]
}

interface Account {
  readonly line: LedgerLine
  fresh: boolean
  held: boolean
  bytes: number
  unsized: number
  readonly names: Set<string>
  error: MirrorError | undefined
}

export function openLedger(mirror: Mirror, files: readonly LockedFile[]): Ledger {
  const wants = new Map<string, Selector[]>()
  const lines = new Map<LockedFile, readonly LedgerLine[]>()
  const accounts = new Map<LedgerLine, Account>()
  /** By repository, name and version; a line without a version by its name. */
  const byVersion = new Map<string, Account[]>()
  const byName = new Map<string, Account[]>()
  const byPlace = new Map<string, Account[]>()

  for (const file of files) {
    const own: LedgerLine[] = []
    for (const locked of file.lines) {
      const placed = place(mirror, locked, file.file, file.format.direct === true)
      const line: LedgerLine = { locked, ...placed }
      own.push(line)
      const account = {
        line,
        fresh: false,
        held: false,
        bytes: 0,
        unsized: 0,
        names: new Set<string>(),
        error: undefined,
      }
      accounts.set(line, account)
      if (!('mounted' in placed)) continue
      const { selector, mounted } = placed
      const repo = mounted.settings.name
      addTo(wants, repo, selector)
      if (locked.version !== undefined) addTo(byVersion, `${repo} ${selector.name} ${selector.range}`, account)
      addTo(byName, `${repo} ${selector.name}`, account)
      addTo(byPlace, placeKey(selector.name, selector.from), account)
    }
    lines.set(file, own)
  }

  function concerned(repo: string | undefined, name: string | undefined, version: string | undefined): Account[] {
    if (repo === undefined || name === undefined) return []
    const named = byName.get(`${repo} ${name}`) ?? []
    if (version === undefined) return named
    const { versions } = named[0]?.line.mounted?.ecosystem ?? {}
    const exact = byVersion.get(`${repo} ${name} ${versions?.exact(version)}`)
    return exact ?? named.filter(({ line: { locked } }) => locked.version === undefined)
  }

  return {
    wants,
    lines,
    item({ repo, path, name, version, outcome, bytes }) {
      for (const account of concerned(repo, name, version)) {
        const isNew = outcome === 'missing' || outcome === 'fetched'
        if (isNew) account.fresh = true
        else account.held = true
        if (isNew) account.bytes += bytes
        if (isNew && bytes === 0) account.unsized += 1
        account.names.add(filenameOf(path))
      }
    },
    fault({ name, version, error }) {
      const { file, line } = error.facts
      const at = name === undefined || file === undefined ? undefined : byPlace.get(placeKey(name, { file, line }))
      for (const account of at ?? faulty(accounts, name, version)) account.error ??= error
    },
    booked: (file) =>
      (lines.get(file) ?? []).map((line) => {
        const booked = book(line, accounts.get(line))
        return mirror.platforms.length > 0 ? booked : { ...booked, leftOut: 0 }
      }),
  }
}

const placeKey = (
  name: string,
  { file, line }: { readonly file: string; readonly line?: number | undefined },
): string => `${name} ${line ?? ''} ${file}`

/** Lines that a failed file is of. */
const faulty = (accounts: ReadonlyMap<LedgerLine, Account>, name: string | undefined, version: string | undefined) =>
  [...accounts.values()].filter(
    ({ line: { locked, selector } }) =>
      name !== undefined && selector?.name === name && (version === undefined || locked.version === version),
  )

function book(line: LedgerLine, account: Account | undefined): Booked {
  const { fresh = false, held = false, bytes = 0, unsized = 0, names = new Set<string>(), error } = account ?? {}
  const files = new Set(line.locked.digests.flatMap(({ filename }) => filename ?? []))
  const leftOut = fresh || held ? [...files].filter((name) => !names.has(name)).length : files.size
  const common = { ...line, bytes, unsized, leftOut }
  if (line.mounted === undefined) return { ...common, state: 'skipped', leftOut: 0 }
  if (error !== undefined) {
    const state = error.failure.exit === 5 ? 'withheld' : 'unmet'
    return { ...common, state, error, reason: error.message, leftOut: 0 }
  }
  return { ...common, state: fresh ? 'new' : held ? 'held' : 'elsewhere' }
}
