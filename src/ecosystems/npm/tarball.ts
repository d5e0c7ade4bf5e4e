// What proves a tarball beyond the digest in its packument: the registry's signature, and attestations.

import type { Doc, Entry, Repo, Trust } from '../../contract.ts'
import { checkAttestations } from './attestations.ts'
import type { NpmOptions } from './options.ts'
import { checkSignature } from './signatures.ts'

/** Throws what `checkSignature` and `checkAttestations` throw. What is good is told to `trust.proven`. */
export async function checkTarball(
  doc: Doc,
  name: string,
  repo: Repo<NpmOptions>,
  trust: Trust,
  said: Partial<Entry>,
): Promise<void> {
  const key = await checkSignature(doc.path, name, repo, trust, said)
  const { registry, builders = [], asked = false } = (await checkAttestations(doc, name, repo, trust, said)) ?? {}
  // Certificates say who signed, and anybody gets one: without the registry's key, or a builder that was asked for, a
  // hostile upstream could have attested it itself.
  if (key === undefined && registry === undefined && !asked) return
  const words = [
    ...(key === undefined ? [] : [`signature by ${key}`]),
    ...(registry === undefined ? [] : [`attestation by ${registry}`]),
    ...builders.map((builder) => `provenance by ${builder}`),
  ]
  trust.proven(words.join(', '))
}
