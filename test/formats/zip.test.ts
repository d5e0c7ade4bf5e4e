import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { type ZipFile, zipFiles } from '../../src/formats/zip.ts'
import { type Ending, extraField, type Member, zip } from '../builders/zip.ts'

interface Source {
  readonly path: string
  readonly size: number
  stream(from?: number, to?: number): AsyncIterable<Uint8Array>
}

/** Bytes that are read in pieces, as from a disk. */
const source = (bytes: Uint8Array): Source => ({
  path: '/some.zip',
  size: bytes.length,
  async *stream(from = 0, to = bytes.length) {
    for (let at = from; at < to; at += 1000) yield bytes.subarray(at, Math.min(to, at + 1000))
  },
})

const contentOf = async (file: ZipFile): Promise<Buffer> => Buffer.concat(await Array.fromAsync(file.bytes()))

/** All files with their contents. */
async function read(bytes: Uint8Array): Promise<readonly (readonly [name: string, size: number, content: string])[]> {
  const found: [string, number, string][] = []
  for await (const file of zipFiles(source(bytes))) {
    found.push([file.name, file.size, (await contentOf(file)).toString('latin1')])
  }
  return found
}

async function refuses(bytes: Uint8Array, why: RegExp): Promise<void> {
  await assert.rejects(read(bytes), (error) => {
    assert.ok(error instanceof MirrorError, String(error))
    assert.equal(error.code, 'UNREADABLE')
    assert.match(error.message, why)
    return true
  })
}

const one: Member = { name: 'a/one.txt', content: 'first' }
const two: Member = { name: 'two', content: 'second '.repeat(1000), method: 'deflated' }

