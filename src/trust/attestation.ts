// Attestations of Python packages: provenance objects as an index serves them for a file, each a Sigstore bundle in another
// spelling, which is signed by the publisher that the object names.
// https://peps.python.org/pep-0740/, https://docs.pypi.org/api/integrity/

import { MirrorError } from '../errors.ts'
import { isObject } from '../formats/json-object.ts'
import { inTotoType, mustHave, readStatement, soleSubject } from './in-toto.ts'
import { mustBePublisher } from './publishers.ts'
import { type Verified, verifyBundle } from './sigstore.ts'
import type { TrustRoot } from './trust-root.ts'

export interface AttestedFile {
  /** Lower-case hex. */
  readonly sha256: string
  /** Is this the file's name? Names that parse to the same project, version and tags are. */
  named(subject: string): boolean
}

export interface Attestation {
  readonly signer: Verified['signer']
  readonly signedAt: number
  readonly predicateType: string
}

const predicates = ['https://docs.pypi.org/attestations/publish/v1', 'https://slsa.dev/provenance/v1']
const mostAttestations = 64

const malformed = (message: string): MirrorError => new MirrorError('BAD_FRAMING', `The provenance ${message}.`)

/**
 * Verifies a provenance object, parsed JSON: every attestation in it must be a good one of `file` by its publisher. Throws as
 * `verifyBundle` does, WRONG_DIGEST, and UNSUPPORTED_KEY for a publisher of a kind that is not known.
 */
export async function verifyProvenance(
  provenance: unknown,
  file: AttestedFile,
  { root, now }: { readonly root: TrustRoot; readonly now: number },
): Promise<readonly Attestation[]> {
  const found: Attestation[] = []
  for (const { publisher, attestation } of attestationsOf(provenance)) {
    const { signer, signedAt, payload } = await verifyBundle(bundleOf(attestation), {
      root,
      over: { payloadType: inTotoType },
      now,
    })
    mustBePublisher(publisher, signer)
    const statement = readStatement(payload ?? Buffer.of())
    mustHave(soleSubject(statement, file.named), 'sha256', file.sha256)
    const { predicateType } = statement
    if (!predicates.includes(predicateType)) throw malformed(`holds an attestation of unknown type ${predicateType}`)
    found.push({ signer, signedAt, predicateType })
  }
  return found
}

function attestationsOf(
  provenance: unknown,
): readonly { readonly publisher: unknown; readonly attestation: unknown }[] {
  if (!isObject(provenance) || provenance.version !== 1 || !Array.isArray(provenance.attestation_bundles)) {
    throw malformed('is not of version 1')
  }
  const found = provenance.attestation_bundles.flatMap((bundle: unknown) => {
    if (!isObject(bundle) || !Array.isArray(bundle.attestations)) throw malformed('holds a bundle without attestations')
    return bundle.attestations.map((attestation: unknown) => ({ publisher: bundle.publisher, attestation }))
  })
  if (found.length === 0 || found.length > mostAttestations) {
    throw malformed(`does not hold 1 to ${mostAttestations} attestations`)
  }
  return found
}

/** An attestation in the spelling of a Sigstore bundle. Version 0.3 of it demands the proof of inclusion that PEP 740 does. */
function bundleOf(attestation: unknown): unknown {
  if (!isObject(attestation) || attestation.version !== 1)
    throw malformed('holds an attestation that is not of version 1')
  const { verification_material: material, envelope } = attestation
  if (!isObject(material) || !isObject(envelope))
    throw malformed('holds an attestation without certificate or envelope')
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: { rawBytes: material.certificate },
      tlogEntries: material.transparency_entries,
    },
    dsseEnvelope: {
      payload: envelope.statement,
      payloadType: inTotoType,
      signatures: [{ sig: envelope.signature }],
    },
  }
}
