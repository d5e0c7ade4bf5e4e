// Keys and signatures that are made here, held against our own reader and against minisign itself.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { verifyMinisign } from '../../src/trust/minisign.ts'
import { createMinisignSecret, publicMinisignKey, readMinisignSecret } from '../../src/trust/minisign-secret.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'minisign-'))
after(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => path.join(folder, name)
const minisign = (...args: readonly string[]) => spawnSync('minisign', args, { cwd: folder, encoding: 'utf8' })
const without = minisign('-v').error === undefined ? false : 'minisign is not on this machine'

const text = createMinisignSecret()
const secret = readMinisignSecret(Buffer.from(text), 'mirror.key')
const message = Buffer.from('what is signed\n')

async function* bytes() {
  yield message
}
const verify = (signature: string, key: string) =>
  verifyMinisign(Buffer.from(signature), [Buffer.from(key)], message.length, bytes)

describe('a secret key of minisign', () => {
  it('makes signatures that hold, with their comment', async () => {
    const signature = secret.sign(message, 'bundle 1')
    assert.deepEqual(await verify(signature, secret.publicFile), { key: secret.id, comment: 'bundle 1' })
    assert.equal(secret.sign(message, 'bundle 1'), signature)
  })

  it('is another one each time', () => {
    assert.notEqual(readMinisignSecret(Buffer.from(createMinisignSecret()), 'x').id, secret.id)
  })

  it('is refused when it is none, is cut, or has a passphrase', () => {
    const body = Buffer.from(text.split('\n')[1] ?? '', 'base64')
    const locked = Buffer.from(body)
    locked.write('Sc', 2)
    for (const each of [
      '',
      'x\ny\n',
      `x\n${body.subarray(1).toString('base64')}\n`,
      `x\n${locked.toString('base64')}\n`,
    ])
      assert.throws(() => readMinisignSecret(Buffer.from(each), 'k'), { code: 'CONFIG' })
  })

  it('has a public key that is known by its line alone', () => {
    assert.deepEqual(publicMinisignKey(secret.publicFile.split('\n')[1] ?? ''), {
      id: secret.id,
      file: secret.publicFile,
    })
    assert.equal(publicMinisignKey('RWnonsense'), undefined)
  })
})

describe('minisign itself', { skip: without }, () => {
  it('takes our signatures, and signs with our keys', async () => {
    writeFileSync(at('own.key'), text)
    writeFileSync(at('own.pub'), secret.publicFile)
    writeFileSync(at('message'), message)
    writeFileSync(at('message.minisig'), secret.sign(message, 'bundle 1'))
    const taken = minisign('-V', '-p', 'own.pub', '-m', 'message', '-Q')
    assert.deepEqual([taken.status, taken.stdout.trim()], [0, 'bundle 1'], taken.stderr)
    const signed = minisign('-S', '-s', 'own.key', '-m', 'message', '-x', 'theirs.minisig', '-t', 'by hand')
    assert.equal(signed.status, 0, signed.stderr)
    const found = await verify(readFileSync(at('theirs.minisig'), 'utf8'), secret.publicFile)
    assert.deepEqual(found, { key: secret.id, comment: 'by hand' })
  })

  it('makes keys that sign here', async () => {
    assert.equal(minisign('-G', '-W', '-p', 'made.pub', '-s', 'made.key').status, 0)
    const made = readMinisignSecret(readFileSync(at('made.key')), at('made.key'))
    writeFileSync(at('second'), message)
    writeFileSync(at('second.minisig'), made.sign(message, 'by ours'))
    assert.equal(minisign('-V', '-p', 'made.pub', '-m', 'second').status, 0)
    assert.equal((await verify(made.sign(message, ''), readFileSync(at('made.pub'), 'utf8'))).key, made.id)
  })
})
