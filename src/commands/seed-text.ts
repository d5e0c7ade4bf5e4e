// What a seeding made of lockfiles, in words and as JSON.

import { errorFields } from '../telemetry/lines.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import type { AddressMap } from './addresses.ts'
import type { Booked, LineState } from './ledger.ts'
import type { LockedFile } from './locked-file.ts'
import type { Missing } from './locked-line.ts'
import { repositoryLines } from './missing-repositories.ts'
import { columns } from './print.ts'

export interface Report {
  readonly file: LockedFile
  readonly booked: readonly Booked[]
  readonly addresses: AddressMap | undefined
}

const states: readonly LineState[] = ['new', 'held', 'withheld', 'unmet', 'elsewhere', 'skipped']

const words: Readonly<Record<LineState, string>> = {
  new: 'new',
  held: 'held',
  withheld: 'withheld by policy',
  unmet: 'not to be had',
  elsewhere: 'for other machines alone',
  skipped: 'not mirrorable',
}

const sum = (booked: readonly Booked[], of: (one: Booked) => number): number =>
  booked.reduce((total, one) => total + of(one), 0)

const countOf = (booked: readonly Booked[], state: LineState): number =>
  booked.filter((one) => one.state === state).length

/** `package-lock.json: package-lock, 812 lines: 3 new (1.2 MB to fetch), 809 held`. */
export function reportText({ file: { file, format }, booked }: Report, dryRun: boolean): string {
  const parts = states.flatMap((state) => {
    const count = countOf(booked, state)
    if (count === 0) return []
    return [`${count} ${words[state]}${state === 'new' ? ` (${fetchText(booked, dryRun)})` : ''}`]
  })
  const leftOut = sum(booked, (one) => one.leftOut)
  if (leftOut > 0) parts.push(`${countText(leftOut, 'file')} of other machines left out`)
  return `${file}: ${format.id}, ${countText(booked.length, 'line')}: ${parts.length === 0 ? 'nothing' : parts.join(', ')}`
}

function fetchText(booked: readonly Booked[], dryRun: boolean): string {
  const unsized = sum(booked, (one) => one.unsized)
  const bytes = bytesText(sum(booked, (one) => one.bytes))
  return `${bytes} ${dryRun ? 'to fetch' : 'fetched'}${unsized > 0 ? ` and ${countText(unsized, 'file')} of unstated size` : ''}`
}

/** What to add to a configuration for registries that nothing mirrors. */
export function missingLines(reports: readonly Report[]): readonly string[] {
  const lines = repositoryLines(missingOf(reports))
  return lines.length === 0 ? [] : ['Registries that nothing mirrors; to have them, add:', ...lines]
}

function missingOf(reports: readonly Report[]): readonly Missing[] {
  const all = reports.flatMap(({ booked }) => booked.flatMap(({ missing }) => missing ?? []))
  return [...new Map(all.map((one) => [`${one.ecosystem} ${one.address}`, one])).values()]
}

/** `FROM  TO`, and what is not here. */
export function addressLines(maps: readonly AddressMap[]): readonly string[] {
  const mapped = columns(maps.flatMap((one) => one.mapped.map(({ from, to, count }) => [String(count), from, to])))
  const unmapped = maps.flatMap((one) => one.unmapped)
  return [...mapped, ...unmapped.map(({ host, count }) => `${countText(count, 'address')} of ${host}: not here`)]
}

/** The members of a JSON line of one lockfile; `entries` is the whole list. */
export function reportFields({ file, booked, addresses }: Report): Readonly<Record<string, unknown>> {
  const missing = missingOf([{ file, booked, addresses }])
  return {
    file: file.file,
    format: file.format.id,
    lines: booked.length,
    ...Object.fromEntries(states.map((state) => [state, countOf(booked, state)])),
    bytes: sum(booked, (one) => one.bytes),
    unsized: sum(booked, (one) => one.unsized),
    leftOut: sum(booked, (one) => one.leftOut),
    ...(missing.length === 0 ? {} : { missing }),
    ...(addresses === undefined ? {} : { addresses: addresses.mapped, unmapped: addresses.unmapped }),
    entries: booked.map(({ locked, mounted, state, reason, error }) => ({
      ...locked,
      state,
      repository: mounted?.settings.name,
      reason,
      error: error === undefined ? undefined : errorFields(error),
    })),
  }
}
