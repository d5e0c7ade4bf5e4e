// Our verdicts beside those of gpgv and of apt. Times lie in the past, because gpgv knows only today's.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createMessage, enums, reformatKey, revokeKey, sign } from 'openpgp'
import { shippedKeyring } from '../../src/trust/keyring.ts'
import { verifyCleartext, verifyDetached } from '../../src/trust/openpgp.ts'
import {
  at,
  bytesOf,
  clear,
  day,
  detached,
  fixture,
  key,
  literal,
  now,
  pair,
  release,
  signature,
  signatureBlock,
} from './builders.ts'

const method = '/usr/lib/apt/methods/gpgv'
const gpgv = spawnSync('gpgv', ['--version']).status === 0 ? false : 'gpgv is not installed'
const apt = gpgv === false && existsSync(method) ? false : 'apt is not installed'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpgv-'))
})
after(() => rm(folder, { recursive: true }))

const write = async (name: string, bytes: Uint8Array): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, bytes)
  return file
}

/** The status lines of gpgv without their prefix, split at blanks. */
async function askGpgv(ring: Uint8Array, ...files: readonly Uint8Array[]): Promise<readonly (readonly string[])[]> {
  const names = await Promise.all(files.map((bytes, index) => write(`file${index}`, bytes)))
  const keyring = await write('ring.gpg', ring)
  const { stdout } = spawnSync('gpgv', ['--status-fd', '1', '--keyring', keyring, '--', ...names], {
    env: { GNUPGHOME: folder, PATH: process.env.PATH },
    encoding: 'utf8',
  })
  const statuses = stdout.split('\n').filter((line) => line.startsWith('[GNUPG:] '))
  return statuses.map((line) => line.split(' ').slice(1))
}

/** apt's rules over gpgv's words: exit codes and VALIDSIG alone would accept revoked and expired keys. */
const accepts = (statuses: readonly (readonly string[])[]): boolean =>
  statuses.some(([word]) => word === 'GOODSIG') && !statuses.some(([word]) => word === 'BADSIG')

const ours = (verdict: Promise<unknown>): Promise<boolean> =>
  verdict.then(
    () => true,
    () => false,
  )

const document = bytesOf('one\ntwo  \nthree\n')

type Case = () => Promise<readonly [ring: Uint8Array, signature: Uint8Array]>
const cases: Readonly<Record<string, Case>> = {
  'a good signature': async () => {
    const one = await key()
    return [one.ring, await detached(document, [one])]
  },
  'a signature over another document': async () => {
    const one = await key()
    return [one.ring, await detached(bytesOf('other'), [one])]
  },
  'an unknown key': async () => [(await key()).ring, await detached(document, [await key()])],
  'a known key beside an unknown one': async () => {
    const one = await key()
    return [one.ring, await detached(document, [await key(), one])]
  },
  'a bad signature beside a good one': async () => {
    const [one, two] = [await key(), await key()]
    const both = Buffer.concat([await detached(document, [one]), await detached(bytesOf('other'), [two])])
    return [Buffer.concat([one.ring, two.ring]), both]
  },
  'a signing subkey': async () => {
    const one = await key({ subkeys: [{ sign: true }] })
    return [one.ring, await detached(document, [one])]
  },
  'an expired key': async () => {
    const one = await key({ keyExpirationTime: (50 * day) / 1000 })
    return [one.ring, await detached(document, [one], at(-60))]
  },
  'a key that was extended after it signed': async () => {
    const one = await key({ keyExpirationTime: (50 * day) / 1000 })
    const options = { privateKey: one.secret, userIDs: { name: 'x' }, date: at(-10), format: 'object' } as const
    return [pair((await reformatKey(options)).privateKey).ring, await detached(document, [one], at(-60))]
  },
  'a key revoked as superseded': async () => {
    const one = await key()
    const reasonForRevocation = { flag: enums.reasonForRevocation.keySuperseded }
    const { privateKey } = await revokeKey({ key: one.secret, reasonForRevocation, date: at(-1), format: 'object' })
    return [pair(privateKey).ring, await detached(document, [one], at(-50))]
  },
  'a revoked subkey': async () => {
    const one = await key({ subkeys: [{ sign: true }] })
    const data = { key: one.public.keyPacket, bind: one.public.subkeys[0]?.keyPacket }
    const revocation = await signature(one, enums.signature.subkeyRevocation, data, { reasonForRevocationFlag: 1 })
    return [Buffer.concat([one.ring, revocation]), await detached(document, [one], at(-50))]
  },
  'a signature older than its key': async () => {
    const one = await key()
    return [one.ring, await signature(one, enums.signature.binary, await literal(document), {}, at(-200))]
  },
  'a signature that has expired': async () => {
    const one = await key()
    const properties = { signatureNeverExpires: false, signatureExpirationTime: 60 }
    return [one.ring, await signature(one, enums.signature.binary, await literal(document), properties)]
  },
  'a text signature': async () => {
    const one = await key()
    const message = await createMessage({ text: 'one\ntwo  \nthree\n' })
    const options = { message, signingKeys: one.secret, date: at(-1), detached: true, format: 'binary' } as const
    return [one.ring, (await sign(options)) as Uint8Array]
  },
}

describe('detached signatures are judged as gpgv judges them:', { skip: gpgv }, () => {
  for (const [name, build] of Object.entries(cases)) {
    test(name, async () => {
      const [ring, made] = await build()
      const theirs = accepts(await askGpgv(ring, made, document))
      assert.equal(await ours(verifyDetached(document, made, [ring], { now })), theirs)
    })
  }
})

