// Keyless signatures of container images as cosign kept them before it wrote Sigstore bundles: the parts of a bundle as
// annotations of a layer. Here they are put together; src/trust/sigstore.ts verifies them.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md

import { createHash, X509Certificate } from 'node:crypto'
import { MirrorError } from '../errors.ts'

/** The annotations, by what stands behind their common beginning. */
export interface Keyless {
  /** `dev.cosignproject.cosign/signature`: base64. */
  readonly signature: string
  /** `dev.sigstore.cosign/certificate`: PEM. */
  readonly certificate: string
  /** `dev.sigstore.cosign/bundle`: the log entry, as JSON. */
  readonly bundle: string
}

const mostBytes = 256 * 1024

const malformed = (message: string, cause?: unknown): MirrorError =>
  new MirrorError('BAD_FRAMING', message, cause === undefined ? {} : { cause })

interface LogEntry {
  readonly SignedEntryTimestamp: string
  readonly Payload: {
    readonly body: string
    readonly integratedTime: number
    readonly logIndex: number
    readonly logID: string
  }
}

/** The Sigstore bundle of a keyless signature over `payload`, for `verifyBundle`. Throws BAD_FRAMING when the parts are malformed. */
export function keylessBundle({ signature, certificate, bundle }: Keyless, payload: Uint8Array): unknown {
  const { SignedEntryTimestamp, Payload } = readEntry(bundle)
  const { kind, apiVersion } = parsed(() => JSON.parse(Buffer.from(Payload.body, 'base64').toString()))
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: der(certificate) }] },
      tlogEntries: [
        {
          logIndex: String(Payload.logIndex),
          logId: { keyId: Buffer.from(Payload.logID, 'hex').toString('base64') },
          kindVersion: { kind, version: apiVersion },
          integratedTime: String(Payload.integratedTime),
          inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
          canonicalizedBody: Payload.body,
        },
      ],
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(payload).digest('base64') },
      signature,
    },
  }
}

function readEntry(bundle: string): LogEntry {
  if (bundle.length > mostBytes) throw malformed('The log entry of a keyless signature is too large.')
  const entry = parsed(() => JSON.parse(bundle)) as Partial<LogEntry> | null
  const { body, integratedTime, logIndex, logID } = entry?.Payload ?? {}
  const whole =
    typeof entry?.SignedEntryTimestamp === 'string' &&
    [body, logID].every((text) => typeof text === 'string') &&
    [integratedTime, logIndex].every(Number.isSafeInteger)
  if (!whole) throw malformed('The log entry of a keyless signature is malformed.')
  return entry as LogEntry
}

const der = (pem: string): string => parsed(() => new X509Certificate(pem.slice(0, mostBytes)).raw.toString('base64'))

function parsed<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw malformed('A keyless signature is malformed.', cause)
  }
}
