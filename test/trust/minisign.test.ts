// Signatures that minisign 0.11 made, in both of its forms.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { MirrorError } from '../../src/errors.ts'
import { isMinisignKey, isMinisignSignature, parseMinisign, verifyMinisign } from '../../src/trust/minisign.ts'

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/trust/minisign/${name}`, import.meta.url))
const key = fixture('kit.pub')
const file = fixture('kit.txt')
const bare = Buffer.from(`${key.toString().split('\n')[1]}\n`)

async function* pieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 2) yield bytes.subarray(at, at + 2)
}
const verify = (signature: Uint8Array, bytes: Uint8Array = file, keys: readonly Uint8Array[] = [key]) =>
  verifyMinisign(signature, keys, bytes.length, () => pieces(bytes))
const refused = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'good'
  } catch (error) {
    return error instanceof MirrorError ? error.code : String(error)
  }
}
/** With one character of a line replaced. */
const changed = (signature: Buffer, line: number, at: number): Buffer => {
  const lines = signature.toString().split('\n')
  const text = lines[line] ?? ''
  lines[line] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
  return Buffer.from(lines.join('\n'))
}

describe('minisign', () => {
  const comments = { 'prehashed.minisig': 'kit 1.0', 'legacy.minisig': 'kit 1.0 legacy' }
  for (const [name, comment] of Object.entries(comments)) {
    const signature = fixture(name)

    it(`${name} is good`, async () => {
      assert.deepEqual(await verify(signature), { key: 'C488ECD012D12405', comment })
      assert.deepEqual(await verify(signature, file, [bare]), { key: 'C488ECD012D12405', comment })
    })

    it(`${name} does not fit other bytes`, async () => {
      assert.equal(await refused(verify(signature, Buffer.from('hellp\n'))), 'BAD_SIGNATURE')
    })

    it(`${name} with anything signed changed is refused`, async () => {
      assert.equal(await refused(verify(changed(signature, 1, 40))), 'BAD_SIGNATURE')
      assert.equal(await refused(verify(changed(signature, 2, 20))), 'BAD_SIGNATURE')
      assert.equal(await refused(verify(changed(signature, 3, 40))), 'BAD_SIGNATURE')
      assert.equal(await refused(verify(changed(signature, 1, 5))), 'UNKNOWN_KEY')
    })
  }

  it('is refused when it is malformed', async () => {
    const lines = fixture('prehashed.minisig').toString().split('\n')
    const rows: readonly (readonly [text: string, code: string])[] = [
      ['', 'NO_SIGNATURE'],
      ['-----BEGIN PGP SIGNATURE-----', 'NO_SIGNATURE'],
      [lines.slice(0, 2).join('\n'), 'BAD_FRAMING'],
      [[...lines.slice(0, 4), 'more'].join('\n'), 'BAD_FRAMING'],
      [lines.map((line) => line.replace('RUQ', 'RVQ')).join('\n'), 'BAD_FRAMING'],
      [`${lines.join('\n')}${'x'.repeat(20_000)}`, 'BAD_FRAMING'],
    ]
    for (const [text, code] of rows) assert.equal(await refused(verify(Buffer.from(text))), code, text.slice(0, 60))
  })

  it('is told from OpenPGP by its bytes', () => {
    assert.deepEqual([key, bare, Buffer.from('RW'), fixture('legacy.minisig')].map(isMinisignKey), [
      true,
      true,
      false,
      false,
    ])
    assert.deepEqual([fixture('legacy.minisig'), key].map(isMinisignSignature), [true, true])
    assert.equal(parseMinisign(fixture('prehashed.minisig')).prehashed, true)
  })

  it('wants large files prehashed', async () => {
    const large = verifyMinisign(fixture('legacy.minisig'), [key], 2 ** 30, () => pieces(file))
    assert.equal(await refused(large), 'TOO_LARGE')
  })
})
