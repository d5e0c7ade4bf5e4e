// Attestations of a version, at `/-/npm/v1/attestations/NAME@VERSION`: Sigstore bundles over in-toto statements. The registry
// signs one with its own key ("publish"); whoever built the package signs another with a certificate ("provenance").
// https://github.com/npm/attestation, https://docs.npmjs.com/generating-provenance-statements

import type { Doc, Entry, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isHex } from '../../formats/digest.ts'
import { compileGlob } from '../../formats/glob.ts'
import { isObject } from '../../formats/json-object.ts'
import { inTotoType, mustHave, readStatement, type Subject, soleSubject } from '../../trust/in-toto.ts'
import { type Certified, nameOf, type Verified, verifyBundle } from '../../trust/sigstore.ts'
import { readTrustRoot } from '../../trust/trust-root.ts'
import { dataOf } from './data.ts'
import { attestationsPath } from './names.ts'
import type { NpmOptions } from './options.ts'
import { parseObject } from './packument.ts'
import { pinnedKeys } from './signatures.ts'

interface Attestation {
  readonly predicateType: string
  readonly signer: Verified['signer']
  readonly subject: Subject
}

/** What vouches for a tarball beside its signature. */
export interface Provenance {
  /** The registry's key that signed the publication. */
  readonly registry?: string
  /** For whom the certificates are that signed how it was built, with their issuers. */
  readonly builders: readonly string[]
  /** The builders are those that the repository asks for. */
  readonly asked: boolean
}

interface Version {
  readonly name: string
  readonly version: string
}

const mostAttestations = 16
const provenanceType = /^https:\/\/slsa\.dev\/provenance\//

/** As npm writes it, with the `@` of a scope as an escape. */
const purlOf = ({ name, version }: Version): string => `pkg:npm/${name.replace(/^@/, '%40')}@${version}`

/**
 * The good attestations of a document. Those by keys, authorities and logs that are not known prove nothing and are left
 * out; everything else that does not fit is thrown, as `verifyBundle` says it.
 */
async function readAttestations(
  doc: Doc,
  version: Version,
  repo: Repo<NpmOptions>,
  trust: Trust,
): Promise<readonly Attestation[]> {
  const { attestations } = parseObject(await doc.bytes(), doc)
  if (!Array.isArray(attestations) || attestations.length > mostAttestations) {
    throw new MirrorError('UNREADABLE', `${doc.path} does not list up to ${mostAttestations} attestations`, {
      path: doc.path,
    })
  }
  if (attestations.length === 0) return []
  const root = await readTrustRoot(...(await trust.keys('sigstore')))
  const keys = pinnedKeys(await trust.keys(repo.options.keys))
  const key = (hint: string) => {
    const found = keys.get(hint)
    if (found === undefined) return undefined
    const spki = Buffer.from(found.key, 'base64')
    return found.expires === undefined ? { spki } : { spki, until: found.expires }
  }
  const good: Attestation[] = []
  for (const attestation of attestations) {
    const wanted = { root, key, over: { payloadType: inTotoType }, now: trust.now }
    const verified = await known(verifyBundle(isObject(attestation) ? attestation.bundle : undefined, wanted))
    if (verified === undefined) continue
    const statement = readStatement(verified.payload ?? Buffer.of())
    const subject = soleSubject(statement, (name) => name === purlOf(version))
    if (!isHex('sha512', subject.digests.sha512 ?? '')) {
      throw new MirrorError('WEAK_DIGEST', `${doc.path} holds an attestation without a sha512`, { path: doc.path })
    }
    good.push({ predicateType: statement.predicateType, signer: verified.signer, subject })
  }
  return good
}

/** Throws what `verifyBundle` throws for any attestation in the document that does not fit its version. */
export async function checkAttestationDocument(
  doc: Doc,
  version: Version,
  repo: Repo<NpmOptions>,
  trust: Trust,
): Promise<void> {
  const key = registryOf(await readAttestations(doc, version, repo, trust))
  if (key !== undefined) trust.proven(`attestation by ${key}`)
}

/** The registry's key among those that signed. */
function registryOf(attestations: readonly Attestation[]): string | undefined {
  for (const { signer } of attestations) if ('keyId' in signer) return signer.keyId
  return undefined
}

async function known<T>(verified: Promise<T>): Promise<T | undefined> {
  try {
    return await verified
  } catch (error) {
    if (error instanceof MirrorError && ['UNKNOWN_KEY', 'UNSUPPORTED_KEY'].includes(error.code)) return undefined
    throw error
  }
}

/**
 * What the attestations prove of a tarball; undefined when they are not looked at. Throws NO_SIGNATURE where
 * the repository asks for provenance and there is none, UNKNOWN_KEY when another than the asked builder made it, and
 * WRONG_DIGEST when they speak of other bytes.
 */
export async function checkAttestations(
  doc: Doc,
  name: string,
  repo: Repo<NpmOptions>,
  trust: Trust,
  said: Partial<Entry>,
): Promise<Provenance | undefined> {
  const { attestations: mode, builders = [] } = repo.options
  if (mode === 'off') return undefined
  const asked = builders.filter(({ packages }) => compileGlob(packages)(name))
  const required = mode === 'required' || asked.length > 0
  const version = { name, version: said.version ?? '' }
  const document = dataOf(said).attested === true ? await obtained(version, required, trust) : undefined
  const found = document === undefined ? [] : await readAttestations(document, version, repo, trust)
  const sha512 = doc.digests.sha512 ?? said.digests?.sha512 ?? ''
  for (const { subject } of found) mustHave(subject, 'sha512', sha512)
  const built = found.flatMap(({ predicateType, signer }) =>
    provenanceType.test(predicateType) && !('keyId' in signer) ? [signer] : [],
  )
  if (required && built.length === 0) {
    throw new MirrorError('NO_SIGNATURE', `nobody who is known attests how ${doc.path} was built`, { path: doc.path })
  }
  const counts = ({ issuer, subject }: Certified): boolean =>
    asked.length === 0 || asked.some((one) => one.issuer === issuer && compileGlob(one.subject)(subject))
  const other = built.find((signer) => !counts(signer))
  if (other !== undefined) {
    throw new MirrorError('UNKNOWN_KEY', `${doc.path} was built by ${nameOf(other)}, whom \`builders\` does not name`, {
      path: doc.path,
      hint: 'Ask the project; if its builder has changed, change `builders` of the repository.',
    })
  }
  const registry = registryOf(found)
  return {
    ...(registry === undefined ? {} : { registry }),
    builders: built.map(nameOf),
    asked: asked.length > 0,
  }
}

/** The document; where it is not required, undefined also when it cannot be had: many registries tell of it only. */
async function obtained({ name, version }: Version, required: boolean, trust: Trust): Promise<Doc | undefined> {
  try {
    return await trust.document(attestationsPath(name, version))
  } catch (error) {
    if (!required && error instanceof MirrorError && [3, 6].includes(error.failure.exit)) return undefined
    throw error
  }
}
