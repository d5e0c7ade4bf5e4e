import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MirrorError } from '../../src/errors.ts'
import { child, children, elements, formatXml, parseXml, text, textAt } from '../../src/formats/xml.ts'

const parse = (source: string | Uint8Array, limits = {}) => parseXml(Buffer.from(source), limits)
const refused = (source: string | Uint8Array, why: RegExp, limits = {}) =>
  assert.rejects(parse(source, limits), (error) => {
    assert.ok(error instanceof MirrorError)
    assert.equal(error.code, 'UNREADABLE')
    assert.match(error.message, why)
    return true
  })

describe('an XML document', () => {
  it('is a tree of elements by their local names, with texts and attributes', async () => {
    const root = await parse(
      '<?xml version="1.0"?>\n<m:a xmlns:m="u" x="1&lt;2"><b>one</b><!-- not --><b> two </b><c/></m:a>',
    )
    assert.equal(root.name, 'a')
    assert.equal(root.attributes.get('x'), '1<2')
    assert.deepEqual(children(root, 'b').map(text), ['one', 'two'])
    assert.equal(text(child(root, 'c')), undefined)
    assert.equal(textAt(root, 'd'), undefined)
    assert.deepEqual(
      elements(root).map(({ name }) => name),
      ['b', 'b', 'c'],
    )
  })

  it('has five entities and characters by number; others stay as they are', async () => {
    const root = await parse('<a>&amp;&lt;&#65;&#x42;&oslash;&#0;&#99999999;<![CDATA[&amp;<]]></a>')
    assert.equal(text(root), '&<AB&oslash;&#0;&#99999999;&amp;<')
  })

  it('is decoded as it declares itself', async () => {
    const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xf8</a>', 'latin1')
    assert.equal(text(await parse(latin)), 'ø')
    const wide = Buffer.from('\ufeff<a>ø</a>', 'utf16le')
    assert.equal(text(await parse(wide)), 'ø')
    await refused(Buffer.from('<a>\xf8</a>', 'latin1'), /encoding is not UTF-8/)
    await refused('<?xml version="1.0" encoding="UTF-7"?><a/>', /encoding/)
  })

  it('is written as it was read', async () => {
    const source = '<a x="&quot;1&quot;"><b>one &amp; two</b><c><d/></c></a>'
    const written = formatXml(await parse(source))
    assert.equal(
      written,
      '<?xml version="1.0" encoding="UTF-8"?>\n<a x="&quot;1&quot;">\n  <b>one &amp; two</b>\n  <c>\n    <d/>\n  </c>\n</a>\n',
    )
    assert.equal(formatXml(await parse(written)), written)
  })
})

describe('refused is', () => {
  const laughs = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'
  const cases: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
    'a document type': [laughs, /document type/],
    'a document type in another encoding': [Buffer.from(`\ufeff${laughs}`, 'utf16le'), /document type/],
    'an external entity': ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /document type/],
    'a web page': ['<!doctype html><html></html>', /document type/],
    'an element left open': ['<a><b></a>', /closing tag/],
    'a second root': ['<a/><b/>', /roots/],
    'text behind the root': ['<a></a>text', /Extra text/],
    'a repeated attribute': ['<a x="1" x="2"/>', /repeated/],
    'a comment without an end': ['<a><!-- </a>', /no end/],
    'a control character': ['<a>\u0001</a>', /control character/],
    'a name that the language knows': ['<a><__proto__>x</__proto__></a>', /SECURITY/],
    'nothing at all': ['', /Start tag/],
  }
  for (const [what, [source, why]] of Object.entries(cases)) it(what, () => refused(source, why))

  it('what is deeper or larger than its reader wants', async () => {
    await refused('<a>'.repeat(100) + '</a>'.repeat(100), /more than 64 deep/)
    await refused('<a>'.repeat(500_000), /deep/)
    await refused('<a><b/></a>', /more than 1 deep/, { depth: 1 })
    await refused(`<a>${'x'.repeat(100)}</a>`, /at most 50/, { size: 50 })
  })
})
