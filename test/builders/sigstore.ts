// A Sigstore of the tests' own: a certificate authority, a certificate log and a signature log with keys made on the spot,
// the trust root that names them, and bundles that it stands for. What a test wants broken is broken before it is signed
// (`Signing`) or after (the bundle is plain JSON).

import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import * as der from './der.ts'

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export const keyPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const spkiOf = ({ publicKey }: Pair): Buffer => publicKey.export({ type: 'spki', format: 'der' })
const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const ecdsaSha256 = der.sequence(der.identifier('1.2.840.10045.4.3.2'))
const nameOf = (common: string): Buffer =>
  der.sequence(der.set(der.sequence(der.identifier('2.5.4.3'), der.text(common))))
const extension = (id: string, value: Uint8Array): Buffer => der.sequence(der.identifier(id), der.octets(value))

interface Body {
  readonly subject: string
  readonly key: Pair
  readonly from: number
  readonly to: number
  readonly extensions: readonly Buffer[]
}

const authorityName = 'fake authority'

const bodyOf = ({ subject, key, from, to, extensions }: Body): Buffer =>
  der.sequence(
    der.choice(0, der.integer(2)),
    der.integer(7),
    ecdsaSha256,
    nameOf(authorityName),
    der.sequence(der.time(from), der.time(to)),
    nameOf(subject),
    spkiOf(key),
    der.choice(3, der.sequence(...extensions)),
  )

const signed = (body: Uint8Array, { privateKey }: Pair): Buffer =>
  der.sequence(body, ecdsaSha256, der.bits(createSign('sha256').update(body).sign(privateKey)))

export interface Signing {
  /** An address, or an e-mail address. */
  readonly subject?: string
  readonly issuer?: string
  /** By the last number of their object identifier; addresses and references of a build. */
  readonly claims?: Readonly<Record<number, string>>
  /** When the log records it; milliseconds since 1970. */
  readonly at?: number
  /** When the certificate counts, relative to that, in milliseconds. */
  readonly from?: number
  readonly to?: number
  readonly usage?: string
  /** Who certifies it and logs the certificate; this Sigstore itself when left out. */
  readonly by?: FakeSigstore
  /** A signing key by itself instead of a certificate, with its hint. */
  readonly key?: { readonly hint: string; readonly pair: Pair }
  /** The body of the log entry, changed before the log signs it. */
  readonly entry?: (body: LogBody) => unknown
}

// biome-ignore lint/suspicious/noExplicitAny: a body is changed at will by the tests that break it
type LogBody = any
// biome-ignore lint/suspicious/noExplicitAny: likewise
export type BundleJson = any

export interface FakeSigstore {
  /** A `trusted_root.json`. */
  readonly root: Buffer
  /** A certificate of this authority, in DER. */
  certify(key: Pair, signing: Signing): Buffer
  /** A bundle over an envelope; the payload is an in-toto statement unless another type is named. */
  envelope(payload: Uint8Array | string, signing?: Signing & { readonly type?: string }): BundleJson
  /** A bundle over bytes. */
  message(artifact: Uint8Array, signing?: Signing): BundleJson
}

/** When everything is signed unless a test says otherwise. */
export const signedAt = Date.UTC(2026, 0, 10)
const minute = 60 * 1000
const year = 365 * 24 * 60 * minute
const fulcio = '1.3.6.1.4.1.57264.1.'

