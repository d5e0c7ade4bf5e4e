// Which bundle may follow which, and what one is put upon: tables.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MadeBundle, TakenBundle } from '../../src/catalog/bundles.ts'
import { basesOf, type Since } from '../../src/commands/bundle-base.ts'
import { bundleExportFlags, bundleImportFlags, mustBelongTogether } from '../../src/commands/bundle-flags.ts'
import { type Here, mustFollow } from '../../src/commands/bundle-order.ts'
import { asMirrorError } from '../../src/errors.ts'
import type { BundleHeader } from '../../src/formats/bundle.ts'

const [series, other] = ['a'.repeat(32), 'b'.repeat(32)]
const digestOf = (number: number): string => String(number).padStart(64, '0')
const stated = { sha256: '0'.repeat(64), size: 0 }

const headerOf = (number: number, bases: readonly number[], of = series): BundleHeader => ({
  ...{ schema: 1, type: 'pkgmirror-bundle', series: of, number },
  bases: bases.map((base) => ({ number: base, header: digestOf(base) })),
  snapshot: { name: `s${number}`, made: 0 },
  entries: { ...stated, count: 0 },
  blobs: { count: 0, bytes: 0 },
  changes: { text: stated, html: stated },
})
const taken = (number: number, key = 'KEY', of = series): TakenBundle => ({
  ...{ series: of, number, key, snapshot: `s${number}`, header: digestOf(number), taken: 0 },
})

function verdict(
  number: number,
  bases: readonly number[],
  here: Partial<Here>,
  more: { of?: string; key?: string } = {},
): string {
  const header = headerOf(number, bases, more.of)
  try {
    mustFollow(
      { header, digest: digestOf(number), key: more.key ?? 'KEY', place: 'bundle.json' },
      { taken: [], isTrusted: () => true, newSeries: false, ...here },
    )
    return 'taken'
  } catch (error) {
    const { code, message } = asMirrorError(error)
    assert.equal(code, 'SEQUENCE')
    return message
  }
}

describe('a bundle may be taken', () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['a full one where there is none', verdict(1, [], {}), /^taken$/],
    ['a later full one where there is none', verdict(9, [], {}), /^taken$/],
    [
      'one upon another where there is none',
      verdict(3, [2], {}),
      /^needs bundle 2 of series a+: this is 3, and builds on bundle 2, and none was taken here$/,
    ],
    ['the next one', verdict(3, [2], { taken: [taken(2)] }), /^taken$/],
    ['one that skips a lost one', verdict(4, [2, 3], { taken: [taken(2)] }), /^taken$/],
    [
      'one that skips too much',
      verdict(5, [4], { taken: [taken(2)] }),
      /^needs bundle 3 of series a+: this is 5, and builds on bundle 4, and the last one here is 2$/,
    ],
    ['a full one that skips', verdict(9, [], { taken: [taken(2)] }), /^taken$/],
    [
      'the last one again',
      verdict(2, [1], { taken: [taken(2)] }),
      /^is bundle 2 of series a+, which was taken on 1970/,
    ],
    ['an older one', verdict(1, [], { taken: [taken(2)] }), /^is bundle 1 of series a+, and 2 was taken already$/],
    [
      'one that leaves out where this side is',
      verdict(4, [1, 3], { taken: [taken(2)] }),
      /^does not build on bundle 2/,
    ],
    [
      'one of another series',
      verdict(1, [], { taken: [taken(2)] }, { of: other }),
      /^is of series b+, and this mirror takes series a+ \(its last: 2\)$/,
    ],
    [
      'one of another series that is welcome',
      verdict(1, [], { taken: [taken(2)], newSeries: true }, { of: other }),
      /^taken$/,
    ],
    [
      'the next one by another trusted key',
      verdict(3, [2], { taken: [taken(2)] }, { key: 'NEW' }),
      /^is signed by NEW, and the bundles of series a+ before it by KEY$/,
    ],
    [
      'the next one by a new key, the old one gone',
      verdict(3, [2], { taken: [taken(2)], isTrusted: (key) => key === 'NEW' }, { key: 'NEW' }),
      /^taken$/,
    ],
  ]
  for (const [what, found, expected] of rows) it(what, () => assert.match(found, expected))

  it('never upon another past of the same number', () => {
    const here = { taken: [{ ...taken(2), header: digestOf(7) }] }
    assert.match(verdict(3, [2], here), /^builds on another bundle 2/)
  })
})

