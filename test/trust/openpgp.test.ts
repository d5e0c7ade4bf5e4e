import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { createMessage, enums, sign } from 'openpgp'
import { type Verified, verifyCleartext, verifyDetached } from '../../src/trust/openpgp.ts'
import {
  at,
  bytesOf,
  clear,
  code,
  day,
  detached,
  key,
  lines,
  literal,
  now,
  type Pair,
  packetBy,
  release,
  signature,
  signatureBlock,
} from './builders.ts'

const document = bytesOf('one\ntwo  \nthree')
const codes = ({ rejected }: Verified) => rejected.map((one) => one.code)

let alice: Pair
let bob: Pair
before(async () => {
  alice = await key()
  bob = await key()
})

describe('a clear-signed file', () => {
  test('gives the signed text and who signed it', async () => {
    const file = await clear(lines('-dash', 'Origin: Test \t', ''), [alice])
    const verified = await verifyCleartext(bytesOf(file), [alice.ring], { now })
    const fingerprint = alice.public.getFingerprint().toUpperCase()
    assert.deepEqual(verified, {
      text: '-dash\nOrigin: Test\n\n',
      signers: [{ fingerprint, primary: fingerprint, algorithm: 'ed25519', hash: 'sha512', created: now - day }],
      rejected: [],
    })
  })

  const edits: Readonly<Record<string, readonly [string, (file: string) => string]>> = {
    'with another text': ['BAD_SIGNATURE', (file) => file.replace('stable', 'stabel')],
    'with another signature': ['BAD_SIGNATURE', (file) => file.replace('Origin', 'origin')],
    'with text before it': ['BAD_FRAMING', (file) => `Origin: Evil\n${file}`],
    'with an empty line before it': ['BAD_FRAMING', (file) => `\n${file}`],
    'with text behind it': ['BAD_FRAMING', (file) => `${file}Origin: Evil\n`],
    'with an empty line behind it': ['BAD_FRAMING', (file) => `${file}\n`],
    'with text between two signatures': ['BAD_FRAMING', (file) => `${file}Origin: Evil\n${signatureBlock(file)}`],
    'with a second signed message': ['BAD_FRAMING', (file) => file + file],
    'with an unescaped dash line': ['BAD_FRAMING', (file) => file.replace('Suite', '-\u0020\n-Suite')],
    'with an unknown header': ['BAD_FRAMING', (file) => file.replace('\n\n', '\nOrigin: Evil\n\n')],
    'with a NUL': ['BAD_FRAMING', (file) => file.replace('Test\n', 'Test\0\n')],
    'with a carriage return in a line': ['BAD_FRAMING', (file) => file.replace('Test\n', 'Te\rst\n')],
    'that is cut off': ['BAD_FRAMING', (file) => file.slice(0, -20)],
    'with a damaged signature': ['BAD_FRAMING', (file) => file.replace(/\n=.*\n/, '\n=AAAA\n')],
    'with an empty signature': [
      'NO_SIGNATURE',
      (file) => file.replace(signatureBlock(file), '-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n'),
    ],
    'with a key in place of the signature': [
      'BAD_FRAMING',
      (file) => file.replace(signatureBlock(file), alice.public.armor()),
    ],
    'that is not signed': ['NO_SIGNATURE', () => release],
    'over 10 MiB': ['TOO_LARGE', (file) => file.replace('stable', 'x'.repeat(10 * 1024 * 1024))],
  }
  for (const [name, [expected, edit]] of Object.entries(edits)) {
    test(`${name} is refused`, async () => {
      const file = await clear(release, [alice])
      await verifyCleartext(bytesOf(file), [alice.ring], { now })
      await assert.rejects(verifyCleartext(bytesOf(edit(file)), [alice.ring], { now }), code(expected))
    })
  }

  const harmless: Readonly<Record<string, (file: string) => string>> = {
    'CRLF line ends': (file) => file.replaceAll('\n', '\r\n'),
    'blanks at line ends': (file) => file.replaceAll('\n', ' \t\n'),
    'no final line end': (file) => file.slice(0, -1),
    'a Hash header that names another': (file) => file.replace('SHA512', 'SHA256'),
    'no Hash header': (file) => file.replace('Hash: SHA512\n', ''),
    'a second block of the same signature': (file) => file + signatureBlock(file),
  }
  for (const [name, edit] of Object.entries(harmless)) {
    test(`with ${name} still means the same`, async () => {
      const file = edit(await clear(release, [alice]))
      assert.equal((await verifyCleartext(bytesOf(file), [alice.ring], { now })).text, `${release}\n`)
    })
  }
})

