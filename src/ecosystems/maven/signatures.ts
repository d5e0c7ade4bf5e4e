// OpenPGP signatures: a file's own, detached, beside it under the same name with `.asc`.
// https://central.sonatype.org/publish/requirements/gpg/

import type { Doc, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { verifyDetachedFile } from '../../trust/openpgp.ts'
import { nameOf, placeOf } from './layout.ts'
import type { MavenOptions } from './options.ts'

/** Signatures have a few hundred bytes, and several may stand in one file. */
const largest = 64 * 1024

/** What is no armoured signature is no `.asc`. */
export async function checkForm(doc: Doc): Promise<void> {
  const head =
    doc.size > largest
      ? ''
      : Buffer.from(await doc.bytes())
          .toString('latin1')
          .trimStart()
  if (head.startsWith('-----BEGIN PGP SIGNATURE-----')) return
  throw new MirrorError('BAD_FRAMING', `${doc.path} is no armoured signature`, { path: doc.path, url: doc.url })
}

interface Keys {
  readonly keys: readonly Uint8Array[]
  /** Without a good signature the file is refused. */
  readonly needed: boolean
}

/** `org.example.*` is every group below `org.example`, and itself. */
function fits(pattern: string, group: string): boolean {
  if (!pattern.endsWith('.*')) return pattern === group || pattern === '*'
  const above = pattern.slice(0, -2)
  return group === above || group.startsWith(`${above}.`)
}

/** Keys named for a group count before those of the repository: the longest name that fits. */
async function keysFor(group: string, { options }: Repo<MavenOptions>, trust: Trust): Promise<Keys> {
  const [named] = Object.keys(options.keys)
    .filter((pattern) => fits(pattern, group))
    .sort((a, b) => b.length - a.length)
  const needed = options.signatures === 'required'
  if (named === undefined) return { keys: await trust.keys(), needed }
  const keyrings = options.keys[named] ?? []
  return { keys: (await Promise.all(keyrings.map((name) => trust.keys(name)))).flat(), needed: true }
}

/** Faults after which a file is still what it was without a signature. */
const tolerated: ReadonlySet<string> = new Set(['UNKNOWN_KEY', 'UNSUPPORTED_KEY', 'EXPIRED_KEY'])

/**
 * Throws when a key that counts has signed something else; and, where a signature is needed, whatever keeps it from being a good one.
 * Without keys nothing is asked.
 */
export async function checkSignature(doc: Doc, repo: Repo<MavenOptions>, trust: Trust): Promise<void> {
  const place = placeOf(doc.path.slice(1))
  if (place === undefined || repo.options.signatures === 'off') return
  const { keys, needed } = await keysFor(place.group, repo, trust)
  if (keys.length === 0 && !needed) return
  const signature = await trust.document(`${doc.path}.asc`)
  if (signature === undefined) {
    if (!needed) return
    throw new MirrorError('NO_SIGNATURE', `${doc.path} has no signature beside it`, {
      path: doc.path,
      name: nameOf(place),
    })
  }
  try {
    const { signers } = await verifyDetachedFile(doc, await signature.bytes(), keys, { now: trust.now })
    const [signer] = signers
    if (signer !== undefined) trust.proven(`signature by ${signer.primary}`)
  } catch (error) {
    if (needed || !(error instanceof MirrorError) || !tolerated.has(error.code)) throw error
  }
}
