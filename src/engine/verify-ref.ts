// What is asked again of one held path: do its bytes have the digests that are stated, does its signature hold, and does
// it still say what the catalog remembers?

import type { HeldRef, Proof } from '../catalog/rows.ts'
import type { Digests, Doc, Entry } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { compareDigests } from '../formats/digest.ts'
import { heldDoc } from './doc.ts'
import { heldAt, heldBeside } from './held-docs.ts'
import { readEntries } from './means.ts'
import type { Mirror } from './mirror.ts'
import { INLINE_LIMIT, plainRepo, sourceOf, withService } from './read.ts'
import { type Resource, readingScope, vouchersOf } from './resolve.ts'
import type { Said } from './said.ts'

/** What checks remember, by repository and generation: roots of one generation are compared with each other only. */
export type Memories = Map<string, Map<string, string>>

export interface Proven {
  readonly proof: Proof
  /** In words. */
  readonly words: string
  /** Its route wants a document that names it, and none that is held does any more. */
  readonly unnamed: boolean
}

export interface Stated {
  readonly ref: HeldRef
  readonly resource: Resource
  readonly said: Said
}

/** Throws what is wrong with bytes that are as they were when they came. */
export async function prove(
  mirror: Mirror,
  stated: Stated,
  found: { readonly size: number; readonly digests: Digests },
  memories: Memories,
): Promise<Proven> {
  const { ref, resource, said } = stated
  mustFit(stated, found)
  await mustHaveOwnDigests(mirror, stated)
  const signed = await signature(mirror, stated, memories)
  await mustSayTheSame(mirror, stated)
  const unnamed = vouchersOf(resource) !== undefined && !said.vouched
  if (signed !== undefined) return { proof: 'signature', words: signed, unnamed }
  if (said.proof !== undefined) return { proof: said.proof, words: said.words, unnamed }
  if (ref.proof === 'signature' && resource.route.check !== undefined && !unnamed) {
    throw new MirrorError('NO_SIGNATURE', `${ref.path} was proven by ${ref.proven}, which nothing that is held shows`, {
      path: ref.path,
    })
  }
  return { proof: ref.proof, words: ref.proven, unnamed }
}

function mustFit({ ref, said }: Stated, found: { readonly size: number; readonly digests: Digests }): void {
  const { digests = {}, size } = said.entry
  if (compareDigests(digests, found.digests) === 'different') {
    throw new MirrorError('WRONG_DIGEST', `${ref.path} has other digests than its ${said.words}`, { path: ref.path })
  }
  if (size !== undefined && size !== found.size) {
    throw new MirrorError('WRONG_LENGTH', `${ref.path} has ${found.size} bytes, ${size} are stated`, { path: ref.path })
  }
}

async function mustHaveOwnDigests(mirror: Mirror, { ref, resource, said }: Stated): Promise<void> {
  for (const [algorithm, compute] of Object.entries(resource.mounted.ecosystem.digests ?? {})) {
    const expected = said.entry.digests?.[algorithm]
    if (expected === undefined) continue
    const found = await compute(heldDoc(mirror, ref))
    if (found === expected) continue
    const message = `${ref.path} has the ${algorithm} digest ${found}, ${expected} is stated`
    throw new MirrorError('WRONG_DIGEST', message, { path: ref.path, expected, found })
  }
}

/** Who signed it; undefined when its route checks nothing, or found nothing to prove. */
async function signature(
  mirror: Mirror,
  { ref, resource, said }: Stated,
  memories: Memories,
): Promise<string | undefined> {
  const { settings, repo } = resource.mounted
  if (resource.route.check === undefined) return undefined
  const key = `${ref.repo} ${ref.generation}`
  const memory = memories.get(key) ?? new Map<string, string>()
  memories.set(key, memory)
  let proven: string | undefined
  const held = (path: string): Doc | undefined => {
    const other = heldAt(mirror, resource.mounted, path, ref.generation)
    return other === undefined ? undefined : heldDoc(mirror, other)
  }
  const doc = heldDoc(mirror, ref, heldBeside(mirror, resource, ref))
  await resource.route.check(
    doc,
    resource.p,
    repo,
    {
      now: mirror.now(),
      document: async (path) => held(path),
      unproven: async (path) => held(path),
      keys: (name) => mirror.keyrings(settings.keyrings, name),
      // what belongs to no generation is what was remembered last
      recall: (name) =>
        memory.get(name) ?? (ref.generation === 0 ? mirror.catalog.generations.recall(ref.repo, name) : undefined),
      remember: (name, value) => void memory.set(name, value),
      proven(by) {
        proven = by
      },
      // what was in time when it came is not wrong because time went on
      expired: (error) => mirror.events.emit({ type: 'warning', repo: ref.repo, path: ref.path, error }),
    },
    said.entry,
  )
  return proven
}

/** Reads a document again and compares what it says of held paths with what the catalog remembers of it. */
async function mustSayTheSame(mirror: Mirror, { ref, resource }: Stated): Promise<void> {
  if (resource.route.read === undefined) return
  const { facts } = mirror.catalog
  const reading = facts.reading(ref.repo, readingScope(resource), ref.sha256)
  const expected = new Set(reading === undefined ? [] : facts.heldOf(ref.repo, reading))
  let wrong: string | undefined
  const compare = (entries: readonly Entry[]): void => {
    for (const { path, digests = {} } of entries) {
      if (!expected.delete(path)) continue
      const fact = facts.of(ref.repo, path).find((one) => one.reading === reading)
      if (compareDigests(fact?.entry.digests ?? {}, digests) === 'different') wrong = path
    }
  }
  await readAgain(mirror, resource, ref, compare)
  const [unsaid] = expected
  if (wrong === undefined && unsaid === undefined) return
  throw new MirrorError(
    'DAMAGED',
    `${ref.path} says ${wrong === undefined ? `nothing of ${unsaid}` : `something else of ${wrong}`} than the catalog remembers`,
    { path: ref.path },
  )
}

async function readAgain(
  mirror: Mirror,
  resource: Resource,
  ref: HeldRef,
  take: (entries: readonly Entry[]) => void,
): Promise<void> {
  const { ecosystem } = resource.mounted
  const beside = heldBeside(mirror, resource, ref)
  const { p, route } = resource
  if (ref.size > INLINE_LIMIT) {
    const [repo, doc] = [await plainRepo(mirror, resource), await sourceOf(mirror, ref, beside)]
    const job = { kind: 'read', ecosystem: ecosystem.id, route: resource.index, p, repo, doc } as const
    await mirror.threads.run(job, { entries: take })
    return
  }
  const doc = heldDoc(mirror, ref, beside)
  const reading = { routes: ecosystem.routes, route, doc, p, repo: await withService(mirror, resource) }
  for await (const entries of readEntries(reading, () => undefined)) take(entries)
}