export function fakeSigstore(): FakeSigstore {
  const authority = keyPair()
  const certificateLog = keyPair()
  const signatureLog = keyPair()
  const keyId = (pair: Pair): Buffer => sha256(spkiOf(pair))
  const origin = 'log.example.org'

  const authorityCertificate = signed(
    bodyOf({
      subject: authorityName,
      key: authority,
      from: signedAt - year,
      to: signedAt + year,
      extensions: [
        der.sequence(
          der.identifier('2.5.29.15'),
          der.yes,
          der.octets(der.tagged(0x03, Buffer.of(1, 0x06))), // keyCertSign, cRLSign
        ),
        der.sequence(der.identifier('2.5.29.19'), der.yes, der.octets(der.sequence(der.yes))),
        extension('2.5.29.14', der.octets(keyId(authority))),
      ],
    }),
    authority,
  )

  const started = { validFor: { start: new Date(signedAt - year).toISOString() } }
  const logOf = (baseUrl: string, pair: Pair) => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: spkiOf(pair).toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', ...started },
    logId: { keyId: keyId(pair).toString('base64') },
  })
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logOf(`https://${origin}`, signatureLog)],
    certificateAuthorities: [
      {
        subject: { organization: 'example.org', commonName: authorityName },
        uri: 'https://ca.example.org',
        certChain: { certificates: [{ rawBytes: authorityCertificate.toString('base64') }] },
        ...started,
      },
    ],
    ctlogs: [logOf('https://ct.example.org', certificateLog)],
    timestampAuthorities: [],
  }

  /** The log's word that it has seen the certificate (RFC 6962 §3.2), as an extension of it. */
  function seen(body: Uint8Array, at: number): Buffer {
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(at))
    const size = Buffer.alloc(3)
    size.writeUIntBE(body.length, 0, 3)
    const statement = Buffer.concat([
      Buffer.of(0, 0),
      time,
      Buffer.of(0, 1),
      sha256(spkiOf(authority)),
      size,
      body,
      Buffer.of(0, 0),
    ])
    const signature = createSign('sha256').update(statement).sign(certificateLog.privateKey)
    const sct = Buffer.concat([
      Buffer.of(0),
      keyId(certificateLog),
      time,
      Buffer.of(0, 0, 4, 3, 0, signature.length),
      signature,
    ])
    return Buffer.concat([Buffer.of(0, sct.length + 2, 0, sct.length), sct])
  }

  function certify(key: Pair, signing: Signing): Buffer {
    const { subject = 'https://build.example.org/one', issuer = 'https://login.example.org', claims = {} } = signing
    const { at = signedAt, from = -minute, to = 9 * minute, usage = '1.3.6.1.5.5.7.3.3' } = signing
    const name = der.tagged(subject.startsWith('https:') ? 0x86 : 0x81, Buffer.from(subject))
    const extensions = [
      extension('2.5.29.37', der.sequence(der.identifier(usage))),
      extension('2.5.29.35', der.sequence(der.tagged(0x80, keyId(authority)))),
      der.sequence(der.identifier('2.5.29.17'), der.yes, der.octets(der.sequence(name))),
      extension(`${fulcio}8`, der.text(issuer)),
      ...Object.entries(claims).map(([number, claim]) => extension(`${fulcio}${number}`, der.text(claim))),
    ]
    const body = { subject: '', key, from: at + from, to: at + to, extensions }
    const log = extension('1.3.6.1.4.1.11129.2.4.2', der.octets(seen(bodyOf(body), at)))
    return signed(bodyOf({ ...body, extensions: [...extensions, log] }), authority)
  }

  /** An entry of the signature log: its promise, and the proof that it is the fourth leaf of five. */
  function logged(entry: { readonly kind: string; readonly apiVersion: string }, at: number): unknown {
    const body = Buffer.from(JSON.stringify(entry))
    // its members in the order of the canonical form
    const promised = JSON.stringify({
      body: body.toString('base64'),
      integratedTime: at / 1000,
      logID: keyId(signatureLog).toString('hex'),
      logIndex: 1003,
    })
    const node = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.of(1), left, right)
    const [first, third, fifth] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    const rootHash = node(node(first, node(third, sha256(Buffer.of(0), body))), fifth)
    const note = `${origin} - 42\n5\n${rootHash.toString('base64')}\n`
    const hinted = Buffer.concat([
      keyId(signatureLog).subarray(0, 4),
      sign('sha256', Buffer.from(note), signatureLog.privateKey),
    ])
    return {
      logIndex: '1003',
      logId: { keyId: keyId(signatureLog).toString('base64') },
      kindVersion: { kind: entry.kind, version: entry.apiVersion },
      integratedTime: String(at / 1000),
      inclusionPromise: {
        signedEntryTimestamp: sign('sha256', Buffer.from(promised), signatureLog.privateKey).toString('base64'),
      },
      inclusionProof: {
        logIndex: '3',
        rootHash: rootHash.toString('base64'),
        treeSize: '5',
        hashes: [third, first, fifth].map((hash) => hash.toString('base64')),
        checkpoint: { envelope: `${note}\n\u2014 ${origin} ${hinted.toString('base64')}\n` },
      },
      canonicalizedBody: body.toString('base64'),
    }
  }

  const pem = (label: string, bytes: Buffer): string =>
    `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`

  /** A bundle around what is signed. */
  function bundled(
    signing: Signing,
    signedBytes: Uint8Array,
    parts: (signature: string, verifier: string) => { readonly entry: LogBody; readonly content: object },
  ): BundleJson {
    const { at = signedAt, key, by = fake, entry: broken = (body: LogBody) => body } = signing
    const pair = key?.pair ?? keyPair()
    const certificate = key === undefined ? by.certify(pair, signing) : undefined
    const verifier = certificate === undefined ? pem('PUBLIC KEY', spkiOf(pair)) : pem('CERTIFICATE', certificate)
    const signature = sign('sha256', signedBytes, pair.privateKey).toString('base64')
    const { entry, content } = parts(signature, Buffer.from(verifier).toString('base64'))
    const material =
      certificate === undefined
        ? { publicKey: { hint: key?.hint } }
        : { certificate: { rawBytes: certificate.toString('base64') } }
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { ...material, tlogEntries: [logged(broken(entry), at)] },
      ...content,
    }
  }

  const fake: FakeSigstore = {
    root: Buffer.from(JSON.stringify(root)),
    certify,
    envelope(payload, { type = 'application/vnd.in-toto+json', ...signing } = {}) {
      const bytes = Buffer.from(payload)
      const signedBytes = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${bytes.length} `), bytes])
      return bundled(signing, signedBytes, (signature, verifier) => ({
        entry: {
          apiVersion: '0.0.1',
          kind: 'dsse',
          spec: {
            envelopeHash: { algorithm: 'sha256', value: sha256(bytes).toString('hex') },
            payloadHash: { algorithm: 'sha256', value: sha256(bytes).toString('hex') },
            signatures: [{ signature, verifier }],
          },
        },
        content: {
          dsseEnvelope: { payload: bytes.toString('base64'), payloadType: type, signatures: [{ sig: signature }] },
        },
      }))
    },
    message(artifact, signing = {}) {
      return bundled(signing, artifact, (signature, verifier) => ({
        entry: {
          apiVersion: '0.0.1',
          kind: 'hashedrekord',
          spec: {
            data: { hash: { algorithm: 'sha256', value: sha256(artifact).toString('hex') } },
            signature: { content: signature, publicKey: { content: verifier } },
          },
        },
        content: {
          messageSignature: {
            messageDigest: { algorithm: 'SHA2_256', digest: sha256(artifact).toString('base64') },
            signature,
          },
        },
      }))
    },
  }
  return fake
}