describe('a zip archive', () => {
  const expected = [
    ['a/one.txt', 5, 'first'],
    ['two', 7000, 'second '.repeat(1000)],
  ]

  test('has the files of its directory, stored or deflated', async () => {
    assert.deepEqual(await read(zip([one, two])), expected)
    assert.deepEqual(await read(zip([])), [])
  })

  test('may be large, with its sizes and its end in the fields for that', async () => {
    const large = [one, two].map((member) => ({ ...member, large: true }))
    assert.deepEqual(await read(zip(large, { large: true })), expected)
    assert.deepEqual(await read(zip([one, two], { large: true })), expected)
    assert.deepEqual(await read(zip(large)), expected)
  })

  test('may have a comment, bytes before its files, and sizes behind them', async () => {
    assert.deepEqual(await read(zip([one, two], { comment: 'some words' })), expected)
    assert.deepEqual(await read(zip([one, two], { before: Buffer.from('#!/bin/sh\n') })), expected)
    assert.deepEqual(await read(zip([one, two].map((member) => ({ ...member, behind: true })))), expected)
  })

  test('may hold folders, empty files and names beyond ASCII', async () => {
    const members = [{ name: 'folder/' }, { name: 'folder/empty' }, { name: 'naïve.txt', content: 'x' }]
    assert.deepEqual(
      (await read(zip(members))).map(([name, size]) => [name, size]),
      [
        ['folder/', 0],
        ['folder/empty', 0],
        ['naïve.txt', 1],
      ],
    )
  })

  test('gives back whatever was put into it', async () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,3}$/)
    const member = fc.record({
      name,
      content: fc.uint8Array({ maxLength: 5000 }),
      method: fc.constantFrom('stored', 'deflated'),
      large: fc.boolean(),
      behind: fc.boolean(),
    })
    const members = fc.uniqueArray(member, { selector: (each) => each.name, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(members, fc.boolean(), async (all, large) => {
        assert.deepEqual(
          await read(zip(all, { large })),
          all.map((each) => [each.name, each.content.length, Buffer.from(each.content).toString('latin1')]),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('is read on without the contents that nobody asks for', async () => {
    const names: string[] = []
    for await (const { name } of zipFiles(source(zip([two, one])))) names.push(name)
    assert.deepEqual(names, ['two', 'a/one.txt'])
  })

  test('may be left in the middle of a file', async () => {
    let running = 0
    const plain = source(zip([{ ...two, content: Buffer.alloc(3_000_000, 'ab c'), method: 'stored' }, one]))
    const counted: Source = {
      ...plain,
      async *stream(from, to) {
        running += 1
        try {
          yield* plain.stream(from, to)
        } finally {
          running -= 1
        }
      },
    }
    for await (const file of zipFiles(counted)) {
      for await (const piece of file.bytes()) {
        assert.ok(piece.length > 0)
        break
      }
      break
    }
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(running, 0)
  })

  test('fails as its bytes do', async () => {
    const whole = source(zip([{ ...two, content: Buffer.alloc(300_000, 'ab'), method: 'stored' }]))
    let lost = false
    const broken: Source = {
      ...whole,
      async *stream(from, to) {
        yield* whole.stream(from, (from ?? 0) + 1)
        if (lost) throw new MirrorError('DAMAGED', 'the disk lost it')
        yield* whole.stream((from ?? 0) + 1, to)
      },
    }
    for await (const file of zipFiles(broken)) {
      lost = true
      await assert.rejects(contentOf(file), { code: 'DAMAGED' })
    }
    await assert.rejects(Array.fromAsync(zipFiles(broken)), { code: 'DAMAGED' })
  })
})

describe('a zip archive is refused', () => {
  const cases: readonly (readonly [why: string, bytes: Uint8Array, message: RegExp])[] = [
    ['when it is none', Buffer.from('<html>'), /no readable zip archive/],
    ['when it is empty', Buffer.of(), /no readable zip archive/],
    ['when a name goes up', zip([{ name: '../evil' }]), /invalid relative path/],
    ['when a name goes up inside', zip([{ name: 'a/../../evil' }]), /invalid relative path/],
    ['when a name is absolute', zip([{ name: '/etc/passwd' }]), /absolute path/],
    ['when a name has a drive', zip([{ name: 'C:/evil' }]), /absolute path/],
    ['when a name has a backslash', zip([{ name: 'a\\..\\evil' }]), /invalid characters/],
    ['when a name ends early for some', zip([{ name: 'METADATA\0.txt' }]), /control characters/],
    ['when a name is empty', zip([{ name: '' }]), /no name/],
    ['when a name stands twice', zip([one, { ...one, content: 'other' }]), /two files/],
    ['when a folder and a file have one name', zip([{ name: 'a/' }, { name: 'a' }]), /two files/],
    [
      'when a name is another in its extra field',
      zip([{ name: 'good', flags: 0, extra: extraField(0x7075, unicodeName('good', 'evil')) }]),
      /two names/,
    ],
    ['when a name is another before the contents', zip([{ ...one, localName: 'a/two.txt' }]), /its own header/],
    ['when a file is encrypted', zip([{ ...one, flags: 1 }]), /encrypted|mismatch/],
    ['when a deflated file is encrypted', zip([{ ...two, flags: 1 }]), /encrypted/],
    ['when a file is strongly encrypted', zip([{ ...two, flags: 0x41 }]), /encryption/],
    ['when a method is not known', zip([{ ...two, methodNumber: 99 }]), /its own header/],
    ['when more is unpacked than stated', zip([{ ...two, size: 10 }]), /too many bytes/],
    ['when less is unpacked than stated', zip([{ ...two, size: 9000 }]), /not enough bytes/],
    ['when a stored file has two sizes', zip([{ ...one, size: 6 }]), /size mismatch/],
    ['when a file reaches beyond the end', zip([{ ...one, size: 5000, packedSize: 5000 }]), /overlap|overflows/],
    ['when its checksum is wrong', zip([{ ...two, crc: 1 }]), /checksum/],
    ['when a bomb unpacks to more than stated', zip([{ ...bomb(), size: 1000 }]), /too many bytes/],
    ['when files share their bytes', overlapping(), /overlap/],
    ['when its contents are damaged', damaged(), /no readable zip archive|checksum/],
    ['when it has very many files', zip([one], { large: true, count: 200_001 }), /200001 files/],
    ['when bytes follow its end', zip([one], { behind: Buffer.from('more') }), /comment length/],
    ['when its end is in its own comment', zip([one], { comment: `x${zip([two]).toString('latin1')}` }), /no readable/],
    ['when it counts fewer files than it has', zip([one, two], { count: 1 }), /holds more than its files/],
    ['when it counts more files than it has', zip([one], { count: 2 }), /invalid central directory|no readable/],
    ['when its directory is shorter than stated', zip([one], { directorySize: 500 }), /does not reach/],
    ['when bytes stand behind its directory', zip([one], { between: Buffer.from('hidden') }), /does not reach/],
    ['when it lies elsewhere than stated', Buffer.concat([Buffer.from('MZ'), zip([one])]), /no readable/],
    ['when its two ends differ', twoEnds(), /contradict/],
    ['when its large end is out of place', outOfPlace(), /out of place|malformed|invalid/],
  ]
  for (const [why, bytes, message] of cases) test(why, () => refuses(bytes, message))

  test('wherever it is cut off', async () => {
    const whole = zip([one, two], { comment: 'words' })
    for (let length = 0; length < whole.length; length += 7) {
      await refuses(whole.subarray(0, length), /no readable/)
      await refuses(whole.subarray(whole.length - length), /no readable/)
    }
  })

  test('or says the same, whichever byte of it is changed', async () => {
    const whole = zip([one, { ...two, content: 'second' }], { large: true })
    const expected = await read(whole)
    const place = fc.nat({ max: whole.length - 1 })
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bytes = Buffer.from(whole)
        bytes.writeUInt8(bytes.readUInt8(at) ^ by, at)
        try {
          const found = await read(bytes)
          // names may be others, what is in them may not
          assert.deepEqual(
            found.map(([, size, content]) => [size, content]),
            expected.map(([, size, content]) => [size, content]),
          )
        } catch (error) {
          assert.ok(error instanceof MirrorError, String(error))
          assert.equal(error.code, 'UNREADABLE')
        }
      }),
      { numRuns: 400 },
    )
  })
})

/** The data of a field that gives a file another name. */
function unicodeName(written: string, meant: string): Buffer {
  const crc = Buffer.alloc(4)
  crc.writeUInt32LE(zip([{ name: 'x', content: written }]).readUInt32LE(14))
  return Buffer.concat([Buffer.of(1), crc, Buffer.from(meant)])
}

function bomb(): Member {
  return { name: 'bomb', content: Buffer.alloc(10_000_000), method: 'deflated' }
}

/** Many files in the directory over the contents of one. */
function overlapping(): Buffer {
  const files = Array.from({ length: 50 }, (_, at) => ({ ...two, name: `f${String(at).padStart(2, '0')}` }))
  const [first = two] = files
  const whole = zip([first])
  const start = whole.indexOf('PK\x01\x02')
  const header = whole.subarray(start, whole.indexOf('PK\x05\x06'))
  const headers = files.map(({ name }) => Buffer.from(header.toString('latin1').replace('f00', name), 'latin1'))
  const directory = Buffer.concat(headers)
  const end = Buffer.from(whole.subarray(-22))
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  return Buffer.concat([whole.subarray(0, start), directory, end])
}

function damaged(): Buffer {
  const whole = zip([two])
  whole.fill(0xff, 40, 44)
  return whole
}

/** The small end record states another size than the large one. */
function twoEnds(): Buffer {
  const whole = zip([one], { large: true })
  whole.writeUInt32LE(1, whole.length - 22 + 12)
  return whole
}

function outOfPlace(): Buffer {
  const large: Ending = { large: true }
  const whole = zip([one], large)
  const locator = whole.indexOf('PK\x06\x07')
  whole.writeBigUInt64LE(whole.readBigUInt64LE(locator + 8) - 1n, locator + 8)
  return whole
}
