// Whether an image is signed as policy wants it: by cosign's tags (`sha256-….sig`, `.att`) and by what refers to it as a bundle.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md and BUNDLE_SPEC.md

import type { Doc, Repo, Trust } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { compileGlob } from '../../formats/glob.ts'
import { isObject } from '../../formats/json-object.ts'
import {
  attestedOf,
  type CosignKey,
  isAbout,
  jsonOf,
  readCosignKeys,
  verifyEnvelope,
  verifyPayload,
} from '../../trust/cosign.ts'
import { inTotoType } from '../../trust/in-toto.ts'
import { keylessBundle } from '../../trust/keyless.ts'
import { nameOf, verifyBundle, type Wanted } from '../../trust/sigstore.ts'
import { readTrustRoot } from '../../trust/trust-root.ts'
import { type Descriptor, type Manifest, readManifest } from './manifest.ts'
import { attachedTag, blobPath, manifestPath, referrersPath } from './names.ts'
import type { OciOptions } from './options.ts'
import { referrersOf } from './referrers.ts'

const payloadType = 'application/vnd.dev.cosign.simplesigning.v1+json'
const envelopeType = 'application/vnd.dsse.envelope.v1+json'
const bundleType = /^application\/vnd\.dev\.sigstore\.bundle(?:[.+]|$)/
const cosign = 'dev.cosignproject.cosign'
const sigstore = 'dev.sigstore.cosign'
/**
 * What may refer to an image as its proof: bundles, signatures as cosign makes them for registries that know referrers, and
 * what is listed as nothing in particular: cosign itself writes bundles so into the list under a tag, and some registries do.
 */
const proving =
  /^$|^application\/vnd\.(?:dev\.sigstore\.bundle(?:[.+]|$)|dev\.cosign\.artifact\.(?:sig|att)\.|oci\.(?:empty|image\.(?:config|manifest))\.)/
/** The predicate of a bundle that is a signature and no more. */
const signing = 'https://sigstore.dev/cosign/sign/v1'

/** What is carried along with images: none of it can be run, and it is how images are proven. */
const carried =
  /^(?:application\/(?:vnd\.dev\.cosign\.simplesigning\.v1\+json|vnd\.dsse\.envelope\.v1\+json|vnd\.dev\.sigstore\.bundle[\w.+-]*|vnd\.in-toto\+json|spdx\+json|vnd\.cyclonedx(?:\+json|\+xml)?|vnd\.syft\+json|jose\+json|cose)|text\/spdx(?:\+json|\+xml)?)$/

/** Signatures and attestations that are looked at, for one image. */
const most = 50
const largestProof = 64 * 1024 * 1024

/** Only what is signed may be had of these names. */
export const mustBeSigned = (name: string, { signed }: OciOptions): boolean =>
  signed.some((glob) => compileGlob(glob)(name))

/** Signatures and the like: at least one layer, and all layers of kinds that nothing runs. */
export const isCarried = ({ isIndex, layers }: Manifest): boolean =>
  !isIndex && layers.length > 0 && layers.every(({ mediaType }) => carried.test(mediaType))

interface Found {
  /** Who signed it, in words. */
  by: string | undefined
  readonly attested: Set<string>
}

/** Whose signatures count. */
interface Signers {
  readonly keys: readonly CosignKey[]
  /** Of those who sign without a key of their own. */
  readonly keyless: Omit<Wanted, 'over'> | undefined
}

async function signersOf({ identities }: OciOptions, trust: Trust): Promise<Signers> {
  const files = (await trust.keys()).filter((file) => !isDocument(file))
  const keyless =
    identities.length === 0
      ? undefined
      : { root: await readTrustRoot(...(await trust.keys('sigstore'))), signers: identities, now: trust.now }
  return { keys: readCosignKeys(files), keyless }
}

