// Sigstore bundles: recorded ones, and those of a Sigstore of the tests' own, each broken in one way.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { shippedKeyring } from '../../src/trust/keyring.ts'
import { nameOf, type Verified, verifyBundle, type Wanted } from '../../src/trust/sigstore.ts'
import { readTrustRoot } from '../../src/trust/trust-root.ts'
import { type BundleJson, fakeSigstore, keyPair, signedAt, spkiOf } from '../builders/sigstore.ts'
import { bytesOf, code, fixture } from './builders.ts'

const type = 'application/vnd.in-toto+json'
const now = signedAt + 1000
const fake = fakeSigstore()
const root = await readTrustRoot(fake.root)
const jsonOf = async (name: string): Promise<BundleJson> =>
  JSON.parse(Buffer.from(await fixture(`sigstore/${name}`)).toString())

const verify = (bundle: unknown, wanted: Partial<Wanted> = {}): Promise<Verified> =>
  verifyBundle(bundle, { root, now, over: { payloadType: type }, ...wanted })

const good = (): BundleJson => fake.envelope('{}')
const entryOf = (bundle: BundleJson): BundleJson => bundle.verificationMaterial.tlogEntries[0]
/** The bundle, changed after it was made. */
const broken = (change: (bundle: BundleJson) => void): BundleJson => {
  const bundle = good()
  change(bundle)
  return bundle
}
const flipped = (base64: string): string => {
  const bytes = Buffer.from(base64, 'base64')
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  return bytes.toString('base64')
}

/** Where the members of a document are, as lists of keys. */
function placesOf(node: BundleJson, before: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.keys(node).flatMap((key) => [[...before, key], ...placesOf(node[key], [...before, key])])
}

describe('a bundle', () => {
  test('tells who signed the envelope, when, and where it is logged', async () => {
    const { signer, ...rest } = await verify(fake.envelope('{"a":1}', { subject: 'one@example.org' }))
    assert.equal(nameOf(signer), 'one@example.org (https://login.example.org)')
    assert.deepEqual(rest, { signedAt, logIndex: '1003', payload: bytesOf('{"a":1}') })
  })

  test('tells what its certificate claims', async () => {
    const claims = { 12: 'https://code.example.org/repo', 14: 'refs/tags/v1', 18: 'x'.repeat(300) }
    const { signer } = await verify(fake.envelope('{}', { claims }))
    assert.deepEqual(Object.fromEntries('claims' in signer ? signer.claims : []), {
      issuer: 'https://login.example.org',
      sourceRepositoryUri: claims[12],
      sourceRepositoryRef: claims[14],
      buildConfigUri: claims[18],
    })
  })

  test('is good over bytes that come as a stream', async () => {
    async function* artifact() {
      yield bytesOf('ab')
      yield bytesOf('c')
    }
    const { payload, logIndex } = await verify(fake.message(bytesOf('abc')), { over: { artifact: artifact() } })
    assert.equal(payload, undefined)
    assert.equal(logIndex, '1003')
  })

  test('may be signed by a key that is trusted, before its end', async () => {
    const pair = keyPair()
    const bundle = fake.envelope('{}', { key: { hint: 'one', pair } })
    const key = (hint: string) => (hint === 'one' ? { spki: spkiOf(pair), until: signedAt + 1 } : undefined)
    assert.deepEqual((await verify(bundle, { key })).signer, { keyId: 'one' })
    await assert.rejects(verify(bundle), code('UNKNOWN_KEY'))
    await assert.rejects(verify(bundle, { key: () => undefined }), code('UNKNOWN_KEY'))
    await assert.rejects(verify(bundle, { key: () => ({ spki: spkiOf(keyPair()) }) }), code('BAD_SIGNATURE'))
    await assert.rejects(verify(bundle, { key: () => ({ spki: spkiOf(pair), until: signedAt }) }), code('EXPIRED_KEY'))
    await assert.rejects(verify(bundle, { key: () => ({ spki: bytesOf('x') }) }), code('UNSUPPORTED_KEY'))
  })
})

