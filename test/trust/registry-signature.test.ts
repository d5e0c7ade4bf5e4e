import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { verifyEcdsa } from '../../src/trust/registry-signature.ts'
import { code } from './builders.ts'

const text = `left-pad@1.3.0:sha512-${createHash('sha512').update('x').digest('base64')}`
const make = (namedCurve: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  return { key, signature: sign('sha256', Buffer.from(text), privateKey).toString('base64') }
}
const { key, signature } = make('prime256v1')

test('a signature fits its text and its key, and no other', () => {
  const scheme = 'ecdsa-sha2-nistp256'
  assert.equal(verifyEcdsa(text, signature, { key, scheme, keytype: scheme }), true)
  assert.equal(verifyEcdsa(`${text}=`, signature, { key }), false)
  assert.equal(verifyEcdsa(text, signature, { key: make('prime256v1').key }), false)
})

test('a signature that is not base64 of DER does not fit', () => {
  for (const broken of ['', '*', 'AAAA', signature.slice(4), `${signature}!`, `${signature}AAAA`]) {
    assert.equal(verifyEcdsa(text, broken, { key }), false)
  }
})

test('a key of another kind is unsupported, not a bad signature', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'der', type: 'spki' })
  for (const other of ['', 'AAAA', make('secp384r1').key, make('secp256k1').key, rsa.toString('base64')]) {
    assert.throws(() => verifyEcdsa(text, signature, { key: other }), code('UNSUPPORTED_KEY'))
  }
  assert.throws(() => verifyEcdsa(text, signature, { key, scheme: 'ed25519' }), code('UNSUPPORTED_KEY'))
})