/** A trust root stands beside the keys of a keyring. */
const isDocument = (file: Uint8Array): boolean => /^\s*\{/.test(Buffer.from(file.subarray(0, 256)).toString('latin1'))

/**
 * Throws NO_SIGNATURE when nothing is signed, UNKNOWN_KEY when no signature is by one of the keys, and REQUIREMENT when an
 * attestation is missing.
 */
export async function checkSigned(
  doc: Doc,
  { name }: { readonly name: string },
  { options }: Repo<OciOptions>,
  trust: Trust,
): Promise<void> {
  const signers = await signersOf(options, trust)
  const digest = `sha256:${doc.digests.sha256}`
  const found: Found = { by: undefined, attested: new Set() }
  let seen = 0
  for await (const proof of proofs(name, digest, trust)) {
    seen += 1
    if (seen > most) break
    if (!take(found, proof, digest, signers)) await takeKeyless(found, proof, digest, signers)
  }
  const facts = { path: doc.path, name }
  const hint = 'Ask its publisher, or check `keyring`, `identities`, and the names under `signed`.'
  if (seen === 0) throw new MirrorError('NO_SIGNATURE', `${name}@${digest} carries no signature`, { ...facts, hint })
  if (found.by === undefined)
    throw new MirrorError('UNKNOWN_KEY', `no signature of ${name}@${digest} is by anybody who counts`, {
      ...facts,
      hint,
    })
  const missing = options.attested.find((type) => !found.attested.has(type))
  if (missing !== undefined)
    throw new MirrorError(
      'REQUIREMENT',
      `${name}@${digest} has no attestation of ${missing} by anybody who counts`,
      facts,
    )
  trust.proven(`cosign signature by ${found.by}`)
}

interface Proof {
  readonly kind: 'payload' | 'envelope' | 'bundle'
  readonly bytes: Uint8Array
  readonly annotations: Readonly<Record<string, string>>
}

const keyWords = ({ fingerprint }: CosignKey): string => `key sha256:${fingerprint}`

/** Takes up what a key proves; false when none does. */
function take(found: Found, { kind, bytes, annotations }: Proof, digest: string, { keys }: Signers): boolean {
  if (kind === 'payload') {
    const by = verifyPayload(bytes, annotations[`${cosign}/signature`] ?? '', digest, keys)
    if (by !== undefined) found.by ??= keyWords(by)
    return by !== undefined
  }
  const read = jsonOf(bytes)
  const envelope = kind === 'bundle' && isObject(read) ? read.dsseEnvelope : read
  const attested = verifyEnvelope(envelope, digest, keys)
  if (attested === undefined) return false
  says(found, attested.predicateType, keyWords(attested.by))
  return true
}

function says(found: Found, predicateType: string, by: string): void {
  if (predicateType === signing) found.by ??= by
  else found.attested.add(predicateType)
}

/** Takes up what somebody proves whom a certificate names and a log has on record. What does not fit proves nothing. */
async function takeKeyless(found: Found, proof: Proof, digest: string, { keyless }: Signers): Promise<void> {
  const { kind, bytes, annotations } = proof
  if (keyless === undefined || kind === 'envelope') return
  try {
    if (kind === 'bundle') {
      const { signer, payload } = await verifyBundle(jsonOf(bytes), { ...keyless, over: { payloadType: inTotoType } })
      const predicateType = payload === undefined ? undefined : attestedOf(payload, digest)
      if (predicateType !== undefined) says(found, predicateType, nameOf(signer))
      return
    }
    const part = (name: string): string => annotations[name] ?? ''
    const bundle = keylessBundle(
      {
        signature: part(`${cosign}/signature`),
        certificate: part(`${sigstore}/certificate`),
        bundle: part(`${sigstore}/bundle`),
      },
      bytes,
    )
    const { signer } = await verifyBundle(bundle, { ...keyless, over: { artifact: bytes } })
    if (isAbout(bytes, digest)) found.by ??= nameOf(signer)
  } catch (error) {
    if (!(error instanceof MirrorError) || error.code === 'CONFIG') throw error
  }
}

/** Another document of the name; what an offline mirror does not hold proves as little as what is not there. */
async function documentAt(trust: Trust, path: string): Promise<Doc | undefined> {
  try {
    return await trust.document(path)
  } catch (error) {
    if (error instanceof MirrorError && error.code === 'NOT_HELD') return undefined
    throw error
  }
}

async function* proofs(name: string, digest: string, trust: Trust): AsyncGenerator<Proof> {
  for (const suffix of ['.sig', '.att']) {
    const doc = await documentAt(trust, manifestPath(name, attachedTag(digest, suffix)))
    if (doc !== undefined) yield* layersOf(name, await readManifest(doc), trust)
  }
  for (const { digest: of } of await provingOf(name, digest, trust)) {
    const doc = await documentAt(trust, manifestPath(name, of))
    if (doc !== undefined) yield* layersOf(name, await readManifest(doc), trust)
  }
}

/** By the registry's own list, or by that under a tag. */
async function provingOf(name: string, digest: string, trust: Trust): Promise<readonly Descriptor[]> {
  const listed = await documentAt(trust, referrersPath(name, digest))
  const tagged = listed === undefined ? await documentAt(trust, manifestPath(name, attachedTag(digest))) : undefined
  const all =
    listed !== undefined
      ? await referrersOf(listed)
      : tagged === undefined
        ? []
        : (await readManifest(tagged)).manifests
  return all.filter(({ artifactType }) => proving.test(artifactType ?? '')).slice(0, most)
}

async function* layersOf(name: string, { layers }: Manifest, trust: Trust): AsyncGenerator<Proof> {
  for (const { mediaType, digest, size, annotations } of layers.slice(0, most)) {
    const kind =
      mediaType === payloadType
        ? 'payload'
        : mediaType === envelopeType
          ? 'envelope'
          : bundleType.test(mediaType)
            ? 'bundle'
            : undefined
    if (kind === undefined || size > largestProof) continue
    const blob = await documentAt(trust, blobPath(name, digest))
    if (blob === undefined || blob.size > largestProof) continue
    yield { kind, bytes: await blob.bytes(), annotations: annotations ?? {} }
  }
}
