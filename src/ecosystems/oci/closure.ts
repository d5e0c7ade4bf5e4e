// What a sync holds for images: their tags, the manifests and blobs of the wanted platforms, and what is attached to them:
// signatures, attestations, SBOMs. An index is kept whole, so that its digest stands; of its parts only some are held.

import type { Doc, Entry, Look, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { ociVersions, readRange, type TagRange } from '../../versions/oci.ts'
import { type Descriptor, type Manifest, readManifest } from './manifest.ts'
import {
  attachedForm,
  attachedTag,
  blobPath,
  digestForm,
  digestsOf,
  manifestPath,
  nameForm,
  referrersPath,
  tagsPath,
} from './names.ts'
import type { OciOptions } from './options.ts'
import { partsFor } from './platforms.ts'
import { mustBeSigned } from './signed.ts'
import { fullName } from './want.ts'

/** Kinds of what is attached to an image that `follow` may name; all when it is left out. */
const kinds: Readonly<Record<string, string>> = { signatures: '.sig', attestations: '.att', sboms: '.sbom' }
const referrers = 'referrers'

/** Images under way at once. */
const AT_ONCE = 8
/** Attestations may be signed, and the signatures attested; nobody goes further. */
const DEEPEST = 4
/** Layers that registries do not hand out. */
const foreign = /foreign|nondistributable/

interface Wanted {
  readonly name: string
  readonly want: Selector
  readonly range: TagRange
  readonly follow: ReadonlySet<string>
  /** What the list of tags names, where there is one. */
  readonly tags: ReadonlySet<string> | undefined
  /** Digests that were yielded, over all wants of a run. */
  readonly seen: Set<string>
}
type Looking = Look<OciOptions>

/** Documents first. Throws CONFIG for a want that is none. */
export async function* closure(wants: readonly Selector[], look: Looking): AsyncGenerator<Entry> {
  const seen = new Set<string>()
  for (const want of wants) yield* image(want, look, seen)
}

async function* image(want: Selector, look: Looking, seen: Set<string>): AsyncGenerator<Entry> {
  const name = fullName(want.name, look.repo.options)
  if (!nameForm.test(name)) throw new MirrorError('CONFIG', `${want.name} is no name of an image`, { ...want.from })
  const range = readRange(want.range ?? 'latest')
  if (typeof range === 'string') throw new MirrorError('CONFIG', `${want.name}: ${range}`, { ...want.from })
  const follow = followed(want)
  const [unknown] = Object.keys(want.options ?? {})
  if (unknown !== undefined)
    throw new MirrorError('CONFIG', `${want.name}: an image takes no ${JSON.stringify(unknown.slice(0, 40))}`, {
      ...want.from,
      hint: 'It takes `tags`, `keep` and `follow`; which machines it is for is said under `platforms`.',
    })
  const listed = await tagList(name, range, look)
  if (listed === undefined && range.selects) look.lacks(want, 'its registry lists no tags')
  if (listed !== undefined) yield { path: tagsPath(name), name }
  const tags = listed === undefined ? undefined : new Set(listed)
  const wanted: Wanted = { name, want, range, follow, tags, seen }
  const references = chosen(wanted)
  if (references.length === 0) look.lacks(want, 'no tag that policy allows fits')
  for (let at = 0; at < references.length; at += AT_ONCE) {
    const group = references.slice(at, at + AT_ONCE)
    // asked for together, told one after the other
    const settled = await Promise.allSettled(group.map((reference) => Array.fromAsync(tagged(wanted, reference, look))))
    for (const each of settled) {
      if (each.status === 'rejected') throw each.reason
      yield* each.value
    }
  }
}

function followed({ follow, name, from }: Selector): ReadonlySet<string> {
  const known = [...Object.keys(kinds), referrers]
  const wrong = follow?.find((kind) => !known.includes(kind))
  if (wrong !== undefined)
    throw new MirrorError('CONFIG', `${name}: cannot follow ${wrong}; there are ${known.join(', ')}`, { ...from })
  return new Set(follow ?? known)
}

/** The tags that policy allows; undefined where the registry has no list, or gives none and none is needed. */
async function tagList(name: string, range: TagRange, look: Looking): Promise<readonly string[] | undefined> {
  try {
    if ((await look.document(tagsPath(name))) === undefined) return undefined
    const tags: string[] = []
    for await (const { path } of look.entries(tagsPath(name))) tags.push(path.slice(path.lastIndexOf('/') + 1))
    return tags
  } catch (error) {
    if (range.selects || !(error instanceof MirrorError)) throw error
    return undefined
  }
}

/** What is named outright, and the newest `keep` of the tags that fit the rest. */
function chosen({ range, tags, want }: Wanted): readonly string[] {
  const named = new Set(range.exact)
  if (!range.selects) return [...named]
  const fitting = [...(tags ?? [])].filter((tag) => !named.has(tag) && !attachedForm.test(tag) && range.fits(tag))
  const newest = fitting.sort((a, b) => ociVersions.compare(b, a)).slice(0, want.keep ?? 1)
  return [...named, ...newest]
}

async function* tagged(wanted: Wanted, reference: string, look: Looking): AsyncGenerator<Entry> {
  const { name, want } = wanted
  const isDigest = digestForm.test(reference)
  const path = manifestPath(name, reference)
  // of a name that was tagged and pinned, the pinned bytes are held, whatever the tag says by now
  const pinned = want.digests?.flatMap((digests) => Object.entries(digests).map((pair) => pair.join(':'))) ?? []
  for (const digest of pinned)
    if (digestForm.test(digest)) yield* tagged({ ...wanted, want: unpinned(want) }, digest, look)
  if (pinned.length > 0) return
  const doc = await look.document(path)
  if (doc === undefined) {
    look.lacks(want, `there is no ${isDigest ? 'manifest' : 'tag'} ${reference}`)
    return
  }
  if (!isDigest) yield { path, name, version: reference, size: doc.size }
  yield* manifest(wanted, isDigest ? reference : `sha256:${doc.digests.sha256}`, doc, look, 0)
}

function unpinned({ digests: _, ...want }: Selector): Selector {
  return want
}

/** A manifest under its digest with all that it takes; each once. */
async function* manifest(
  wanted: Wanted,
  digest: string,
  doc: Doc,
  look: Looking,
  depth: number,
): AsyncGenerator<Entry> {
  const { name, seen } = wanted
  if (depth > DEEPEST || seen.has(`${name}@${digest}`)) return
  seen.add(`${name}@${digest}`)
  yield { path: manifestPath(name, digest), name, digests: digestsOf(digest), size: doc.size }
  const read = await readManifest(doc)
  yield* blobs(wanted, read)
  if (read.isIndex) yield* parts(wanted, read, look, depth)
  yield* attached(wanted, digest, look, depth)
}

function* blobs({ name, seen }: Wanted, { config, layers }: Manifest): Generator<Entry> {
  for (const { digest, size, mediaType } of config === undefined ? layers : [config, ...layers]) {
    if (foreign.test(mediaType) || seen.has(`${name}#${digest}`)) continue
    seen.add(`${name}#${digest}`)
    yield { path: blobPath(name, digest), name, digests: digestsOf(digest), size }
  }
}

async function* parts(wanted: Wanted, { manifests }: Manifest, look: Looking, depth: number): AsyncGenerator<Entry> {
  const parts = partsFor(manifests, look.platforms)
  if (parts.length === 0 && manifests.length > 0) look.lacks(wanted.want, 'it has no image for these platforms')
  for (const part of parts) yield* held(wanted, part, look, depth + 1)
}

async function* held(wanted: Wanted, { digest }: Descriptor, look: Looking, depth: number): AsyncGenerator<Entry> {
  if (wanted.seen.has(`${wanted.name}@${digest}`)) return
  const doc = await look.document(manifestPath(wanted.name, digest))
  if (doc === undefined) look.lacks(wanted.want, `its registry does not have ${digest}`)
  else yield* manifest(wanted, digest, doc, look, depth)
}

/** What refers to a digest: by the registry's list, by the list under a tag, and by cosign's own tags. */
async function* attached(wanted: Wanted, digest: string, look: Looking, depth: number): AsyncGenerator<Entry> {
  const { name, follow } = wanted
  if (follow.has(referrers)) {
    const path = referrersPath(name, digest)
    if ((await look.document(path)) !== undefined) {
      yield { path, name }
      const listed = await Array.fromAsync(look.entries(path))
      for (const { path: at } of listed)
        yield* held(wanted, descriptorAt(at.slice(at.lastIndexOf('/') + 1)), look, depth + 1)
    } else yield* attachedAt(wanted, attachedTag(digest), look, depth)
  }
  for (const [kind, suffix] of Object.entries(kinds))
    if (follow.has(kind)) yield* attachedAt(wanted, attachedTag(digest, suffix), look, depth)
}

const descriptorAt = (digest: string): Descriptor => ({ mediaType: '', digest, size: 0 })

/** A tag is not asked for when the list of tags is there and does not name it. */
async function* attachedAt(wanted: Wanted, tag: string, look: Looking, depth: number): AsyncGenerator<Entry> {
  const { name, tags } = wanted
  if (tags !== undefined && !tags.has(tag)) return
  const path = manifestPath(name, tag)
  const doc = await look.document(path)
  if (doc === undefined) return
  yield { path, name, size: doc.size }
  const read = await readManifest(doc)
  // a list of referrers is signed by nobody: where that counts, it is had under its tag alone
  if (read.isIndex && mustBeSigned(name, look.repo.options)) yield* parts(wanted, read, look, depth + 1)
  else yield* manifest(wanted, `sha256:${doc.digests.sha256}`, doc, look, depth + 1)
}
