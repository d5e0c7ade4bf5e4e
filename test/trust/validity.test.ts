import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enums, reformatKey, revokeKey } from 'openpgp'
import { verifyDetached } from '../../src/trust/openpgp.ts'
import { packets } from '../../src/trust/packets.ts'
import {
  at,
  bytesOf,
  code,
  day,
  detached,
  fixture,
  key,
  literal,
  now,
  type Pair,
  packetBy,
  pair,
  signature,
} from './builders.ts'

const document = bytesOf('document')
const verify = (made: Uint8Array, ring: Uint8Array, options: { now?: number; expiredKey?: 'accept' } = {}) =>
  verifyDetached(document, made, [ring], { now, ...options })
const seconds = (days: number): number => (days * day) / 1000

const revoked = async (one: Pair, flag: number, date: Date): Promise<Pair> => {
  const reasonForRevocation = { flag, string: 'test' }
  const { privateKey } = await revokeKey({ key: one.secret, reasonForRevocation, date, format: 'object' })
  return pair(privateKey)
}
const signing = async (): Promise<Pair> => key({ subkeys: [{ sign: true }] })

describe('a key that has expired', () => {
  test('does not vouch any more', async () => {
    const old = await key({ keyExpirationTime: seconds(50) })
    await assert.rejects(verify(await detached(document, [old], at(-60)), old.ring), code('EXPIRED_KEY'))
  })

  test('vouches for what it signed in its time where that is accepted', async () => {
    const old = await key({ keyExpirationTime: seconds(50) })
    const { signers } = await verify(await detached(document, [old], at(-60)), old.ring, { expiredKey: 'accept' })
    assert.equal(signers[0]?.expired, now - 50 * day)
  })

  test('never vouches for what it signed afterwards', async () => {
    const old = await key({ keyExpirationTime: seconds(50) })
    const late = await signature(old, enums.signature.binary, await literal(document), {}, at(-1))
    await assert.rejects(verify(late, old.ring, { expiredKey: 'accept' }), code('EXPIRED_KEY'))
  })

  test('vouches again after its owner has extended it', async () => {
    const old = await key({ keyExpirationTime: seconds(50) })
    const made = await detached(document, [old], at(-60))
    const { privateKey } = await reformatKey({
      privateKey: old.secret,
      userIDs: { name: 'Test' },
      keyExpirationTime: seconds(200),
      date: at(-10),
      format: 'object',
    })
    assert.equal((await verify(made, pair(privateKey).ring)).signers.length, 1)
  })

  test('may be the subkey alone', async () => {
    const old = await key({ subkeys: [{ sign: true, keyExpirationTime: seconds(50) }] })
    const made = await detached(document, [old], at(-60))
    await assert.rejects(verify(made, old.ring), code('EXPIRED_KEY'))
    assert.equal((await verify(made, old.ring, { expiredKey: 'accept' })).signers.length, 1)
  })
})

describe('a key that was revoked', () => {
  for (const [name, flag] of Object.entries({ compromised: 2, superseded: 1, retired: 3, unsaid: 0 })) {
    test(`(${name}) vouches for nothing, not even for what it signed before`, async () => {
      const gone = await revoked(await key(), flag, at(-10))
      const made = await signature(gone, enums.signature.binary, await literal(document), {}, at(-20))
      await assert.rejects(verify(made, gone.ring), code('REVOKED_KEY'))
      await assert.rejects(verify(made, gone.ring, { expiredKey: 'accept' }), code('REVOKED_KEY'))
    })
  }

  test('as superseded from tomorrow on still vouches today', async () => {
    const one = await key()
    const made = await detached(document, [one])
    assert.equal((await verify(made, (await revoked(one, 1, at(1))).ring)).signers.length, 1)
  })

  test('in one keyring is not helped by an old copy in another', async () => {
    const one = await key()
    const made = await detached(document, [one])
    const gone = await revoked(one, 2, at(-1))
    for (const rings of [
      [one.ring, gone.ring],
      [gone.ring, one.ring],
    ]) {
      await assert.rejects(verifyDetached(document, made, rings, { now }), code('REVOKED_KEY'))
    }
  })

  test('by a stranger is not revoked', async () => {
    const [one, stranger] = [await key(), await key()]
    const forged = await signature(stranger, enums.signature.keyRevocation, { key: one.public.keyPacket })
    const primary = packetBy(6, one.public.keyPacket.write())
    const rest = [...packets(one.ring)].slice(1).map((packet) => packet.whole)
    const ring = Buffer.concat([primary, forged, ...rest])
    assert.equal((await verify(await detached(document, [one]), ring)).signers.length, 1)
  })

  test('may be the subkey alone', async () => {
    const one = await signing()
    const made = await detached(document, [one])
    const [subkey] = one.secret.subkeys
    const data = { key: one.public.keyPacket, bind: subkey?.keyPacket }
    const revocation = await signature(one, enums.signature.subkeyRevocation, data, { reasonForRevocationFlag: 1 })
    const ring = Buffer.concat([one.ring, revocation])
    await assert.rejects(verify(made, ring), code('REVOKED_KEY'))
  })
})