describe('of several signatures', () => {
  test('one by a key of the keyring is enough', async () => {
    const verified = await verifyDetached(document, await detached(document, [bob, alice]), [alice.ring], { now })
    assert.equal(verified.signers.length, 1)
    assert.deepEqual(codes(verified), ['UNKNOWN_KEY'])
  })

  test('a bad one by a key of the keyring spoils the good one', async () => {
    const both = Buffer.concat([await detached(document, [alice]), await detached(bytesOf('other'), [bob])])
    await assert.rejects(verifyDetached(document, both, [alice.ring, bob.ring], { now }), code('BAD_SIGNATURE'))
    assert.equal((await verifyDetached(document, both, [alice.ring], { now })).signers.length, 1)
  })

  test('two by the same key name the same primary key', async () => {
    const twice = Buffer.concat([await detached(document, [alice]), await detached(document, [alice])])
    const { signers } = await verifyDetached(document, twice, [alice.ring], { now })
    assert.deepEqual([signers.length, new Set(signers.map(({ primary }) => primary)).size], [2, 1])
  })

  test('one in a form that is not supported is passed over', async () => {
    const third = Buffer.concat([
      packetBy(2, Buffer.of(3, 5, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1, 8, 0, 0, 0, 1, 1)),
    ])
    await assert.rejects(verifyDetached(document, third, [alice.ring], { now }), code('UNSUPPORTED_KEY'))
    const both = Buffer.concat([third, await detached(document, [alice])])
    assert.deepEqual(codes(await verifyDetached(document, both, [alice.ring], { now })), ['UNSUPPORTED_KEY'])
  })

  test('more than 32 are refused', async () => {
    const one = await detached(document, [alice])
    const many = Buffer.concat(Array.from({ length: 33 }, () => one))
    await assert.rejects(verifyDetached(document, many, [alice.ring], { now }), code('BAD_FRAMING'))
  })
})