describe('a bundle is put upon', () => {
  const made = [1, 2, 3, 4].map(
    (number): MadeBundle => ({
      ...{ series, number, snapshot: `s${number}`, state: number, header: digestOf(number), made: 0 },
      finished: number !== 4,
    }),
  )
  const receipt = (number: number, header = digestOf(number), of = series): Since['receipt'] => ({
    file: 'receipt',
    receipt: { ...{ schema: 1, type: 'pkgmirror-receipt', series: of, number, header, snapshot: '', taken: 0 } },
  })
  const bases = (since: Partial<Since>, all = made): readonly number[] | string => {
    try {
      const found = basesOf(all, { snapshot: undefined, number: undefined, receipt: undefined, overlap: 0, ...since })
      return found.map((one) => one.number)
    } catch (error) {
      return asMirrorError(error).message
    }
  }
  const rows: readonly (readonly [string, ReturnType<typeof bases>, readonly number[] | RegExp])[] = [
    ['nothing, when nothing is said', bases({}), []],
    ['a bundle and all after it, which may have gone out', bases({ number: 2 }), [2, 3, 4]],
    ['the bundle of a snapshot', bases({ snapshot: 's3' }), [3, 4]],
    ['what a receipt says', bases({ receipt: receipt(1) }), [1, 2, 3, 4]],
    ['so many more before it', bases({ number: 3, overlap: 2 }), [1, 2, 3, 4]],
    ['no more than there are', bases({ number: 2, overlap: 9 }), [1, 2, 3, 4]],
    ['the last whole one, when only an overlap is said', bases({ overlap: 1 }), [2, 3, 4]],
    ['no bundle that was not made', bases({ number: 9 }), /no bundle 9 was made here/],
    ['no snapshot without a bundle', bases({ snapshot: 'x' }), /no bundle was made here of the snapshot x/],
    [
      'no receipt of another past',
      bases({ receipt: receipt(2, digestOf(9)) }),
      /is a receipt of bundle 2 of series a+, which was not made here/,
    ],
    ['no receipt of another series', bases({ receipt: receipt(2, digestOf(2), other) }), /was not made here/],
    ['no two of them', bases({ number: 2, snapshot: 's2' }), /say the same thing/],
    ['nothing to overlap with', bases({ overlap: 1 }, []), /no bundle to overlap with/],
  ]
  for (const [what, found, expected] of rows)
    it(what, () => {
      if (expected instanceof RegExp) assert.match(String(found), expected)
      else assert.deepEqual(found, expected)
    })
})

describe('flags of bundles', () => {
  const wrong = (work: () => unknown): string => {
    try {
      work()
      return 'good'
    } catch (error) {
      const { code, message } = asMirrorError(error)
      assert.ok(code === 'USAGE' || code === 'CONFIG')
      return message
    }
  }
  it('mean something together, or are refused', () => {
    assert.equal(
      wrong(() => mustBelongTogether({ bundle: true, since: 'x' })),
      'good',
    )
    assert.equal(
      wrong(() => mustBelongTogether({ repo: ['npm'], baseUrl: 'x' })),
      'good',
    )
    assert.equal(
      wrong(() => mustBelongTogether({ sinceBundle: '1' })),
      '--since-bundle needs --bundle',
    )
    assert.match(
      wrong(() => mustBelongTogether({ bundle: true, repo: ['npm'] })),
      /^--repo means nothing for a bundle/,
    )
    assert.match(
      wrong(() => bundleExportFlags(undefined, {})),
      /where the bundle goes/,
    )
    assert.match(
      wrong(() => bundleExportFlags('x', { overlap: '-1' })),
      /--overlap: -1 is no number/,
    )
    assert.match(
      wrong(() => bundleExportFlags('x', { sinceBundle: '1.5' })),
      /--since-bundle: 1.5 is no number/,
    )
    assert.match(
      wrong(() => bundleExportFlags('x.tar', { volumeSize: '10' })),
      /10 is no size of a volume/,
    )
    assert.match(
      wrong(() => bundleExportFlags('x.tar', { volumeSize: 'big' })),
      /is not a size/,
    )
    assert.match(
      wrong(() => bundleImportFlags(undefined, {})),
      /what to import is not said/,
    )
    assert.match(
      wrong(() => bundleImportFlags('x', { ociLayout: 'y' })),
      /two things to import/,
    )
  })
})
