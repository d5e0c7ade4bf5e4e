// Keyless signatures as annotations, made out of bundles.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Keyless, keylessBundle } from '../../src/trust/keyless.ts'
import { verifyBundle } from '../../src/trust/sigstore.ts'
import { readTrustRoot } from '../../src/trust/trust-root.ts'
import { fakeSigstore, type Signing, signedAt } from '../builders/sigstore.ts'
import { bytesOf, code } from './builders.ts'

const fake = fakeSigstore()
const payload = bytesOf('{"critical":{"image":{"docker-manifest-digest":"sha256:ab"}}}')

/** The annotations that stand for a bundle over bytes. */
function annotations(signing: Signing = {}): Keyless {
  const { verificationMaterial, messageSignature } = fake.message(payload, signing)
  const [entry] = verificationMaterial.tlogEntries
  const pem = verificationMaterial.certificate.rawBytes.replace(/.{64}/g, '$&\n')
  return {
    signature: messageSignature.signature,
    certificate: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
    bundle: JSON.stringify({
      SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
      Payload: {
        body: entry.canonicalizedBody,
        integratedTime: Number(entry.integratedTime),
        logIndex: Number(entry.logIndex),
        logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
      },
    }),
  }
}

const verify = async (keyless: Keyless, artifact = payload) =>
  verifyBundle(keylessBundle(keyless, artifact), {
    root: await readTrustRoot(fake.root),
    over: { artifact },
    signers: [{ issuer: 'https://login.example.org', subject: 'https://build.example.org/*' }],
    now: signedAt,
  })

describe('a keyless signature', () => {
  test('is good by what stands in its annotations', async () => {
    const { signer, logIndex } = await verify(annotations())
    assert.equal('subject' in signer && signer.subject, 'https://build.example.org/one')
    assert.equal(logIndex, '1003')
  })

  test('is refused over other bytes, by another signer, or when it is not the logged one', async () => {
    const good = annotations()
    await assert.rejects(verify(good, bytesOf('other')), code('BAD_SIGNATURE'))
    await assert.rejects(verify(annotations({ subject: 'other@example.org' })), code('UNKNOWN_KEY'))
    await assert.rejects(verify(annotations({ by: fakeSigstore() })), code('UNKNOWN_KEY'))
    await assert.rejects(verify({ ...good, bundle: annotations().bundle }), code('BAD_SIGNATURE'))
    await assert.rejects(verify({ ...good, certificate: annotations().certificate }), code('BAD_SIGNATURE'))
    await assert.rejects(verify({ ...good, signature: annotations().signature }), code('BAD_SIGNATURE'))
    await assert.rejects(verify({ ...good, bundle: good.bundle.replace('1003', '1004') }), code('BAD_SIGNATURE'))
  })

  test('is refused when its parts are malformed', () => {
    const good = annotations()
    for (const change of [
      { certificate: '' },
      { certificate: 'text' },
      { bundle: '' },
      { bundle: 'null' },
      { bundle: '{}' },
      { bundle: good.bundle.replace('1003', '"1003"') },
      { bundle: good.bundle.replace('"body"', '"other"') },
      { bundle: good.bundle.replace(/"body":"[^"]*"/, '"body":"AAAA"') },
      { bundle: ' '.repeat(300 * 1024) },
    ]) {
      assert.throws(() => keylessBundle({ ...good, ...change }, payload), { code: 'BAD_FRAMING' })
    }
  })
})
