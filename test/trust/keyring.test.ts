import assert from 'node:assert/strict'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readKeyring } from '../../src/trust/certificates.ts'
import { loadKeyring, loadKeyrings, shippedKeyring, shippedKeyrings } from '../../src/trust/keyring.ts'
import { bytesOf, code, key } from './builders.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyring-'))
})
after(() => rm(folder, { recursive: true }))

const write = async (name: string, bytes: Uint8Array): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, bytes)
  return file
}

describe('a keyring file', () => {
  test('is loaded when its form fits its name', async () => {
    const one = await key()
    const armour = bytesOf(one.public.armor())
    for (const [name, bytes] of [
      ['a.gpg', one.ring],
      ['a.asc', armour],
      ['a.pgp', one.ring],
      ['a.key', armour],
    ] as const) {
      assert.deepEqual(Buffer.from(await loadKeyring(await write(name, bytes))), Buffer.from(bytes))
    }
  })

  test('may be a keys document of a registry', async () => {
    assert.equal((await loadKeyring(await write('keys.json', bytesOf('{"keys":[]}')))).length, 11)
  })

  test('is refused when its form does not fit its name, with the name that would', async () => {
    const one = await key()
    const armour = bytesOf(one.public.armor())
    for (const [name, bytes, hint] of [
      ['b.asc', one.ring, /b\.gpg/],
      ['b.gpg', armour, /b\.asc/],
    ] as const) {
      await assert.rejects(loadKeyring(await write(name, bytes)), { code: 'CONFIG', hint })
    }
  })

  test('is refused when it is a GnuPG keybox, with the command that exports it', async () => {
    const keybox = Buffer.alloc(64)
    keybox.write('KBXf', 8)
    await assert.rejects(loadKeyring(await write('c.gpg', keybox)), { code: 'CONFIG', hint: /gpg .*--export/ })
  })

  test('is refused when it holds no key, or is not there', async () => {
    await assert.rejects(loadKeyring(await write('d.gpg', bytesOf('hello'))), code('CONFIG'))
    await assert.rejects(loadKeyring(join(folder, 'none.gpg')), code('CONFIG'))
  })
})

describe('a keyring name', () => {
  test('loads what is shipped under it', async () => {
    assert.deepEqual(await loadKeyring('debian-archive'), await shippedKeyring('debian-archive'))
    assert.ok(shippedKeyrings().includes('debian-archive'))
  })

  test('that is not shipped is refused with the names that are', async () => {
    for (const name of ['none', '../package', 'debian-archive.gpg', 'relative/file.gpg']) {
      await assert.rejects(loadKeyring(name), { code: 'CONFIG', hint: /debian-archive, / })
    }
    assert.equal(await shippedKeyring('../package'), undefined)
  })
})

describe('the keyrings of a repository', () => {
  const root = '{ "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1" }'
  const texts = async (configured: readonly string[], name?: string) =>
    (await loadKeyrings(configured, name)).map((bytes) => Buffer.from(bytes).toString())

  test('are those that are configured', async () => {
    const keys = await write('own.json', bytesOf('{"keys":[]}'))
    assert.deepEqual(await texts([keys]), ['{"keys":[]}'])
    assert.deepEqual(await texts([keys], 'npm-registry'), ['{"keys":[]}'])
  })

  test('are the named one where none of its kind is configured', async () => {
    const keys = await write('own.json', bytesOf('{"keys":[]}'))
    const shipped = Buffer.from((await shippedKeyring('sigstore')) ?? '').toString()
    assert.deepEqual(await texts([], 'sigstore'), [shipped])
    assert.deepEqual(await texts([keys], 'sigstore'), [shipped])
    assert.deepEqual(await texts([keys, await write('root.json', bytesOf(root))], 'sigstore'), [root])
  })

  test('are none without a name and a configuration', async () => {
    assert.deepEqual(await texts([]), [])
  })
})

