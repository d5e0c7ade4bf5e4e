// Signatures of publishers, through a mirror of a small upstream.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { maven } from '../../../src/ecosystems/maven/index.ts'
import { openTestMirror, type TestMirrorOptions } from '../../builders/mirror.ts'
import { bytesOf, startUpstream } from '../../fakes/upstream.ts'
import { key, type Pair } from '../../trust/builders.ts'
import { digest, path, pom, signature } from './repository.ts'

const jar = path('kit:1.0', '.jar')
const publisher = await key()
const stranger = await key()

interface Given {
  readonly body?: Uint8Array
  readonly signed?: Uint8Array
  readonly by?: Pair
  readonly asc?: string
  readonly keyring?: 'of the repository' | 'of the group' | 'none'
  readonly options?: Readonly<Record<string, unknown>>
  readonly policy?: TestMirrorOptions['policy']
}

async function mirror(t: TestContext, given: Given) {
  const { body = Buffer.from('the files'), signed = body, by, asc, keyring = 'of the repository', options = {} } = given
  const up = await startUpstream()
  const folder = mkdtempSync(join(tmpdir(), 'keys-'))
  const ring = join(folder, 'publisher.asc')
  writeFileSync(ring, publisher.public.armor())
  const put = (at: string, content: string | Uint8Array) => {
    up.set(at, { body: content })
    up.set(`${at}.sha1`, { body: digest('sha1', content) })
  }
  put(jar, body)
  put(path('kit:1.0'), pom('kit:1.0'))
  const written = asc ?? (by === undefined ? undefined : await signature(signed, by))
  if (written !== undefined) up.set(`${jar}.asc`, { body: written })
  const one = await openTestMirror({
    repositories: [
      {
        ecosystem: 'maven',
        upstreams: [up.url],
        keyrings: keyring === 'of the repository' ? [ring] : [],
        options: { ...(keyring === 'of the group' ? { keys: { 'org.example.*': [ring] } } : {}), ...options },
      },
    ],
    ecosystems: [maven],
    ...(given.policy === undefined ? {} : { policy: given.policy }),
  })
  t.after(async () => {
    await one.close()
    await up.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { up, one }
}

const proofOf = ({ one }: Awaited<ReturnType<typeof mirror>>) => one.mirror.catalog.refs.get('maven', jar, '', 0)

describe('a file with a signature', () => {
  it('is proven by it', async (t) => {
    const at = await mirror(t, { by: publisher })
    await at.one.get(jar)
    await at.one.mirror.flights.idle()
    assert.equal(proofOf(at)?.proof, 'signature')
    assert.match(proofOf(at)?.proven ?? '', new RegExp(publisher.public.getFingerprint().toUpperCase()))
  })

  it('is proven by it whatever its size', async (t) => {
    const body = bytesOf(5 * 1024 * 1024)
    const at = await mirror(t, { body, by: publisher })
    await at.one.get(jar)
    await at.one.mirror.flights.idle()
    assert.equal(proofOf(at)?.proof, 'signature')
    const other = await mirror(t, { body, signed: body.subarray(1), by: publisher })
    assert.equal((await other.one.failure(jar)).code, 'BAD_SIGNATURE')
  })

  it('is refused when a known key signed something else, though the checksums fit', async (t) => {
    const at = await mirror(t, { signed: Buffer.from('other files'), by: publisher })
    assert.equal((await at.one.failure(jar)).code, 'BAD_SIGNATURE')
    assert.equal(proofOf(at), undefined)
  })

  it('of a stranger is as good as none', async (t) => {
    const at = await mirror(t, { by: stranger })
    await at.one.get(jar)
    await at.one.mirror.flights.idle()
    assert.equal(proofOf(at)?.proof, 'digest')
    const needed = await mirror(t, { by: stranger, options: { signatures: 'required' } })
    assert.equal((await needed.one.failure(jar)).code, 'UNKNOWN_KEY')
  })

  it('is refused when a page stands in place of the signature', async (t) => {
    const at = await mirror(t, { asc: '<html>sign in</html>' })
    assert.equal((await at.one.failure(jar)).code, 'BAD_FRAMING')
  })

  it('is not asked for without keys, and not with `off`', async (t) => {
    for (const given of [{ keyring: 'none' }, { options: { signatures: 'off' } }] as const) {
      const at = await mirror(t, { by: publisher, ...given })
      await at.one.get(jar)
      assert.equal(at.up.count(`${jar}.asc`), 0)
    }
  })
})

describe('a file without a signature', () => {
  it('is served, unless one is required or its group has keys', async (t) => {
    assert.equal((await (await mirror(t, {})).one.get(jar)).text, 'the files')
    assert.equal(
      (await (await mirror(t, { options: { signatures: 'required' } })).one.failure(jar)).code,
      'NO_SIGNATURE',
    )
    assert.equal((await (await mirror(t, { keyring: 'of the group' })).one.failure(jar)).code, 'NO_SIGNATURE')
    const signed = await mirror(t, { keyring: 'of the group', by: publisher })
    assert.equal((await signed.one.get(jar)).text, 'the files')
  })

  it('is refused by a policy that requires signatures, while lists and checksums are not', async (t) => {
    const unsigned = await mirror(t, { policy: { require: 'signature' } })
    assert.equal((await unsigned.one.failure(jar)).code, 'REQUIREMENT')
    const signed = await mirror(t, { policy: { require: 'signature' }, by: publisher })
    assert.equal((await signed.one.get(jar)).text, 'the files')
    assert.equal((await signed.one.get(`${jar}.sha1`)).text, digest('sha1', 'the files'))
  })
})