describe('a key may sign', () => {
  test('by a signing subkey, which is named with its primary key', async () => {
    const one = await signing()
    const [signer] = (await verify(await detached(document, [one]), one.ring)).signers
    assert.deepEqual(
      [signer?.fingerprint, signer?.primary],
      [one.secret.subkeys[0]?.getFingerprint().toUpperCase(), one.secret.getFingerprint().toUpperCase()],
    )
  })

  test('not when it may only certify', async () => {
    const one = await key()
    const [user] = one.public.users
    const data = { key: one.public.keyPacket, userID: user?.userID }
    const self = await signature(one, enums.signature.certGeneric, data, { keyFlags: [1] }, at(-90))
    const ring = Buffer.concat([
      packetBy(6, one.public.keyPacket.write()),
      packetBy(13, user?.userID?.write() ?? Buffer.of()),
      self,
    ])
    await assert.rejects(verify(await detached(document, [one]), ring), code('UNSUPPORTED_KEY'))
  })

  test('not by a subkey that did not sign back', async () => {
    const [thief, victim] = [await key(), await key()]
    const data = { key: thief.public.keyPacket, bind: victim.public.keyPacket }
    const binding = await signature(thief, enums.signature.subkeyBinding, data, { keyFlags: [2] }, at(-90))
    const ring = Buffer.concat([thief.ring, packetBy(14, victim.public.keyPacket.write()), binding])
    await assert.rejects(verify(await detached(document, [victim]), ring), code('UNSUPPORTED_KEY'))
  })

  test('not without a self-signature', async () => {
    const one = await key()
    const ring = packetBy(6, one.public.keyPacket.write())
    await assert.rejects(verify(await detached(document, [one]), ring), code('UNSUPPORTED_KEY'))
  })

  test('not before it was made', async () => {
    const one = await key()
    const early = await signature(one, enums.signature.binary, await literal(document), {}, at(-200))
    await assert.rejects(verify(early, one.ring), code('NOT_YET_VALID'))
  })

  test('not with fewer than 2048 bits of RSA', async () => {
    const weak = { minRSABits: 1024 }
    const one = await key({ type: 'rsa', rsaBits: 1024, config: weak })
    const made = await signature(one, enums.signature.binary, await literal(document))
    await assert.rejects(verify(made, one.ring), code('UNSUPPORTED_KEY'))
  })

  for (const options of [
    { type: 'rsa', rsaBits: 2048 },
    { type: 'curve25519' },
    { type: 'curve448' },
    { type: 'ecc', curve: 'nistP256' },
    { type: 'ecc', curve: 'nistP521' },
  ] as const) {
    test(`with ${Object.values(options).join(' ')}`, async () => {
      const one = await key(options)
      assert.equal((await verify(await detached(document, [one]), one.ring)).signers.length, 1)
    })
  }

  for (const name of ['brainpool', 'dsa']) {
    test(`not with ${name}, which is said to be unsupported and not to be bad`, async () => {
      const [ring, made] = await Promise.all([fixture(`${name}.gpg`), fixture(`${name}.sig`)])
      await assert.rejects(verify(made, ring), code('UNSUPPORTED_KEY'))
    })
  }

  test('as a version 6 key', async () => {
    const one = await key({ type: 'curve25519', config: { v6Keys: true } })
    const [signer] = (await verify(await detached(document, [one]), one.ring)).signers
    assert.equal(signer?.fingerprint, one.public.getFingerprint().toUpperCase())
  })
})