describe('a detached signature', () => {
  test('is read armoured and binary, in one block or several', async () => {
    const armour = await sign({
      message: await createMessage({ binary: document }),
      signingKeys: alice.secret,
      date: at(-1),
      detached: true,
    })
    for (const signature of [await detached(document, [alice]), bytesOf(armour), bytesOf(`${armour}\n${armour}`)]) {
      assert.ok((await verifyDetached(document, signature, [alice.ring], { now })).signers.length > 0)
    }
    await assert.rejects(
      verifyDetached(document, await detached(document, [alice]), [alice.ring], { now, armoured: true }),
      code('BAD_FRAMING'),
    )
    await assert.rejects(
      verifyDetached(document, bytesOf(armour), [alice.ring], { now, armoured: false }),
      code('BAD_FRAMING'),
    )
  })

  test('may be over text, whatever its line ends', async () => {
    const made = await sign({
      message: await createMessage({ text: 'one\ntwo\n' }),
      signingKeys: alice.secret,
      date: at(-1),
      detached: true,
      format: 'binary',
    })
    for (const text of ['one\ntwo\n', 'one\r\ntwo\r\n']) {
      const { signers } = await verifyDetached(bytesOf(text), made as Uint8Array, [alice.ring], { now })
      assert.equal(signers.length, 1)
    }
  })

  const faults: Readonly<Record<string, readonly [string, (signature: Uint8Array) => Uint8Array]>> = {
    'that is empty': ['NO_SIGNATURE', () => new Uint8Array()],
    'that is a web page': ['NO_SIGNATURE', () => bytesOf('<html>')],
    'with text around it': ['BAD_FRAMING', () => bytesOf('x\n-----BEGIN PGP SIGNATURE-----\n')],
    'that is cut off': ['BAD_FRAMING', (signature) => signature.subarray(0, -1)],
    'with a packet of another kind': [
      'BAD_FRAMING',
      (signature) => Buffer.concat([signature, packetBy(11, Buffer.of(98, 0, 0, 0, 0, 0))]),
    ],
    'whose inside is broken': ['BAD_FRAMING', () => packetBy(2, Buffer.of(4, 0, 22, 10, 0, 0, 0, 0))],
    'with a flipped bit in its numbers': ['BAD_SIGNATURE', (signature) => flip(signature, signature.length - 3)],
    'over 1 MiB': ['TOO_LARGE', () => new Uint8Array(1024 * 1024 + 1)],
    'that certifies a key': [
      'UNSUPPORTED_KEY',
      () => packetBy(2, alice.public.users[0]?.selfCertifications[0]?.write() ?? Buffer.of()),
    ],
  }
  for (const [name, [expected, edit]] of Object.entries(faults)) {
    test(`${name} is refused`, async () => {
      const signature = edit(await detached(document, [alice]))
      await assert.rejects(verifyDetached(document, signature, [alice.ring], { now }), code(expected))
    })
  }

  test('by an unknown key names the key', async () => {
    const keyId = bob.public.getKeyID().toHex().toUpperCase()
    await assert.rejects(verifyDetached(document, await detached(document, [bob]), [alice.ring], { now }), (error) => {
      return code('UNKNOWN_KEY')(error) && error instanceof Error && error.message.includes(keyId)
    })
  })

  test('from the future is refused, a day being let pass for clocks', async () => {
    await verifyDetached(document, await detached(document, [alice], at(0.9)), [alice.ring], { now })
    const early = await detached(document, [alice], at(2))
    await assert.rejects(verifyDetached(document, early, [alice.ring], { now }), code('NOT_YET_VALID'))
  })

  for (const [name, hashAlgorithm] of Object.entries({ md5: 1, sha1: 2, ripemd160: 3 })) {
    test(`made with ${name} is refused, and passed over beside a good one`, async () => {
      const rsa = await key({ type: 'rsa', rsaBits: 2048 })
      const weak = await signature(rsa, enums.signature.binary, await literal(document), { hashAlgorithm })
      await assert.rejects(verifyDetached(document, weak, [rsa.ring], { now }), code('UNSUPPORTED_KEY'))
      const both = Buffer.concat([weak, await detached(document, [rsa])])
      assert.deepEqual(codes(await verifyDetached(document, both, [rsa.ring], { now })), ['UNSUPPORTED_KEY'])
    })
  }

  test('that has itself expired is refused', async () => {
    const properties = { signatureNeverExpires: false, signatureExpirationTime: 60 }
    const short = await signature(alice, enums.signature.binary, await literal(document), properties)
    await assert.rejects(verifyDetached(document, short, [alice.ring], { now }), code('EXPIRED_KEY'))
  })

  test('with a critical notation is refused', async () => {
    const rawNotations = [{ name: 'a@example.org', value: bytesOf('x'), humanReadable: true, critical: true }]
    const made = await signature(alice, enums.signature.binary, await literal(document), { rawNotations })
    await assert.rejects(verifyDetached(document, made, [alice.ring], { now }), code('UNSUPPORTED_KEY'))
  })
})

function flip(bytes: Uint8Array, index: number): Uint8Array {
  const changed = bytes.slice()
  changed[index] = (changed[index] ?? 0) ^ 1
  return changed
}
