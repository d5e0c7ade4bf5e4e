import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Entry } from '../../../src/contract.ts'
import { readKeys } from '../../../src/ecosystems/npm/signatures.ts'
import { MirrorError } from '../../../src/errors.ts'
import { distOf, find, fixture, makeDoc, makeKey, makeRepo, makeTrust, packument, read } from './builders.ts'

const { integrity } = distOf('a', '1.0.0')
const key = makeKey('ours')
const signed = key.sign(`a@1.0.0:${integrity}`)

async function said(signatures: unknown, time?: string): Promise<Entry> {
  const others = time === undefined ? {} : { time: { '1.0.0': time } }
  const [entry] = await read(makeDoc('/a', packument('a', { '1.0.0': { dist: { signatures } } }, others)))
  return entry as Entry
}

/** The proofs that the check of a tarball finds. */
async function check(
  entry: Entry,
  signatures: 'when-present' | 'required' | 'off',
  keys: readonly Uint8Array[] = [key.document],
) {
  const { route, p } = find(entry.path)
  const { trust, proofs } = makeTrust(keys)
  await route.check?.(makeDoc(entry.path, 'bytes'), p, makeRepo({ signatures }), trust, entry)
  return proofs
}
const refuses = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof MirrorError && error.code === code)

describe('the signature of a tarball', () => {
  it('is proof when a pinned key made it', async () => {
    assert.deepEqual(await check(await said([signed]), 'when-present'), ['signature by ours'])
    assert.deepEqual(await check(await said([makeKey('other').sign('x'), signed]), 'required'), ['signature by ours'])
  })

  it('is proof in the recorded packument, for every version that has one', async () => {
    const entries = await read(makeDoc('/@acme/kit', fixture('kit')))
    const proofs = await Promise.all(entries.map((entry) => check(entry, 'when-present', [fixture('keys')])))
    assert.deepEqual(
      proofs.map((found) => found.length),
      [0, 0, 1, 1, 1, 1],
    )
  })

  it('is refused when a pinned key does not fit, however lax the repository', async () => {
    for (const text of [`b@1.0.0:${integrity}`, `a@1.0.1:${integrity}`, 'a@1.0.0:sha512-x']) {
      await refuses(check(await said([key.sign(text)]), 'when-present'), 'BAD_SIGNATURE')
    }
    await refuses(check(await said([{ keyid: 'ours', sig: 'AAAA' }]), 'when-present'), 'BAD_SIGNATURE')
  })

  it('proves nothing by a key that is not pinned, and is refused where signatures are required', async () => {
    const entry = await said([makeKey('theirs').sign(`a@1.0.0:${integrity}`)])
    assert.deepEqual(await check(entry, 'when-present'), [])
    await refuses(check(entry, 'required'), 'UNKNOWN_KEY')
  })

  it('may be missing unless it is required', async () => {
    for (const none of [undefined, [], 'x', [{ keyid: 'ours' }]]) {
      assert.deepEqual(await check(await said(none), 'when-present'), [])
      await refuses(check(await said(none), 'required'), 'NO_SIGNATURE')
    }
  })

  it('is not looked at when switched off', async () => {
    assert.deepEqual(await check(await said([key.sign('x')]), 'off'), [])
  })

  it('proves nothing after its key has ended', async () => {
    const ended = makeKey('ended', '2025-01-29T00:00:00.000Z')
    const sig = ended.sign(`a@1.0.0:${integrity}`)
    const keys = [ended.document]
    assert.deepEqual(await check(await said([sig], '2025-01-28T00:00:00Z'), 'required', keys), ['signature by ended'])
    assert.deepEqual(await check(await said([sig]), 'required', keys), ['signature by ended'])
    for (const late of ['2025-01-29T00:00:00Z', 'whenever']) {
      assert.deepEqual(await check(await said([sig], late), 'when-present', keys), [])
      await refuses(check(await said([sig], late), 'required', keys), 'EXPIRED_KEY')
    }
  })

  it('counts a key whose end cannot be read as ended', () => {
    const [read] = readKeys(makeKey('odd', 'some day').document, { path: '/keys' })
    assert.equal(read?.expires, 0)
  })
})

describe('the keys of a registry', () => {
  const { route, p } = find('/-/npm/v1/keys')
  const check = (content: Uint8Array | string | object) =>
    route.check?.(makeDoc('/-/npm/v1/keys', content), p, makeRepo(), makeTrust([]).trust, {})

  it('are passed on when they are keys, and refused when they are not', async () => {
    await check(fixture('keys'))
    for (const wrong of ['<html>', {}, { keys: [{}] }, { keys: [{ keyid: 'x', key: 1 }] }]) {
      await refuses(Promise.resolve(check(wrong)), 'UNREADABLE')
    }
  })
})
