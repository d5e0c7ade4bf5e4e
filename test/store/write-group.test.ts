import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { writeGroup } from '../../src/store/write-group.ts'
import type { Failure, Group } from '../../src/store/write-small.ts'

describe('a group of small blobs', () => {
  let root: string
  beforeEach(() => {
    root = fs.mkdtempSync(join(tmpdir(), 'group-'))
    for (const folder of ['tmp', 'aa', 'bb']) fs.mkdirSync(join(root, folder))
  })
  afterEach(() => {
    mock.restoreAll()
    syncBuiltinESMExports()
    fs.rmSync(root, { recursive: true })
  })

  function group(...blobs: readonly string[]): Group {
    const bytes = Buffer.from(blobs.join(''))
    let end = 0
    const files = blobs.map((blob) => {
      const start = end
      end += blob.length
      return { temporary: join(root, 'tmp', basename(blob)), blob: join(root, blob), start, end }
    })
    return { files, bytes }
  }
  const there = (blob: string): string => fs.readFileSync(join(root, blob), 'utf8')
  const isThere = (blob: string): boolean => fs.existsSync(join(root, blob))
  const leftovers = (): readonly string[] => fs.readdirSync(join(root, 'tmp'))
  const codes = (answers: readonly (Failure | null)[]) => answers.map((one) => one?.code ?? null)

  /** The call of a function of node:fs whose number is given fails, and no other. */
  function fails(name: 'openSync' | 'writeSync' | 'fsyncSync' | 'renameSync', at: number, code: string): void {
    const original = fs[name] as (...args: unknown[]) => unknown
    let calls = 0
    mock.method(fs, name, (...args: unknown[]) => {
      calls += 1
      if (calls === at) throw Object.assign(new Error(`${code}: as the test wants it`), { code })
      return original(...args)
    })
    syncBuiltinESMExports()
  }

  test('each has its bytes under its name, for others to read, and nothing is left over', () => {
    assert.deepEqual(writeGroup(group('aa/1', 'bb/2', 'aa/3')), [null, null, null])
    assert.deepEqual(['aa/1', 'bb/2', 'aa/3'].map(there), ['aa/1', 'bb/2', 'aa/3'])
    assert.equal(fs.statSync(join(root, 'aa/1')).mode & 0o777, 0o644)
    assert.deepEqual(leftovers(), [])
  })

  test('one that is there is replaced', () => {
    fs.writeFileSync(join(root, 'aa/1'), 'damaged')
    assert.deepEqual(writeGroup(group('aa/1')), [null])
    assert.equal(there('aa/1'), 'aa/1')
  })

  test('a folder that is not there is made', () => {
    assert.deepEqual(writeGroup(group('cc/1')), [null])
    assert.equal(there('cc/1'), 'cc/1')
  })

  test('more than may be open at once', () => {
    const many = Array.from({ length: 50 }, (_, at) => `aa/${at}`)
    assert.deepEqual(new Set(writeGroup(group(...many))), new Set([null]))
    assert.deepEqual(many.map(there), many)
  })

  for (const [name, at, code] of [
    ['openSync', 2, 'EACCES'],
    ['writeSync', 2, 'ENOSPC'],
    ['fsyncSync', 2, 'EIO'],
    ['renameSync', 2, 'EIO'],
  ] as const) {
    test(`where ${name} fails the others are written, and that one has no name`, () => {
      fails(name, at, code)
      assert.deepEqual(codes(writeGroup(group('aa/1', 'aa/2', 'aa/3'))), [null, code, null])
      assert.deepEqual(['aa/1', 'aa/2', 'aa/3'].map(isThere), [true, false, true])
      assert.deepEqual(leftovers(), [])
    })
  }

  test('a short write goes on with the rest', () => {
    const { writeSync } = fs
    mock.method(fs, 'writeSync', (file: number, bytes: Uint8Array, from: number, _: number, position: number) =>
      writeSync(file, bytes, from, 1, position),
    )
    syncBuiltinESMExports()
    assert.deepEqual(writeGroup(group('aa/1')), [null])
    assert.equal(there('aa/1'), 'aa/1')
  })

  test('what cannot be opened for lack of descriptors is written when there are some again', () => {
    fails('openSync', 3, 'EMFILE')
    assert.deepEqual(writeGroup(group('aa/1', 'aa/2', 'aa/3', 'aa/4')), [null, null, null, null])
    assert.deepEqual(['aa/1', 'aa/2', 'aa/3', 'aa/4'].map(isThere), [true, true, true, true])
  })

  test('without a single descriptor it is told', () => {
    fails('openSync', 1, 'EMFILE')
    assert.deepEqual(codes(writeGroup(group('aa/1', 'aa/2'))), ['EMFILE', null])
  })

  test('names that did not become durable are told, and those in other folders are kept', () => {
    fails('fsyncSync', 4, 'EIO')
    assert.deepEqual(codes(writeGroup(group('aa/1', 'bb/2', 'aa/3'))), ['EIO', null, 'EIO'])
  })
})