interface Row {
  readonly fingerprint: string
  readonly owner: string
  readonly expires: string
}
const dayOf = (time: unknown): string =>
  time instanceof Date ? time.toISOString().slice(0, 10) : time === Number.POSITIVE_INFINITY ? 'never' : 'invalid'

interface Validity {
  readonly validFor: { readonly end?: string }
}
interface Log {
  readonly baseUrl: string
  readonly publicKey: Validity & { readonly rawBytes: string }
}
interface Authority extends Validity {
  readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] }
}
interface Root {
  readonly tlogs: readonly Log[]
  readonly ctlogs: readonly Log[]
  readonly certificateAuthorities: readonly Authority[]
  readonly timestampAuthorities: readonly Authority[]
}

function rootRows({ tlogs, ctlogs, certificateAuthorities, timestampAuthorities }: Root): readonly Row[] {
  const row = (raw: string, owner: string, { validFor }: Validity): Row => ({
    fingerprint: createHash('sha256').update(Buffer.from(raw, 'base64')).digest('hex'),
    owner,
    expires: validFor.end?.slice(0, 10) ?? 'never',
  })
  const logs = (all: readonly Log[], kind: string) =>
    all.map(({ baseUrl, publicKey }) => row(publicKey.rawBytes, `${kind} ${baseUrl}`, publicKey))
  const chains = (all: readonly Authority[], kind: string) =>
    all.flatMap((authority) =>
      authority.certChain.certificates.map(({ rawBytes }) => {
        const { subject } = new X509Certificate(Buffer.from(rawBytes, 'base64'))
        return row(rawBytes, `${kind} ${/^CN=(.*)$/m.exec(subject)?.[1]}`, authority)
      }),
    )
  return [
    ...logs(tlogs, 'signature log'),
    ...chains(certificateAuthorities, 'certificate authority'),
    ...logs(ctlogs, 'certificate log'),
    ...chains(timestampAuthorities, 'time stamp authority'),
  ]
}

/** What a shipped file really holds. */
async function rows(name: string): Promise<readonly Row[]> {
  const bytes = (await shippedKeyring(name)) ?? Buffer.of()
  if (name === 'npm-registry') {
    const { keys } = JSON.parse(Buffer.from(bytes).toString()) as {
      keys: { keyid: string; key: string; expires: string | null }[]
    }
    return keys.map(({ keyid, key, expires }) => {
      createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
      return { fingerprint: keyid, owner: 'npm registry', expires: expires?.slice(0, 10) ?? 'never' }
    })
  }
  if (name === 'sigstore') return rootRows(JSON.parse(Buffer.from(bytes).toString()))
  const found: Row[] = []
  for (const { fingerprints, userIds, key } of readKeyring(bytes).certificates) {
    const parsed = await key()
    const expires = dayOf(await parsed.getExpirationTime())
    found.push({ fingerprint: fingerprints[0] ?? '', owner: userIds.join(', '), expires })
    for (const subkey of parsed.subkeys) {
      const fingerprint = subkey.getFingerprint().toUpperCase()
      found.push({ fingerprint, owner: 'subkey of the one above', expires: dayOf(await subkey.getExpirationTime()) })
    }
  }
  return found
}

describe('docs/keyrings.md', () => {
  for (const name of shippedKeyrings()) {
    test(`lists every key of ${name}, and no other`, async () => {
      const text = await readFile(new URL('../../docs/keyrings.md', import.meta.url), 'utf8')
      const [, after = ''] = text.split(`## ${name}\n`)
      const table = (after.split('\n## ')[0] ?? '').split('\n').filter((line) => /^\| `/.test(line))
      const held = await rows(name)
      assert.deepEqual(
        table,
        held.map(({ fingerprint, owner, expires }) => `| \`${fingerprint}\` | ${owner} | ${expires} |`),
      )
      assert.ok(held.length > 0)
    })
  }
})
