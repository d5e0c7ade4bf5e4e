import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Show } from '../../../src/contract.ts'
import { abbreviated, base, find, fixture, full, makeDoc, makeRepo, packument, show } from './builders.ts'

interface Flowed {
  readonly text: string
  /** It went on to the end. */
  readonly whole: boolean
}

/** What flows of a document that arrives in pieces of this size. */
async function flow(path: string, bytes: Buffer, type: string, size: number): Promise<Flowed> {
  const { route, p } = find(path)
  const doc = {
    ...makeDoc(path, bytes),
    async *stream(from = 0, to = bytes.length) {
      for (let at = from; at < to; at += size) yield bytes.subarray(at, Math.min(at + size, to))
    },
  }
  const showing = { base, type, query: {}, sees: () => true, allows: () => true } as unknown as Show
  const pieces: Uint8Array[] = []
  const text = () => Buffer.concat(pieces).toString()
  try {
    for await (const piece of route.flow?.(doc, showing, p, makeRepo()) ?? []) pieces.push(piece)
    return { text: text(), whole: true }
  } catch {
    return { text: text(), whole: false }
  }
}

const viewed = (path: string, bytes: Buffer, type: string) =>
  show(path, { documents: [makeDoc(path, bytes)], type }).catch(() => undefined)

interface Fitting {
  readonly whole: boolean
  /** It is how the view begins. */
  readonly begins: boolean
}

/** In both forms. What flows to the end is the view. */
async function mustFit(path: string, bytes: Buffer, size: number): Promise<readonly Fitting[]> {
  const found: Fitting[] = []
  for (const type of [full, abbreviated]) {
    const { text, whole } = await flow(path, bytes, type, size)
    const view = await viewed(path, bytes, type)
    if (whole) assert.equal(text, view)
    found.push({ whole, begins: text === '' || (view ?? '').startsWith(text) })
  }
  return found
}

const attestations = { url: 'https://registry.example.org/-/npm/v1/attestations/a@1.0.0', provenance: {} }
const versions = {
  '1.0.0': { dist: { attestations } },
  '2.0.0-rc.1': { scripts: { install: '<x>' } },
  '2.0.0': { description: 'ü "quoted"' },
}
const plain = packument('a', versions, {
  tags: { latest: '2.0.0' },
  time: { created: '2024-01-01T00:00:00Z', modified: '2024-04-04T00:00:00Z', '1.0.0': '2024-02-02T00:00:00Z' },
})

describe('a packument that flows', () => {
  it('becomes the very bytes of its view, however it is cut', async () => {
    const flowed = { whole: true, begins: true }
    for (const size of [1, 7, 64, 100_000]) {
      assert.deepEqual(await mustFit('/a', Buffer.from(JSON.stringify(plain)), size), [flowed, flowed])
      assert.deepEqual(await mustFit('/a', Buffer.from(JSON.stringify(plain, undefined, 2)), size), [flowed, flowed])
      await mustFit('/@acme/kit', fixture('kit'), size * 10)
    }
  })

  it('stops where only the whole document tells what is shown, and its view goes on from there', async () => {
    const text = JSON.stringify(plain)
    const odd: Readonly<Record<string, string>> = {
      'another name': text.replaceAll('"a"', '"b"'),
      'no tag latest': text.replace('"latest"', '"newest"'),
      'a file name of its own': text.replace('a-1.0.0.tgz', 'a-2.0.0.tgz'),
      'no versions': text.replace('"versions"', '"other"'),
      'a name behind the versions': `${text.replace('"name":"a",', '').slice(0, -1)},"name":"a"}`,
      'a web page': '<html></html>',
      'a list': '[]',
    }
    for (const [what, document] of Object.entries(odd)) {
      assert.notEqual(document, text, what)
      const [, short] = await mustFit('/a', Buffer.from(document), 50)
      assert.deepEqual(short, { whole: false, begins: true }, what)
    }
  })

  it('flows past what is left out of its short form', async () => {
    const text = JSON.stringify(plain)
    const odd: Readonly<Record<string, string>> = {
      'a tag of no version': text.replace('"dist-tags":{', '"dist-tags":{"old":"0.1.0",'),
      'a version that is not shown': text.replace('"versions":{', '"versions":{"x":{},'),
      'members that are not shown': `${text.slice(0, -1)},"_attachments":{}}`,
      'a time that is none': text.replace('"time":{', '"time":1,"times":{'),
    }
    for (const [what, document] of Object.entries(odd)) {
      const [, short] = await mustFit('/a', Buffer.from(document), 50)
      assert.deepEqual(short, { whole: true, begins: true }, what)
    }
  })

  it('never comes to the end of a document that says something twice, or is cut off', async () => {
    const text = JSON.stringify(plain)
    const hostile = [
      `${text.slice(0, -1)},"versions":{}}`,
      `${text.slice(0, -1)},"version\\u0073":{}}`,
      text.replace('"versions":{', '"versions":{"2.0.0":{},'),
      `${text.slice(0, -1)},"name":"b"}`,
      `${text.slice(0, -1)},"dist-tags":{}}`,
      text.slice(0, -20),
    ]
    for (const document of hostile)
      for (const { whole } of await mustFit('/a', Buffer.from(document), 50)) assert.equal(whole, false, document)
  })

  it('is its view or stops, whatever the document is like', async () => {
    const field = fc.constantFrom(
      'name',
      'version',
      'dist',
      'tarball',
      'integrity',
      'time',
      'dist-tags',
      'versions',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field, fc.nat(40)), { maxLength: 6 }),
        fc.integer({ min: 1, max: 90 }),
        async (swaps, size) => {
          let text = JSON.stringify(plain)
          for (const [from, to, nth] of swaps) {
            const places = [...text.matchAll(new RegExp(`"${from}"`, 'g'))]
            const place = places[nth % Math.max(1, places.length)]
            if (place === undefined) continue
            text = `${text.slice(0, place.index)}"${to}"${text.slice(place.index + place[0].length)}`
          }
          await mustFit('/a', Buffer.from(text), size)
        },
      ),
      { numRuns: 200 },
    )
  })
})
