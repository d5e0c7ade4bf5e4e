// What a chosen release needs: the requirements that its files state, as far as an environment is concerned.

import type { Look } from '../../contract.ts'
import { evaluate, parseRequirement, type Requirement } from '../../formats/pep508.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { metadataOfWheel, readMetadata, readSource } from './metadata.ts'
import { fileName, metadataPath } from './names.ts'
import type { PypiOptions } from './options.ts'
import type { Candidate, Chosen, Target } from './releases.ts'

export interface Needs {
  /** Requirements to run. */
  readonly run: readonly string[]
  /** Requirements to build, of releases that are held as source. */
  readonly build: readonly string[]
}

const none: Needs = { run: [], build: [] }

/** Different metadata of one release that are read: a wheel for every platform may have its own. */
const mostKinds = 64

/**
 * What the files say. Wheels with the same metadata are asked once; of those whose metadata has no stated digest the
 * smallest speaks for all.
 */
export async function needsOf({ release, files }: Chosen, look: Look<PypiOptions>): Promise<Needs> {
  const wheels = files.filter(({ file }) => file.kind === 'wheel')
  const kinds = Map.groupBy(wheels, ({ data }) => data.metadata ?? '')
  const run = new Set<string>()
  for (const group of [...kinds.values()].slice(0, mostKinds)) {
    const [first] = group.toSorted((a, b) => (a.entry.size ?? 0) - (b.entry.size ?? 0))
    if (first === undefined) continue
    for (const one of await requirementsOf(release.project, first, look)) run.add(one)
  }
  const source = files.find(({ file }) => file.kind === 'sdist')
  if (source === undefined) return { ...none, run: [...run] }
  const doc = await look.document(source.entry.path)
  if (doc === undefined) return { ...none, run: [...run] }
  const { build, requires } = await readSource(doc)
  if (wheels.length === 0) for (const one of requires) run.add(one)
  return { run: [...run], build }
}

async function requirementsOf(
  project: string,
  { entry, data }: Candidate,
  look: Look<PypiOptions>,
): Promise<readonly string[]> {
  const stated = await look.document(metadataPath(project, fileName(entry.path)))
  if (stated !== undefined) return requiresDist(await stated.bytes(), stated.path)
  const wheel = await look.document(entry.path)
  const metadata = wheel === undefined ? undefined : await metadataOfWheel(wheel, data.metadata)
  return metadata === undefined ? [] : requiresDist(metadata, entry.path)
}

const requiresDist = (bytes: Uint8Array, path: string): readonly string[] =>
  readMetadata(bytes, path).fields.get('requires-dist') ?? []

/** Is a requirement one of this environment, with any of these extras or without? */
export function concerns({ marker }: Requirement, target: Target, extras: ReadonlySet<string>): boolean {
  if (marker === undefined) return true
  return ['', ...extras].some((extra) => evaluate(marker, { ...target.environment, extra }, pep440Versions) !== 'no')
}

/** The requirements among some lines; those that are none are told. */
export function readRequirements(
  lines: readonly string[],
  unreadable: (line: string, why: string) => void,
): readonly Requirement[] {
  const found: Requirement[] = []
  for (const line of lines) {
    const parsed = parseRequirement(line)
    if (typeof parsed === 'string') unreadable(line, parsed)
    else found.push(parsed)
  }
  return found
}