const framings: Readonly<Record<string, (file: string) => string>> = {
  'as it is': (file) => file,
  'text before': (file) => `x\n${file}`,
  'an empty line before': (file) => `\n${file}`,
  'a byte order mark': (file) => `\ufeff${file}`,
  'text behind': (file) => `${file}x\n`,
  'an empty line behind': (file) => `${file}\n`,
  'a blank line behind': (file) => `${file}  \n`,
  'CRLF line ends': (file) => file.replaceAll('\n', '\r\n'),
  'blanks at a line end': (file) => file.replace('Origin: Test', 'Origin: Test \t'),
  'blanks behind the BEGIN line': (file) => file.replace('MESSAGE-----', 'MESSAGE-----  '),
  'blanks in the empty line': (file) => file.replace('\n\n', '\n  \n'),
  'a form feed at a line end': (file) => file.replace('Origin: Test', 'Origin: Test\f'),
  'two carriage returns at a line end': (file) => file.replace('Test\n', 'Test\r\r\n'),
  'a carriage return in a line': (file) => file.replace('Origin: ', 'Origin: \r'),
  'no final line end': (file) => file.slice(0, -1),
  'another hash in the header': (file) => file.replace('SHA512', 'SHA256'),
  'two hashes in the header': (file) => file.replace('SHA512', 'SHA256, SHA512'),
  'two Hash headers': (file) => file.replace('Hash', 'Hash: SHA256\nHash'),
  'no Hash header': (file) => file.replace('Hash: SHA512\n', ''),
  'a dash line': (file) => file.replace('Suite', '-x\nSuite'),
  'an escaped line that need not be': (file) => file.replace('Suite', '- Suite'),
  'an empty line more at the front': (file) => file.replace('\n\n', '\n\n\n'),
  'an empty line more at the end': (file) => file.replace('-----BEGIN PGP SIG', '\n-----BEGIN PGP SIG'),
  'a comment in the signature': (file) => file.replace('SIGNATURE-----\n', 'SIGNATURE-----\nComment: x\n'),
  'two signature blocks': (file) => file + signatureBlock(file),
  'text between signature blocks': (file) => `${file}x\n${signatureBlock(file)}`,
  'an empty line between signature blocks': (file) => `${file}\n${signatureBlock(file)}`,
  'no END line': (file) => file.replace('-----END PGP SIGNATURE-----\n', ''),
  'no signature': (file) => file.replace(signatureBlock(file), ''),
  'a second message': (file) => file + file,
  'a wrong checksum': (file) => file.replace(/\n=.*\n/, '\n=AAAA\n'),
  'no checksum': (file) => file.replace(/\n=.*\n/, '\n'),
  'another text': (file) => file.replace('stable', 'stabel'),
}

function askApt(ring: string, file: string): boolean {
  const settings = 'Config-Item: APT::Sandbox::User=root'
  const request = `600 URI Acquire\nURI: gpgv:${file}\nFilename: ${file}\nSigned-By: ${ring}`
  const input = `601 Configuration\n${settings}\n\n${request}\n\n`
  const { stdout } = spawnSync(method, { input, encoding: 'utf8', env: { HOME: folder, PATH: process.env.PATH } })
  assert.match(stdout, /^(201|400) URI/m)
  return /^201 URI Done/m.test(stdout)
}

describe('clear-signed files are judged as apt judges them:', { skip: apt }, () => {
  for (const [name, edit] of Object.entries(framings)) {
    test(name, async () => {
      const one = await key()
      const bytes = bytesOf(edit(await clear(release, [one])))
      const theirs = askApt(await write('apt.gpg', one.ring), await write('InRelease', bytes))
      assert.equal(await ours(verifyCleartext(bytes, [one.ring], { now })), theirs)
    })
  }
})

describe('a recorded InRelease of Debian', () => {
  const recorded = Date.UTC(2026, 10, 20)

  test('is proven by the shipped keys', async () => {
    const [file, ring] = [await fixture('trixie-security.InRelease'), await shippedKeyring('debian-archive')]
    const { text, signers } = await verifyCleartext(file, [ring ?? Buffer.of()], { now: recorded })
    assert.match(text, /^Origin: Debian\nLabel: Debian-Security\n/)
    assert.equal(signers.length, 2)
  })

  test('is not, with one bit flipped anywhere', async () => {
    const [file, ring] = [await fixture('trixie-security.InRelease'), await shippedKeyring('debian-archive')]
    for (let index = 5; index < file.length; index += 3001) {
      const changed = file.slice()
      changed[index] = (changed[index] ?? 0) ^ 1
      assert.equal(
        await ours(verifyCleartext(changed, [ring ?? Buffer.of()], { now: recorded })),
        false,
        `byte ${index}`,
      )
    }
  })

  test('is proven by the same keys for gpgv', { skip: gpgv }, async () => {
    const [file, ring] = [await fixture('trixie-security.InRelease'), await shippedKeyring('debian-archive')]
    const { signers } = await verifyCleartext(file, [ring ?? Buffer.of()], { now: recorded })
    const valid = (await askGpgv(ring ?? Buffer.of(), file)).filter(([word]) => word === 'VALIDSIG')
    assert.deepEqual(
      signers.map(({ fingerprint, primary }) => [fingerprint, primary]),
      valid.map((fields) => [fields[1], fields.at(-1)]),
    )
  })
})
