import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { go } from '../../src/ecosystems/go/index.ts'
import { MirrorError } from '../../src/errors.ts'
import { openNote, parseNoteKey } from '../../src/trust/signed-note.ts'
import { createSumdb } from '../replica/sumdb.ts'

const log = createSumdb()
const key = parseNoteKey(log.key)
const open = (text: string, keys = [key]) => openNote(Buffer.from(text), keys, 'the note')
const code = (work: () => unknown): string => {
  try {
    work()
    return 'OK'
  } catch (error) {
    assert.ok(error instanceof MirrorError)
    return error.code
  }
}

// https://pkg.go.dev/golang.org/x/mod/sumdb/note#example-Open, the example of the package that defines the format
const example = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note: [
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
    '\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
    '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n',
  ],
}

describe('a signed note', () => {
  test('is opened by one of the keys that signed it', () => {
    const neumann = parseNoteKey(example.key)
    const { text, signers } = open(example.note.join(''), [neumann, key])
    assert.equal(text, example.note[0])
    assert.deepEqual(signers, [neumann])
  })

  test('of the public database fits the key that the go command has', () => {
    const [builtIn] = go.repos
    assert.equal(builtIn?.name, 'go')
    const note =
      'go.sum database tree\n72525630\nlCeWXl//f2IAQIyqY7xCLe3ExAMUBjN57RXnyKOhjr0=\n\n' +
      '— sum.LOG Az3grrPcY4sCw2jcC2FKd0xANejIToEqtTYNak0SAO1iN05rpUvxHXsZG7dHqMyImg74tVfBxOUEBrO0/1SCFLcGLg8=\n'
    const [host = ''] = builtIn.hosts ?? []
    const [database] = v.parse(go.options, {}).sumdb
    assert.equal(database?.name, host)
    assert.equal(open(note.replace('sum.LOG', host), [parseNoteKey(database?.key ?? '')]).signers.length, 1)
  })

  test('that was changed, or that somebody else signed, is refused', () => {
    const good = log.note('one\n')
    assert.equal(
      code(() => open(good)),
      'OK',
    )
    assert.equal(
      code(() => open(good.replace('one', 'two'))),
      'BAD_SIGNATURE',
    )
    assert.equal(
      code(() => open(good, [parseNoteKey(createSumdb().key)])),
      'NO_SIGNATURE',
    )
    assert.equal(
      code(() => open(good, [])),
      'NO_SIGNATURE',
    )
    const [, signature = ''] = /(— .*\n)$/.exec(good) ?? []
    const bad = signature.replace(/ ([A-Za-z0-9+/]{8})....../, ' $1AAAAAA')
    assert.equal(
      code(() => open(`${good}${bad}`)),
      'OK',
      'the first signature of a key counts',
    )
    assert.equal(
      code(() => open(good.replace(signature, bad + signature))),
      'BAD_SIGNATURE',
    )
  })

  test('is malformed without its parts, with control characters, or with too much of anything', () => {
    const good = log.note('one\n')
    for (const bad of [
      '',
      'one\n',
      'one\n\n',
      good.trimEnd(),
      good.replace('\n\n', '\n'),
      good.replace('one', 'o\u0000ne'),
      good.replace('one', 'one\r'),
      good.replace('— ', '- '),
      good.replace('sum.test', 'sum test'),
      good.replace(/ \S+\n$/, ' AAAA\n'),
      `${good}${'— x AAAAAAAA\n'.repeat(100)}`,
      good.replace('one', 'x'.repeat(1_000_001)),
    ]) {
      assert.equal(
        code(() => open(bad)),
        'BAD_FRAMING',
        JSON.stringify(bad.slice(0, 80)),
      )
    }
    assert.equal(
      code(() => openNote(Buffer.from([0xff, 0x0a]), [key], 'the note')),
      'BAD_FRAMING',
    )
  })

  test('has keys that name themselves', () => {
    const [name, hash, base64 = ''] = log.key.split('+', 2).concat(log.key.replace(/^[^+]*\+[^+]*\+/, ''))
    assert.deepEqual([key.name, key.hash], [name, hash])
    for (const bad of [
      '',
      'sum.test',
      `${name}+${hash}`,
      `${name}+00000000+${base64}`,
      `other+${hash}+${base64}`,
      `${name}+${hash}+${base64.slice(4)}`,
      `${name}+${hash}+A${'A'.repeat(43)}=`,
      `a b+${hash}+${base64}`,
    ]) {
      assert.equal(
        code(() => parseNoteKey(bad)),
        'UNSUPPORTED_KEY',
        bad,
      )
    }
  })
})
