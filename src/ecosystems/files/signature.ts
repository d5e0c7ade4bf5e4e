// Signatures of lists and of single files: OpenPGP, clear or detached, and minisign. The form is told by the bytes, not by
// the name: a `.asc` may be either.

import type { Doc, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { compileGlob } from '../../formats/glob.ts'
import { isClearSigned } from '../../trust/cleartext.ts'
import { isMinisignKey, isMinisignSignature, verifyMinisign } from '../../trust/minisign.ts'
import { type Signer, verifyCleartext, verifyDetached } from '../../trust/openpgp.ts'
import type { FilesOptions } from './options.ts'
import { filled } from './paths.ts'

/** OpenPGP needs the whole file at once. */
const largestSigned = 64 * 1024 * 1024

/** Where the signatures of a path may lie. */
export const signaturePaths = (path: string, { signatures }: FilesOptions): readonly string[] =>
  filled(signatures, path)

/** A list must be signed where the repository has a keyring; without one nobody could say by whom. */
export async function checkList(doc: Doc, repo: Repo<FilesOptions>, trust: Trust): Promise<void> {
  const keys = await trust.keys()
  if (keys.length > 0) await verifySigned(doc, keys, repo, trust)
}

/** A single file, where `signed` says that it carries a signature of its own. */
export async function checkFile(doc: Doc, repo: Repo<FilesOptions>, trust: Trust): Promise<void> {
  const path = doc.path.slice(1)
  if (!repo.options.signed.some((glob) => compileGlob(glob)(path))) return
  const keys = await trust.keys()
  if (keys.length === 0) {
    throw new MirrorError('UNKNOWN_KEY', `${doc.path} must be signed, and ${repo.name} has no keyring`, {
      path: doc.path,
      hint: 'Name the signers’ public keys with `keyring`.',
    })
  }
  await verifySigned(doc, keys, repo, trust)
}

async function verifySigned(
  doc: Doc,
  keys: readonly Uint8Array[],
  repo: Repo<FilesOptions>,
  trust: Trust,
): Promise<void> {
  const openpgp = keys.filter((key) => !isMinisignKey(key))
  const times = { now: trust.now }
  const head = await beginningOf(doc)
  if (isClearSigned(head) && openpgp.length > 0) {
    trust.proven(words((await verifyCleartext(await wholeOf(doc), openpgp, times)).signers))
    return
  }
  for (const path of signaturePaths(doc.path, repo.options)) {
    const found = await trust.document(path)
    if (found === undefined) continue
    const signature = await found.bytes()
    if (isClearSigned(signature)) {
      const { text, signers } = await verifyCleartext(signature, openpgp, times)
      if (!sameText(text, await wholeOf(doc)))
        throw new MirrorError('BAD_SIGNATURE', `${path} signs another text than ${doc.path}`, { path: doc.path })
      trust.proven(words(signers))
    } else if (isMinisignSignature(signature)) {
      const minisign = keys.filter(isMinisignKey)
      const { key } = await verifyMinisign(signature, minisign, doc.size, () => doc.stream())
      trust.proven(`signature by minisign key ${key}`)
    } else {
      trust.proven(words((await verifyDetached(await wholeOf(doc), signature, openpgp, times)).signers))
    }
    return
  }
  throw new MirrorError('NO_SIGNATURE', `${doc.path} has no signature beside it`, { path: doc.path })
}

async function beginningOf(doc: Doc): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(doc.stream(0, Math.min(doc.size, 64))))
}

async function wholeOf(doc: Doc): Promise<Uint8Array> {
  if (doc.size <= largestSigned) return doc.bytes()
  throw new MirrorError(
    'TOO_LARGE',
    `${doc.path} has ${doc.size} bytes; OpenPGP signatures are verified up to 64 MiB`,
    {
      path: doc.path,
      hint: 'A list of checksums that is signed proves files of any size, and so does a prehashed signature of minisign.',
    },
  )
}

/** A clear signature does not cover blanks at the ends of lines. */
function sameText(signed: string, bytes: Uint8Array): boolean {
  const lines = Buffer.from(bytes).toString('utf8').replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n')
  return signed === `${lines.map((line) => line.replace(/[ \t]+$/, '')).join('\n')}\n`
}

const words = (signers: readonly Signer[]): string => `signature by ${signers.map(({ primary }) => primary).join(', ')}`
