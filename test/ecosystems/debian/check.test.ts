import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Trust } from '../../../src/contract.ts'
import { checkInRelease, checkRelease, checkReleaseSignature } from '../../../src/ecosystems/debian/check.ts'
import { clearSigned, day, detached, docOf, makeKey, now, releaseText, repoOf, rfcDate, trustOf } from './archive.ts'

const key = await makeKey()
const stranger = await makeKey()
const files = { 'main/binary-amd64/Packages.gz': 'x' }
const text = releaseText(files)
const path = '/dists/bookworm/InRelease'

const inRelease = async (content: string, signer = key) => docOf(path, await clearSigned(content, signer))

async function release(content: string, signed = content) {
  const signature = docOf('/dists/bookworm/Release.gpg', await detached(signed, key))
  return docOf('/dists/bookworm/Release', content, [signature])
}

test('an InRelease with a good signature is proven by its primary key', async () => {
  const told = trustOf([key.public])
  await checkInRelease(await inRelease(text), repoOf(), told.trust)
  assert.deepEqual(told.proofs, [`signature by ${key.secret.getFingerprint().toUpperCase()}`])
})

test('a Release is proven by the Release.gpg beside it', async () => {
  const told = trustOf([key.public])
  await checkRelease(await release(text), repoOf(), told.trust)
  assert.equal(told.proofs.length, 1)
})

test('a real InRelease is proven by the shipped keyring', async () => {
  const bytes = readFileSync(new URL('../../fixtures/debian/bookworm-security.InRelease', import.meta.url))
  const keyring = readFileSync(new URL('../../../keyrings/debian-archive.gpg', import.meta.url))
  const told = trustOf([keyring], { now: Date.UTC(2026, 10, 20) })
  await checkInRelease(docOf('/dists/bookworm-security/InRelease', bytes), repoOf(), told.trust)
  assert.match(told.proofs[0] ?? '', /^signature by [0-9A-F]{40}$/i)
})

test('the shipped keyrings count when none is configured', async () => {
  const asked: (string | undefined)[] = []
  const keys: Trust['keys'] = async (name) => {
    asked.push(name)
    return name === undefined ? [] : [key.public]
  }
  const told = trustOf([], { keys })
  await checkInRelease(await inRelease(text), repoOf({ keyrings: ['debian-archive'] }), told.trust)
  assert.deepEqual(asked, [undefined, 'debian-archive'])
  assert.equal(told.proofs.length, 1)
})

test('without any keyring nothing is proven', async () => {
  const told = trustOf([])
  await checkInRelease(await inRelease(text), repoOf(), told.trust)
  await checkRelease(docOf('/dists/other/Release', text), repoOf(), told.trust)
  assert.deepEqual(told.proofs, [])
})

test('an unknown key is refused', async () => {
  await assert.rejects(checkInRelease(await inRelease(text, stranger), repoOf(), trustOf([key.public]).trust), {
    code: 'UNKNOWN_KEY',
  })
})

test('a changed byte is refused', async () => {
  const signed = (await clearSigned(text, key)).toString().replace('Origin: Test', 'Origin: Tess')
  await assert.rejects(checkInRelease(docOf(path, signed), repoOf(), trustOf([key.public]).trust), {
    code: 'BAD_SIGNATURE',
  })
  await assert.rejects(checkRelease(await release(text, `${text}X: y\n`), repoOf(), trustOf([key.public]).trust), {
    code: 'BAD_SIGNATURE',
  })
})

test('text around the signed message is refused', async () => {
  const signed = (await clearSigned(text, key)).toString()
  for (const content of [`Origin: Evil\n${signed}`, `${signed}Origin: Evil\n`]) {
    await assert.rejects(checkInRelease(docOf(path, content), repoOf(), trustOf([key.public]).trust), {
      code: 'BAD_FRAMING',
    })
  }
})

test('a Release without its signature is refused', async () => {
  const bare = docOf('/dists/bookworm/Release', text)
  await assert.rejects(checkRelease(bare, repoOf(), trustOf([key.public]).trust), { code: 'NO_SIGNATURE' })
})

