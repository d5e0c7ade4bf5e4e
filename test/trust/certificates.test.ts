import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKeyring } from '../../src/trust/certificates.ts'
import { verifyDetached } from '../../src/trust/openpgp.ts'
import { processorTime } from '../builders/processor-time.ts'
import { bytesOf, code, detached, key, now, type Pair, packetBy } from './builders.ts'

const names = (ring: Uint8Array): readonly string[] =>
  readKeyring(ring).certificates.map(({ userIds }) => userIds.join())
const named = (name: string): Promise<Pair> => key({ userIDs: [{ name }], subkeys: [{ sign: true }] })
const document = bytesOf('document')

test('names each key, its subkeys and its user ids as the library does', async () => {
  const one = await named('one')
  const [certificate] = readKeyring(one.ring).certificates
  const keys = [one.public, ...one.public.subkeys].map((each) => each.getFingerprint().toUpperCase())
  assert.deepEqual([certificate?.fingerprints, certificate?.userIds], [keys, ['one']])
})

test('reads several keys, binary or armoured in one or more blocks with text between them', async () => {
  const [one, two] = [await named('one'), await named('two')]
  const blocks = `# keys\n${one.public.armor()}\nand\n${two.public.armor()}`
  assert.deepEqual(names(Buffer.concat([one.ring, two.ring])), ['one', 'two'])
  assert.deepEqual(names(bytesOf(blocks)), ['one', 'two'])
  assert.deepEqual(names(bytesOf(blocks.replaceAll('\r\n', '\n'))), ['one', 'two'])
})

test('a key that is broken inside does not spoil its neighbours', async () => {
  const [one, two] = [await named('one'), await named('two')]
  const broken = packetBy(6, Buffer.of(4, 0, 0, 0, 0, 1, 0xff, 0xff, 1))
  const ring = Buffer.concat([one.ring, broken, packetBy(13, bytesOf('broken')), two.ring])
  for (const signer of [one, two]) {
    assert.equal(
      (await verifyDetached(document, await detached(document, [signer]), [ring], { now })).signers.length,
      1,
    )
  }
})

test('a block that is broken does not spoil its neighbours', async () => {
  const [one, two] = [await named('one'), await named('two')]
  const broken = one.public.armor().replace(/\r?\n=.*/, '\n=AAAA')
  const keyring = readKeyring(bytesOf(broken + two.public.armor()))
  assert.deepEqual([keyring.certificates.length, keyring.unreadable.length], [1, 1])
})

test('the key in which a file breaks off is not used: its revocation may be missing', async () => {
  const [one, two] = [await named('one'), await named('two')]
  const keyring = readKeyring(Buffer.concat([one.ring, two.ring]).subarray(0, -1))
  assert.deepEqual([keyring.certificates.length, keyring.unreadable.length], [1, 1])
})

test('secret keys and keys of old versions are passed over, and said', async () => {
  const [one, two] = [await named('one'), await named('two')]
  const old = packetBy(6, Buffer.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 1))
  const keyring = readKeyring(Buffer.concat([one.secret.write(), old, two.ring]))
  assert.deepEqual([keyring.certificates.length, keyring.unreadable.length], [1, 2])
})

test('an unknown key beside an unusable part of the keyring says so', async () => {
  const [one, two] = [await named('one'), await named('two')]
  await assert.rejects(verifyDetached(document, await detached(document, [two]), [one.secret.write()], { now }), {
    code: 'UNKNOWN_KEY',
    message: /secret key/,
  })
})

test('many blocks that never end take no more than a moment', () => {
  const started = processorTime()
  readKeyring(bytesOf('-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n'.repeat(100_000)))
  assert.ok(processorTime() - started < 2000)
})

test('a GnuPG keybox is refused with the way out', () => {
  const keybox = Buffer.alloc(32)
  keybox.write('KBXf', 8)
  assert.throws(() => readKeyring(keybox), code('CONFIG'))
})

test('bytes that are no keyring hold no key', () => {
  for (const bytes of [bytesOf(''), bytesOf('<html>'), Buffer.of(0xff, 0xff, 0xff)]) assert.deepEqual(names(bytes), [])
})

test('the same bytes are read once', async () => {
  const { ring } = await named('one')
  assert.equal(readKeyring(ring), readKeyring(ring.slice()))
})