describe('whose signature counts', () => {
  const bundle = fake.envelope('{}', { subject: 'https://code.example.org/org/repo/.build/release.yml@refs/tags/v1' })
  const issuer = 'https://login.example.org'

  test('is told by issuer and subject, as a pattern', async () => {
    for (const subject of [
      'https://code.example.org/org/**',
      'https://code.example.org/org/*/.build/release.yml@refs/tags/v1',
    ]) {
      await verify(bundle, {
        signers: [
          { issuer, subject: 'other' },
          { issuer, subject },
        ],
      })
    }
  })

  test('refuses every other', async () => {
    for (const signer of [
      { issuer, subject: 'https://code.example.org/org/*' },
      { issuer, subject: 'https://code.example.org/organisation/**' },
      { issuer: `${issuer}/`, subject: '**' },
      { issuer: 'https://login.example', subject: '**' },
    ]) {
      await assert.rejects(verify(bundle, { signers: [signer] }), code('UNKNOWN_KEY'))
    }
    await assert.rejects(verify(bundle, { signers: [] }), code('UNKNOWN_KEY'))
  })

  test('refuses a key where certificates are asked for', async () => {
    const pair = keyPair()
    const signed = fake.envelope('{}', { key: { hint: 'one', pair } })
    const key = () => ({ spki: spkiOf(pair) })
    await assert.rejects(verify(signed, { key, signers: [{ issuer, subject: '**' }] }), code('UNKNOWN_KEY'))
  })
})