test('a web page in place of a root is told apart', async () => {
  const page = '<!DOCTYPE html><html><body>Log in</body></html>'
  for (const check of [checkInRelease, checkRelease]) {
    await assert.rejects(check(docOf(path, page), repoOf(), trustOf([key.public]).trust), {
      code: 'UNREADABLE',
      message: /web page/,
    })
  }
  await assert.rejects(checkReleaseSignature(docOf('/Release.gpg', page)), { code: 'BAD_FRAMING' })
  await checkReleaseSignature(docOf('/Release.gpg', await detached(text, key)))
})

test('a root past its Valid-Until is handed to policy', async () => {
  const expired = await inRelease(releaseText(files, { 'Valid-Until': rfcDate(now - 1000) }))
  const told = trustOf([key.public])
  await checkInRelease(expired, repoOf(), told.trust)
  assert.deepEqual(told.warnings, ['EXPIRED'])
  const fine = trustOf([key.public])
  await checkInRelease(
    await inRelease(releaseText(files, { 'Valid-Until': rfcDate(now + 1000) })),
    repoOf(),
    fine.trust,
  )
  assert.deepEqual(fine.warnings, [])
})

test('an older root than the accepted one is a rollback, also by its other file', async () => {
  const { trust } = trustOf([key.public])
  const older = releaseText(files, { Date: rfcDate(now - 2 * day) })
  await checkInRelease(await inRelease(text), repoOf(), trust)
  await assert.rejects(checkInRelease(await inRelease(older), repoOf(), trust), { code: 'ROLLBACK' })
  await assert.rejects(checkRelease(await release(older), repoOf(), trust), { code: 'ROLLBACK' })
})

test('suites do not roll each other back', async () => {
  const { trust } = trustOf([key.public])
  await checkInRelease(await inRelease(text), repoOf(), trust)
  const older = await clearSigned(releaseText(files, { Date: rfcDate(now - 9 * day) }), key)
  await checkInRelease(docOf('/dists/bullseye/InRelease', older), repoOf(), trust)
})

test('a root that lost its Date is a rollback', async () => {
  const { trust } = trustOf([key.public])
  await checkInRelease(await inRelease(text), repoOf(), trust)
  const dateless = text.replace(/^Date: .*\n/m, '')
  await assert.rejects(checkInRelease(await inRelease(dateless), repoOf(), trust), { code: 'ROLLBACK' })
})

test('a root dated over a day ahead is refused, so that it cannot block what follows', async () => {
  const ahead = releaseText(files, { Date: rfcDate(now + day + 60_000) })
  const { trust, memory } = trustOf([key.public])
  await assert.rejects(checkInRelease(await inRelease(ahead), repoOf(), trust), { code: 'NOT_YET_VALID' })
  assert.equal(memory.size, 0)
})

test('InRelease and Release of one date must say the same', async () => {
  const { trust } = trustOf([key.public])
  await checkInRelease(await inRelease(text), repoOf(), trust)
  await checkRelease(await release(text), repoOf(), trust)
  const other = releaseText({ 'main/binary-amd64/Packages.gz': 'y' })
  await assert.rejects(checkRelease(await release(other), repoOf(), trust), { code: 'DISAGREEMENT' })
})

test('blanks at line ends, which a cleartext signature does not cover, are no difference', async () => {
  const { trust } = trustOf([key.public])
  await checkInRelease(await inRelease(text), repoOf(), trust)
  await checkRelease(await release(text.replaceAll('\n', ' \n')), repoOf(), trust)
})

test('a root with weak digests alone is refused', async () => {
  const weak = text.replace('SHA256:', 'MD5Sum:').replace(/[0-9a-f]{64}/g, 'a'.repeat(32))
  await assert.rejects(checkInRelease(await inRelease(weak), repoOf(), trustOf([key.public]).trust), {
    code: 'WEAK_DIGEST',
  })
})
