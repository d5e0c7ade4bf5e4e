import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { blankSecrets, pathText, safeText, shownText } from '../../src/telemetry/safe-text.ts'

describe('text that is shown', () => {
  for (const [text, shown] of [
    ['a https://user:pass@registry.example.org/x?token=1 b', 'a https://***@registry.example.org/x?*** b'],
    ['https://us:p@ss@registry.example.org:8080/x', 'https://***@registry.example.org:8080/x'],
    ['https://registry.example.org/@scope/name', 'https://registry.example.org/@scope/name'],
    ['https://registry.example.org?sig=1', 'https://registry.example.org?***'],
    ['authorization: Bearer abc.def', 'authorization: Bearer ***'],
    ['authorization: basic dXNlcg==', 'authorization: basic ***'],
    ['why? because', 'why? because'],
  ] as const)
    it(`has no secrets: ${text}`, () => assert.equal(blankSecrets(text), shown))

  it('cannot forge a line or move the cursor', () => {
    assert.equal(safeText('a\n\u001b[2Jb\u202ec\u2028'), 'a\\u000a\\u001b[2Jb\\u202ec\\u2028')
  })

  it('is never a control character, whatever comes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/\p{Cc}/u.test(shownText(text))))
  })

  it('has an end', () => assert.equal(safeText('a'.repeat(100_000)).length, 2001))

  it('has paths without their query', () => assert.equal(pathText('/a/b?token=c'), '/a/b'))
})
