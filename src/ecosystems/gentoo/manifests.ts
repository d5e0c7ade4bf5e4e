// The Manifests of an ebuild tree: what they state of distfiles and of Manifests below them, and whether they can be trusted.

import type { Doc, Entry, Params, Show, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { collect } from '../../formats/bytes.ts'
import { inflate } from '../../formats/compress.ts'
import { LARGEST_MANIFEST, type Manifest, parseManifest } from '../../formats/gentoo-manifest.ts'
import { isClearSigned, splitCleartext } from '../../trust/cleartext.ts'
import { verifyCleartext } from '../../trust/openpgp.ts'
import { isGentooVersion } from '../../versions/gentoo.ts'
import { type GentooRepo, upstreamPath, validFor } from './options.ts'

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
const day = 86_400_000

/** A Manifest by what lies in its bytes: compressed, clear-signed, or as it is. */
async function manifestOf(doc: Doc): Promise<Manifest> {
  if (doc.size > LARGEST_MANIFEST)
    throw new MirrorError('TOO_LARGE', `${doc.path} has ${doc.size} bytes, too many for a Manifest`, { path: doc.path })
  const bytes = doc.path.endsWith('.gz')
    ? await collect(inflate(doc.stream(), 'gzip', LARGEST_MANIFEST), LARGEST_MANIFEST)
    : await doc.bytes()
  return parseManifest(isClearSigned(bytes) ? splitCleartext(bytes).text : decode(bytes, doc), doc.path)
}

function decode(bytes: Uint8Array, { path }: Doc): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new MirrorError('UNREADABLE', `the Manifest ${path} is not UTF-8`, { path })
  }
}

/** What a Manifest says of the Manifests below it. */
export async function* readSubManifests(doc: Doc): AsyncGenerator<Entry> {
  for (const { type, name, size, digests } of (await manifestOf(doc)).lines) {
    if (type === 'MANIFEST') yield { path: `${folderOf(doc.path)}${name}`, size, digests }
  }
}

/** What a package's Manifest says of its distfiles. */
export async function* readDistfiles(doc: Doc, p: Params, repo: GentooRepo): AsyncGenerator<Entry> {
  const { category = '', package: name = '' } = p
  for (const line of (await manifestOf(doc)).lines) {
    if (line.type !== 'DIST') continue
    const version = versionIn(line.name, name)
    yield {
      path: `/distfiles/${line.name}`,
      url: await upstreamPath(repo, line.name, line.digests),
      name: `${category}/${name}`,
      size: line.size,
      digests: line.digests,
      ...(version === undefined ? {} : { version }),
    }
  }
}

/** As it is while nothing in it is hidden; else without the lines of what is. */
export async function viewDistfiles(doc: Doc, show: Show, p: Params, repo: GentooRepo): Promise<Uint8Array> {
  const hidden = new Set<string>()
  for await (const entry of readDistfiles(doc, p, repo)) if (!show.sees(entry)) hidden.add(entry.path)
  const bytes = await doc.bytes()
  if (hidden.size === 0) return bytes
  const lines = Buffer.from(bytes).toString('utf8').split('\n')
  return Buffer.from(lines.filter((line) => !hidden.has(`/distfiles/${line.split(' ')[1]}`)).join('\n'))
}

/** The version in the name of a distfile that begins with the package's own; patches and bundles of parts have none. */
function versionIn(file: string, name: string): string | undefined {
  if (!file.toLowerCase().startsWith(`${name.toLowerCase()}-`)) return undefined
  const rest = file.slice(name.length + 1).replace(/^v(?=\d)/, '')
  const stem = rest.replace(
    /(?:\.(?:tar|t?gz|t?bz2|t?xz|zst|lz|lzma|zip|deb|rpm|crate|whl|7z|jar|sig|asc|patch))+$/i,
    '',
  )
  return isGentooVersion(stem) ? stem : undefined
}

/** The Manifest at the top of a full tree: signed, and never older than the newest one that was seen. */
export async function checkTop(doc: Doc, repo: GentooRepo, trust: Trust): Promise<void> {
  if (repo.options.manifests === 'thin') return
  const { text, signers } = await verifyCleartext(await doc.bytes(), await trust.keys(), { now: trust.now })
  const { timestamp } = parseManifest(text, doc.path)
  if (timestamp === undefined) throw new MirrorError('UNREADABLE', `${doc.path} has no TIMESTAMP`, { path: doc.path })
  if (timestamp > trust.now + day)
    throw new MirrorError('NOT_YET_VALID', `${doc.path} says that it was made ${new Date(timestamp).toISOString()}`)
  const newest = Number(trust.recall('timestamp') ?? 0)
  if (timestamp < newest)
    throw new MirrorError(
      'ROLLBACK',
      `${doc.path} is older than one of ${new Date(newest).toISOString()} that was seen`,
    )
  const until = timestamp + validFor(repo.options)
  if (until < trust.now) {
    const message = `${doc.path} is of ${new Date(timestamp).toISOString()}, and counts until ${new Date(until).toISOString()}`
    trust.expired(
      new MirrorError('EXPIRED', message, {
        path: doc.path,
        until,
        hint: 'Upstream or a cache is frozen. `expired: serve` accepts it, and `valid_for` says how old it may be.',
      }),
    )
  }
  trust.remember('timestamp', String(timestamp))
  trust.proven(`signature by ${signers.map(({ primary }) => primary).join(', ')}`)
}

/** In a full tree nothing counts that no Manifest above it states. */
export async function checkBelow(doc: Doc, repo: GentooRepo, said: Partial<Entry>): Promise<void> {
  if (repo.options.manifests === 'thin' || Object.keys(said.digests ?? {}).length > 0) return
  throw new MirrorError('NO_SIGNATURE', `no signed Manifest names ${doc.path}`, { path: doc.path })
}
