import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Doc } from '../../../src/contract.ts'
import type { File } from '../../../src/ecosystems/pypi/file.ts'
import { linkAt } from '../../../src/ecosystems/pypi/page-anchors.ts'
import { readHtmlPage } from '../../../src/ecosystems/pypi/page-html.ts'

const docOf = (bytes: Buffer, size: number): Doc => ({
  path: '/simple/kit/',
  url: 'https://index.example.org/simple/kit/',
  type: 'text/html',
  size: bytes.length,
  digests: {},
  headers: {},
  beside: new Map(),
  bytes: async () => bytes,
  async *stream() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  },
})

/** The files of a page that comes in pieces of this size, and what else it says; the error where it is refused. */
async function read(page: string, size: number): Promise<unknown> {
  const facts = {}
  const files: File[] = []
  try {
    for await (const group of readHtmlPage(docOf(Buffer.from(page), size), 'kit', facts)) files.push(...group)
  } catch (error) {
    return [(error as Error).message, files.length > 0]
  }
  return [files, facts]
}

/** In pieces of one byte no link is whole, so that the parser of HTML reads all of them. */
async function mustBeAsParsed(page: string, sizes: readonly number[] = [1_000_000, 40]): Promise<unknown> {
  const parsed = await read(page, 1)
  for (const size of sizes) assert.deepEqual(await read(page, size), parsed, page)
  return parsed
}

const hash = 'a'.repeat(64)
const fragments = [
  `<a href="kit-1.0.tar.gz#sha256=${hash}" data-requires-python="&gt;=3.9">kit-1.0.tar.gz</a><br />\n`,
  `<a href="../kit-1.1-py3-none-any.whl" data-yanked="a &amp; b &quot;c&quot; &#39;d&#39;">kit</a><br>`,
  '<a href="kit-1.2.tar.gz">kit-1.2.tar.gz</a>',
  '<a href="kit-1.3.tar.gz" href="kit-1.4.tar.gz" data-yanked="" data-yanked="x">x</a><br/>',
  `<a href='kit-1.5.tar.gz'>x</a>`,
  '<a href=kit-1.6.tar.gz data-yanked>x</a>',
  '<A HREF="kit-1.7.tar.gz">x</A>',
  '<a  href="kit-1.8.tar.gz" >x</a >',
  '<a href="kit-1.9.tar.gz" data-requires-python="&gt=3&nbsp;&ampx;&unknown;&#62;">x</a>',
  '<a href="kit-2.0.tar.gz" data-requires-python="&gt;3,&ltx">x</a>',
  '<a href="kit-2.1.tar.gz"><b>x</b></a>',
  '<a href="kit-2.2.tar.gz">',
  '<a href="kit-2.3.tar.gz" data-x="<a href=">x</a>',
  '<a href="kit-2.4.tar.gz" data-yanked="two\nlines\t\u0001">x</a>',
  '<a constructor="x" href="kit-2.5.tar.gz">x</a>',
  ...[
    '<!--',
    '-->',
    '<script>',
    '</script>',
    '<style>',
    '</style>',
    '<title>',
    '</title>',
    '<textarea>',
    '</textarea>',
  ],
  ...[
    '<svg>',
    '</svg>',
    '<math>',
    '<![CDATA[',
    ']]>',
    '<select>',
    '<form>',
    '<template>',
    '<plaintext>',
    '<?x',
    '>',
    '<',
  ],
  ...[
    '<base href="https://other.example.org/x/">',
    '<base href="/y/">',
    '"',
    "'",
    '<p x="',
    '&',
    '&am',
    'p;',
    '</',
    '<b>',
  ],
  ...['<meta name="pypi:repository-version" content="1.0">', '<meta name="pypi:project-status" content="archived">'],
  ...[
    '<iframe>',
    '<noscript>',
    '<xmp>',
    '</xmp>',
    '<a>',
    '</a>',
    '<a ',
    '<body>',
    '<h1>Links for kit</h1>',
    '\u{1f600}ü',
  ],
]

describe('a page in HTML', () => {
  it('has the files of its links, as they are usually written and otherwise', async () => {
    const [files] = (await mustBeAsParsed(fragments.slice(0, 15).join('\n'))) as [readonly File[]]
    assert.deepEqual(
      files.map(({ file, python, yanked }) => [file.slice(4, 7), python, yanked].filter((one) => one !== undefined)),
      [
        ...[['1.0', '>=3.9'], ['1.1', `a & b "c" 'd'`], ['1.2'], ['1.3', ''], ['1.5'], ['1.6', ''], ['1.7'], ['1.8']],
        ...[
          ['1.9', '&gt=3\u00a0&ampx;&unknown;>'],
          ['2.0', '>3,&ltx'],
          ['2.1'],
          ['2.2'],
          ['2.3'],
          ['2.4', 'two lines '],
          ['2.5'],
        ],
      ],
    )
  })

  it('is read without the parser where links are plain', () => {
    for (const plain of fragments.slice(0, 4)) assert.equal(linkAt(`x${plain}y`, 1)?.end, plain.length + 1)
    for (const other of fragments.slice(4, 12)) assert.equal(linkAt(other, 0), undefined, other)
  })

  it('says the same whatever else is in it, and however it is cut', async () => {
    const piece = fc.oneof({ arbitrary: fc.constantFrom(...fragments), weight: 9 }, fc.string({ maxLength: 6 }))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 14 }), fc.integer({ min: 2, max: 300 }), async (parts, size) => {
        await mustBeAsParsed(`<title>Links for kit</title>${parts.join('')}`, [1_000_000, size])
      }),
      { numRuns: 300 },
    )
  })
})
