// Whether a suite's root can be trusted: signature, dates, no way back to an older one, and InRelease and Release saying the
// same. The rules are apt's (apt-secure(8)), with the rollback and fast-forward guards that only a mirror can have.

import { hash } from 'node:crypto'
import type { Doc, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { splitCleartext } from '../../trust/cleartext.ts'
import { type Verified, verifyCleartext, verifyDetached } from '../../trust/openpgp.ts'
import { firstBytes } from './layout.ts'
import type { DebianOptions } from './options.ts'
import { longestRelease, parseRelease, type Release } from './release.ts'

type Root = 'InRelease' | 'Release'

const day = 86_400_000

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

/** Checks an InRelease; throws what is wrong with it. */
export async function checkInRelease(doc: Doc, repo: Repo<DebianOptions>, trust: Trust): Promise<void> {
  const bytes = await rootBytes(doc)
  const keys = await keysOf(repo, trust)
  if (keys.length === 0) return accept('InRelease', doc, splitCleartext(bytes).text, trust)
  const verified = await verifyCleartext(bytes, keys, { now: trust.now })
  accept('InRelease', doc, verified.text, trust)
  prove(verified, trust)
}

/** Checks a Release by the Release.gpg beside it; throws what is wrong with it. */
export async function checkRelease(doc: Doc, repo: Repo<DebianOptions>, trust: Trust): Promise<void> {
  const bytes = await rootBytes(doc)
  const keys = await keysOf(repo, trust)
  if (keys.length === 0) return accept('Release', doc, plainText(bytes), trust)
  const signature = doc.beside.get(`${doc.path}.gpg`)
  if (signature === undefined) {
    throw new MirrorError('NO_SIGNATURE', `${doc.path} has no Release.gpg beside it`, { path: doc.path })
  }
  const verified = await verifyDetached(bytes, await signature.bytes(), keys, { now: trust.now, armoured: true })
  accept('Release', doc, plainText(bytes), trust)
  prove(verified, trust)
}

/** A Release.gpg on its own proves nothing; this keeps out what is plainly something else. */
export async function checkReleaseSignature(doc: Doc): Promise<void> {
  const head = await firstBytes(doc, 64)
  if (head.toString('latin1').trimStart().startsWith('-----BEGIN PGP SIGNATURE-----')) return
  throw new MirrorError('BAD_FRAMING', `${doc.path} is no armoured signature`, { path: doc.path })
}

/** The Release in a root that has been checked. */
export async function readRelease(doc: Doc): Promise<Release> {
  const bytes = await rootBytes(doc)
  return parseRelease(doc.path.endsWith('/InRelease') ? splitCleartext(bytes).text : plainText(bytes))
}

async function rootBytes(doc: Doc): Promise<Uint8Array> {
  if (doc.size > longestRelease) {
    throw new MirrorError('TOO_LARGE', `${doc.path} has ${doc.size} bytes; at most ${longestRelease} are read`, {
      path: doc.path,
    })
  }
  const bytes = await doc.bytes()
  const head = Buffer.from(bytes.subarray(0, 512)).toString('latin1').trimStart().toLowerCase()
  if (!head.startsWith('<')) return bytes
  throw new MirrorError('UNREADABLE', `${doc.url} answered with a web page in place of ${doc.path}`, {
    path: doc.path,
    hint: 'A captive portal, a login page or a proxy is between here and the upstream.',
  })
}

function plainText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new MirrorError('UNREADABLE', 'the Release is not UTF-8', { cause })
  }
}

/**
 * The keys that count; none when no keyring is configured or shipped. Such a repository is proven by TLS alone, which
 * `policy.require` may refuse; with a keyring nothing unsigned gets through.
 */
async function keysOf(repo: Repo<DebianOptions>, trust: Trust): Promise<readonly Uint8Array[]> {
  const configured = await trust.keys()
  if (configured.length > 0) return configured
  const shipped = await Promise.all(repo.options.keyrings.map((name) => trust.keys(name)))
  return shipped.flat()
}

function prove({ signers }: Verified, trust: Trust): void {
  const [signer] = signers
  if (signer !== undefined) trust.proven(`signature by ${signer.primary}`)
}

/** What is remembered of an accepted root: its Date and a digest of its text. */
interface Memory {
  readonly date: number
  readonly text: string
}

function recall(trust: Trust, key: string): Memory | undefined {
  const [date = '', text = ''] = trust.recall(key)?.split(' ') ?? []
  return date === '' ? undefined : { date: Number(date), text }
}

function accept(root: Root, doc: Doc, text: string, trust: Trust): void {
  const folder = folderOf(doc.path)
  const release = parseRelease(text)
  const now: Memory = { date: release.date ?? 0, text: digestOf(text) }
  const facts = { path: doc.path, url: doc.url }
  const written = (time: number): string => new Date(time).toISOString()

  if (now.date > trust.now + day) {
    throw new MirrorError('NOT_YET_VALID', `${doc.path} is dated ${written(now.date)}, in the future`, facts)
  }
  const newest = Number(trust.recall(`date ${folder}`) ?? 0)
  if (now.date < newest) {
    const message = `${doc.path} is dated ${written(now.date)}, before the ${written(newest)} that was accepted already`
    throw new MirrorError('ROLLBACK', message, facts)
  }
  const twin = recall(trust, `${root === 'Release' ? 'InRelease' : 'Release'} ${folder}`)
  if (twin !== undefined && twin.date === now.date && twin.text !== now.text) {
    throw new MirrorError('DISAGREEMENT', `InRelease and Release of ${folder} differ though of the same date`, facts)
  }
  if (release.validUntil !== undefined && release.validUntil < trust.now) {
    const message = `${doc.path} was valid until ${written(release.validUntil)}`
    trust.expired(new MirrorError('EXPIRED', message, { ...facts, until: release.validUntil }))
  }
  trust.remember(`date ${folder}`, String(now.date))
  trust.remember(`${root} ${folder}`, `${now.date} ${now.text}`)
}

/** Of the text as a cleartext signature covers it, so that InRelease and Release can be compared. */
function digestOf(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd())
  return hash('sha256', lines.join('\n').trimEnd())
}
