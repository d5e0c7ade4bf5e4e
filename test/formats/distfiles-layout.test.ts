import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatLayout, nameIn, parseLayout, placeOf } from '../../src/formats/distfiles-layout.ts'

const name = 'MooseX-OneArgNew-0.007.tar.gz'
const hashed = { kind: 'filename-hash' as const, cutoffs: [8] }
const structure = (...lines: readonly string[]) => parseLayout(`[structure]\n${lines.join('\n')}\n`)

describe('the layout of distfiles', () => {
  it('is read in the order of preference, without what is not understood', () => {
    assert.deepEqual(structure('1=flat', '0=filename-hash BLAKE2B 8'), [hashed, { kind: 'flat' }])
    assert.deepEqual(structure('0=tiered SHA1 3', '1=filename-hash BLAKE2B 8:16'), [{ ...hashed, cutoffs: [8, 16] }])
    assert.deepEqual(structure('0=filename-hash SHA512 8', '1=content-hash BLAKE2B 8'), [
      { ...hashed, kind: 'content-hash' },
    ])
  })

  it('is flat where nothing else is understood', () => {
    const flat = [{ kind: 'flat' }]
    for (const text of ['', '<html>', '[other]\n0=filename-hash BLAKE2B 8', '[structure]\n0=filename-hash BLAKE2B 7'])
      assert.deepEqual(parseLayout(text), flat, text)
    for (const cutoffs of ['', '0', '-8', '8:', '1e1', '1024', Array(20).fill('8').join(':')])
      assert.deepEqual(structure(`0=filename-hash BLAKE2B ${cutoffs}`), flat, cutoffs)
  })

  it('is written as it is read', () => {
    const structures = [{ ...hashed, cutoffs: [8, 16] }, { kind: 'flat' as const }]
    assert.deepEqual(parseLayout(formatLayout(structures)), structures)
  })

  it('places a file by the BLAKE2b of its name, or of its content', () => {
    assert.equal(placeOf({ kind: 'flat' }, name), name)
    assert.equal(placeOf(hashed, name), `0a/${name}`)
    assert.equal(placeOf({ ...hashed, cutoffs: [4, 8] }, name), `0/a6/${name}`)
    const digest = 'ab'.repeat(64)
    assert.equal(placeOf({ ...hashed, kind: 'content-hash' }, name, { blake2b512: digest }), `ab/${digest}`)
    assert.equal(placeOf({ ...hashed, kind: 'content-hash' }, name), undefined)
  })

  it('tells the name of a place, whatever its cut-offs', () => {
    assert.deepEqual([`0a/${name}`, `0/a6/${name}`, name, `0b/${name}`, `0a/`].map(nameIn), [
      name,
      name,
      name,
      undefined,
      undefined,
    ])
  })
})
