import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { splice } from '../../../src/ecosystems/npm/splice.ts'

const change = (from: string) => ({ from, to: `new ${from}` })
const spliced = (text: string, ...changes: string[]) => {
  const bytes = splice(Buffer.from(text), [{ keys: ['tarball'], changes: changes.map(change) }])
  return bytes && Buffer.from(bytes).toString()
}

describe('splicing', () => {
  it('changes the values and no other byte', () => {
    assert.equal(
      spliced('{"a": {"tarball" :\n"x"}, "b":[{"tarball":"y"}] }', 'x', 'y'),
      '{"a": {"tarball" :\n"new x"}, "b":[{"tarball":"new y"}] }',
    )
  })

  it('is not deceived by text that looks like a key', () => {
    const text = JSON.stringify({ readme: '"tarball":"x"', tarball: 'x', list: ['tarball'] })
    assert.equal(spliced(text, 'x'), JSON.stringify({ readme: '"tarball":"x"', tarball: 'new x', list: ['tarball'] }))
  })

  it('gives up when the values are not exactly those expected', () => {
    assert.equal(spliced('{"tarball":"x"}', 'y'), undefined)
    assert.equal(spliced('{"tarball":"x","tarball":"x"}', 'x'), undefined)
    assert.equal(spliced('{"tarball":"x"}', 'x', 'y'), undefined)
    assert.equal(spliced('{"tarball":{"x":1}}', 'x'), undefined)
    assert.equal(spliced('{"tarball":"x', 'xyz'), undefined)
  })

  it('gives up when a key may be written with escapes', () => {
    assert.equal(spliced('{"tarball":"x","dist":{"t\\u0061rball":"x"}}', 'x'), undefined)
  })

  it('gives up when a value is written with escapes', () => {
    assert.equal(spliced('{"tarball":"a\\/b"}', 'a/b'), undefined)
  })

  it('reaches the first key of an object under a key', () => {
    const sites = [{ keys: ['attestations', 'url'] as const, changes: [change('u')] }]
    const result = splice(Buffer.from('{"attestations": { "url": "u", "provenance": {}}}'), sites)
    assert.equal(result && Buffer.from(result).toString(), '{"attestations": { "url": "new u", "provenance": {}}}')
    assert.equal(splice(Buffer.from('{"attestations":{"provenance":{},"url":"u"}}'), sites), undefined)
  })

  it('says what parsing, changing and writing would say, or nothing', () => {
    const dist = fc.record({ tarball: fc.string(), note: fc.string() })
    fc.assert(
      fc.property(fc.array(dist), fc.jsonValue(), (dists, other) => {
        const document = { other, dists }
        const result = spliced(JSON.stringify(document), ...dists.map(({ tarball }) => tarball))
        if (result === undefined) return
        const expected = { other, dists: dists.map((one) => ({ ...one, tarball: `new ${one.tarball}` })) }
        assert.deepEqual(JSON.parse(result), JSON.parse(JSON.stringify(expected)))
      }),
    )
  })
})