describe('a bundle is refused', () => {
  const refused: readonly (readonly [string, string, BundleJson, Partial<Wanted>?])[] = [
    ['when another authority certified the signer', 'UNKNOWN_KEY', fake.envelope('{}', { by: fakeSigstore() })],
    ['when the certificate is not one for signing', 'UNKNOWN_KEY', fake.envelope('{}', { usage: '1.3.6.1.5.5.7.3.1' })],
    ['when its certificate had expired', 'EXPIRED_KEY', fake.envelope('{}', { from: -2000, to: -1000 })],
    ['when its certificate did not count yet', 'EXPIRED_KEY', fake.envelope('{}', { from: 1000 })],
    [
      'when the log recorded it in the future',
      'NOT_YET_VALID',
      fake.envelope('{}', { at: signedAt + 2 * 24 * 3600 * 1000 }),
    ],
    [
      'when another payload is in the envelope',
      'BAD_SIGNATURE',
      broken((bundle) => {
        bundle.dsseEnvelope.payload = Buffer.from('{ }').toString('base64')
      }),
    ],
    [
      'when the signature is another',
      'BAD_SIGNATURE',
      broken((bundle) => {
        const [signature] = bundle.dsseEnvelope.signatures
        signature.sig = flipped(signature.sig)
      }),
    ],
    [
      'when the certificate is another that the authority made',
      'BAD_SIGNATURE',
      broken((bundle) => {
        bundle.verificationMaterial.certificate.rawBytes = fake.certify(keyPair(), {}).toString('base64')
      }),
    ],
    [
      'when its payload is of another type',
      'BAD_FRAMING',
      fake.envelope('{}', { type: 'application/vnd.example+json' }),
    ],
    ['when it signs bytes where an envelope is asked for', 'BAD_FRAMING', fake.message(bytesOf('{}'))],
    [
      'when it signs an envelope where bytes are asked for',
      'BAD_FRAMING',
      good(),
      { over: { artifact: bytesOf('{}') } },
    ],
    ['when it signs other bytes', 'WRONG_DIGEST', fake.message(bytesOf('one')), { over: { artifact: bytesOf('two') } }],
    [
      'when no log has it',
      'NO_SIGNATURE',
      broken(({ verificationMaterial }) => {
        verificationMaterial.tlogEntries = []
      }),
    ],
    [
      'when nothing promises the time of the log entry',
      'NO_SIGNATURE',
      broken((bundle) => {
        delete entryOf(bundle).inclusionPromise
      }),
    ],
    [
      'when the promise of the log was changed',
      'BAD_SIGNATURE',
      broken((bundle) => {
        const promise = entryOf(bundle).inclusionPromise
        promise.signedEntryTimestamp = flipped(promise.signedEntryTimestamp)
      }),
    ],
    [
      'when the time of the log entry was changed',
      'BAD_SIGNATURE',
      broken((bundle) => {
        entryOf(bundle).integratedTime = String(signedAt / 1000 + 1)
      }),
    ],
    [
      'when the entry is that of another bundle',
      'BAD_SIGNATURE',
      broken((bundle) => {
        bundle.verificationMaterial.tlogEntries = good().verificationMaterial.tlogEntries
      }),
    ],
    [
      'when one entry is that of another bundle',
      'BAD_SIGNATURE',
      broken((bundle) => {
        bundle.verificationMaterial.tlogEntries.push(entryOf(fake.envelope('{}', { at: signedAt + 1000 })))
      }),
    ],
    [
      'when the log has another payload',
      'BAD_SIGNATURE',
      fake.envelope('{}', {
        entry(body) {
          body.spec.payloadHash.value = '0'.repeat(64)
          return body
        },
      }),
    ],
    [
      'when the log has it for another signer',
      'BAD_SIGNATURE',
      fake.envelope('{}', {
        entry(body) {
          const pem = fake.certify(keyPair(), {}).toString('base64')
          const text = `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`
          body.spec.signatures[0].verifier = Buffer.from(text).toString('base64')
          return body
        },
      }),
    ],
    [
      'when the log names no signer',
      'BAD_FRAMING',
      fake.envelope('{}', {
        entry(body) {
          body.spec.signatures[0].verifier = ''
          return body
        },
      }),
    ],
    [
      'when the log entry is of a kind that is not known',
      'BAD_SIGNATURE',
      fake.envelope('{}', { entry: (body) => ({ ...body, kind: 'other' }) }),
    ],
    [
      'when the proof of the log does not fit',
      'BAD_SIGNATURE',
      broken((bundle) => {
        const { hashes } = entryOf(bundle).inclusionProof
        hashes[0] = flipped(hashes[0])
      }),
    ],
    [
      'when the proof is of another place in the log',
      'BAD_SIGNATURE',
      broken((bundle) => {
        entryOf(bundle).inclusionProof.logIndex = '2'
      }),
    ],
    [
      'when the checkpoint of the log was changed',
      'BAD_SIGNATURE',
      broken((bundle) => {
        const { checkpoint } = entryOf(bundle).inclusionProof
        checkpoint.envelope = checkpoint.envelope.replace('\n5\n', '\n6\n')
      }),
    ],
    [
      'when the name in a checkpoint would be a slow expression',
      'BAD_FRAMING',
      broken((bundle) => {
        const { checkpoint } = entryOf(bundle).inclusionProof
        checkpoint.envelope = checkpoint.envelope.replace('\u2014 log.example.org', '\u2014 (.*)*(.*)*(.*)*!')
      }),
    ],
    [
      'when it has no proof of the log',
      'BAD_FRAMING',
      broken((bundle) => {
        delete entryOf(bundle).inclusionProof
      }),
    ],
    [
      'when numbers of the log are none',
      'BAD_FRAMING',
      broken((bundle) => {
        entryOf(bundle).logIndex = '-1'
      }),
    ],
    [
      'when it holds very many log entries',
      'BAD_FRAMING',
      broken((bundle) => {
        bundle.verificationMaterial.tlogEntries = Array(9).fill(entryOf(bundle))
      }),
    ],
    [
      'when its certificate is none',
      'BAD_FRAMING',
      broken((bundle) => {
        bundle.verificationMaterial.certificate.rawBytes = 'AAAA'
      }),
    ],
    [
      'when its certificate is very large',
      'BAD_FRAMING',
      broken((bundle) => {
        bundle.verificationMaterial.certificate.rawBytes = Buffer.alloc(40_000).toString('base64')
      }),
    ],
    [
      'when it is of a version that is not known',
      'BAD_FRAMING',
      { ...good(), mediaType: 'application/vnd.dev.sigstore.bundle.v9+json' },
    ],
    ['when it has no content', 'BAD_FRAMING', { ...good(), dsseEnvelope: undefined }],
    ...[null, [], 'text', 1, {}, { mediaType: 1 }, { ...good(), verificationMaterial: { tlogEntries: [{}] } }].map(
      (json) => [`when it is ${JSON.stringify(json).slice(0, 40)}`, 'BAD_FRAMING', json] as const,
    ),
  ]
  for (const [why, expected, bundle, wanted] of refused) {
    test(why, () => assert.rejects(verify(bundle, wanted), code(expected)))
  }

  test('with a code, or means the same, whatever stands in one of its members', async () => {
    const whole = good()
    const expected = await verify(whole)
    const places = placesOf(whole)
    const some = fc.oneof(fc.jsonValue(), fc.base64String(), fc.constantFrom('0', '1', -1, 2 ** 60, [], {}, null))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), some, async (place, value) => {
        const changed = structuredClone(whole)
        const last = place.at(-1) ?? ''
        const holder = place.slice(0, -1).reduce((node, key) => node[key], changed)
        holder[last] = value
        try {
          assert.deepEqual(await verify(changed), expected)
        } catch (error) {
          assert.ok(error instanceof MirrorError, String(error))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('when the certificate was never logged', async () => {
    const other = JSON.parse(fakeSigstore().root.toString())
    const unlogged = { ...JSON.parse(fake.root.toString()), ctlogs: other.ctlogs }
    const without = await readTrustRoot(bytesOf(JSON.stringify(unlogged)))
    await assert.rejects(verify(good(), { root: without }), code('UNKNOWN_KEY'))
  })

  test('when another log has recorded it', async () => {
    const other = JSON.parse(fakeSigstore().root.toString())
    const strange = { ...JSON.parse(fake.root.toString()), tlogs: other.tlogs }
    const without = await readTrustRoot(bytesOf(JSON.stringify(strange)))
    await assert.rejects(verify(good(), { root: without }), code('UNKNOWN_KEY'))
  })
})

describe('a trust root', () => {
  test('is refused when it is none, names no authority, or does not say since when it counts', async () => {
    const whole = JSON.parse(fake.root.toString())
    const timeless = structuredClone(whole)
    delete timeless.tlogs[0].publicKey.validFor
    for (const json of [
      '',
      '[]',
      'null',
      '{}',
      '{"tlogs":[{}]}',
      JSON.stringify({ ...whole, certificateAuthorities: [] }),
      JSON.stringify(timeless),
    ]) {
      await assert.rejects(readTrustRoot(bytesOf(json)), code('CONFIG'))
    }
  })

  test('vouches only for what was signed in its time', async () => {
    const ended = JSON.parse(fake.root.toString())
    ended.certificateAuthorities[0].validFor.end = new Date(signedAt - 1000).toISOString()
    const before = await readTrustRoot(bytesOf(JSON.stringify(ended)))
    await assert.rejects(verify(good(), { root: before }), code('UNKNOWN_KEY'))
  })
})

describe('recorded bundles', () => {
  test('of the staging instance are good by its root, and by no other', async () => {
    const staging = await readTrustRoot(await fixture('sigstore/staging-root.json'))
    const shipped = await readTrustRoot((await shippedKeyring('sigstore')) ?? Buffer.of())
    const bundle = await jsonOf('staging.sigstore')
    const now = Date.UTC(2026, 11, 1)
    const { signer, logIndex } = await verify(bundle, { root: staging, now })
    assert.ok('claims' in signer)
    assert.match(logIndex ?? '', /^\d+$/)
    await assert.rejects(verify(bundle, { root: shipped, now }), code('UNKNOWN_KEY'))
  })
})
