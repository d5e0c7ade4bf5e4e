// Attestations of files (PEP 740, https://docs.pypi.org/attestations/): where the page names them they are fetched with the
// file and must fit it; a file whose attestations are wrong is refused, however right its digest is.

import type { Doc, Entry, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { compileGlob } from '../../formats/glob.ts'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { verifyProvenance } from '../../trust/attestation.ts'
import { nameOf, type Verified } from '../../trust/sigstore.ts'
import { readTrustRoot } from '../../trust/trust-root.ts'
import { dataOf } from './file.ts'
import { provenancePath, readFileName } from './names.ts'
import type { Publisher, PypiOptions } from './options.ts'

/** Some attestations with their certificates have 20 kB. */
const largest = 16 * 1024 * 1024

async function readProvenance(doc: Doc): Promise<JsonObject> {
  const unreadable = (why: string, cause?: unknown): MirrorError =>
    new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url, cause })
  if (doc.size > largest) throw unreadable('is too large for attestations')
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(await doc.bytes()))
  } catch (cause) {
    throw unreadable('is not JSON', cause)
  }
  if (!isObject(parsed) || parsed.version !== 1 || !Array.isArray(parsed.attestation_bundles))
    throw unreadable('holds no attestations of version 1')
  return parsed
}

/** Throws UNREADABLE for what holds no attestations; whether they are good is asked with the file at hand. */
export const checkProvenance = async (doc: Doc): Promise<void> => void (await readProvenance(doc))

/**
 * Throws what `verifyProvenance` throws where the page names attestations and they do not fit, NO_SIGNATURE where the
 * repository requires them and there are none, and UNKNOWN_KEY where another has signed than the repository asks for. They
 * are a proof only of a publisher that it asks for: whom the index names as the publisher, the index alone says.
 */
export async function checkFile(
  doc: Doc,
  { project, file }: { readonly project: string; readonly file: string },
  { options }: Repo<PypiOptions>,
  trust: Trust,
  said: Partial<Entry>,
): Promise<void> {
  if (options.attestations === 'off') return
  const asked = (options.publishers ?? []).filter(({ packages }) => compileGlob(packages)(project))
  const required = options.attestations === 'required' || asked.length > 0
  const named = readFileName(file, project)
  const path = provenancePath(project, named?.version ?? '', file)
  const provenance = dataOf(said).attested === true ? await trust.document(path) : undefined
  if (provenance === undefined) {
    if (!required && dataOf(said).attested !== true) return
    throw new MirrorError('NO_SIGNATURE', `the index has no attestations of ${file}`, { path: doc.path })
  }
  const [keys] = await trust.keys(options.trust_root)
  if (keys === undefined) throw new MirrorError('CONFIG', `there is no keyring ${options.trust_root}`)
  const subject = { sha256: doc.digests.sha256 ?? '', named: (name: string) => isSame(name, file, project) }
  try {
    const found = await verifyProvenance(await readProvenance(provenance), subject, {
      root: await readTrustRoot(keys),
      now: trust.now,
    })
    if (asked.length === 0) return
    const by = found.find(({ signer }) => asked.some((one) => isBy(signer, one)))
    if (by === undefined) {
      const others = found.map(({ signer }) => nameOf(signer)).join(', ')
      throw new MirrorError(
        'UNKNOWN_KEY',
        `${doc.path} was published by ${others}, whom \`publishers\` does not name`,
        {
          path: doc.path,
          hint: 'Ask the project; if its publisher has changed, change `publishers` of the repository.',
        },
      )
    }
    trust.proven(`attestation by ${nameOf(by.signer)}`)
  } catch (error) {
    // a kind of publisher that nobody here can check proves nothing and disproves nothing
    const unknown = error instanceof MirrorError && error.code === 'UNSUPPORTED_KEY'
    if (!unknown || required) throw error
  }
}

const isBy = (signer: Verified['signer'], { issuer, subject }: Publisher): boolean =>
  'subject' in signer && signer.issuer === issuer && compileGlob(subject)(signer.subject)

/** Names that differ in case or in how the version is written are those of one file (PEP 740, "Attestation verification"). */
function isSame(subject: string, file: string, project: string): boolean {
  if (subject === file) return true
  const [one, other] = [subject, file].map((each) => readFileName(each, project))
  if (one === undefined || other === undefined) return false
  return one.kind === other.kind && one.version === other.version && tagsOf(one.tags) === tagsOf(other.tags)
}

/** Compressed tag sets have no order. */
const tagsOf = (tags: readonly string[] | undefined): string =>
  (tags ?? []).map((set) => set.split('.').sort().join('.')).join('-')
