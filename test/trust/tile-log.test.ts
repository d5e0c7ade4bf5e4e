import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import {
  edgeTiles,
  type Head,
  mustContain,
  mustContinue,
  openTree,
  parseHead,
  parseTilePath,
  tileAt,
  tilePath,
} from '../../src/trust/tile-log.ts'
import { createSumdb, fill, rootOf, type Sumdb } from '../replica/sumdb.ts'

const log = createSumdb()
fill(log, 700)

const title = 'go.sum database tree'
const headOf = (of: Sumdb, size = of.size): Head => parseHead(of.head(size).split('\n\n')[0]?.concat('\n') ?? '', title)
const treeOf = (of: Sumdb, size = of.size, read = (path: string) => of.tile(path)) =>
  openTree(headOf(of, size), async (tile) => read(tilePath(tile)), 'the log')

const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'OK'
  } catch (error) {
    assert.ok(error instanceof MirrorError, String(error))
    return error.code
  }
}

describe('a log in tiles', () => {
  test('proves every record and every older head, whatever its size', async () => {
    const sizes = fc.integer({ min: 1, max: 700 })
    await fc.assert(
      fc.asyncProperty(sizes, sizes, sizes, async (a, b, c) => {
        const [id = 0, older = 0, size = 0] = [a - 1, b, c].sort((x, y) => x - y)
        const tree = treeOf(log, Math.max(size, id + 1))
        await mustContinue(tree, headOf(log, older), 'the log')
        await mustContain(tree, id, Buffer.from(log.record(id)), 'the log')
      }),
      { numRuns: 60 },
    )
  })

  test('has an empty beginning', async () => {
    assert.equal(await treeOf(log).rootOf(0), rootOf([]).toString('base64'))
    assert.equal(headOf(log, 0).root, rootOf([]).toString('base64'))
  })

  test('proves no other record, and none beyond its end', async () => {
    const tree = treeOf(log, 600)
    assert.equal(await code(mustContain(tree, 5, Buffer.from(log.record(6)), 'the log')), 'WRONG_DIGEST')
    assert.equal(await code(mustContain(tree, 600, Buffer.from(log.record(600)), 'the log')), 'WRONG_DIGEST')
  })

  test('that forked is told from one that grew', async () => {
    const other = log.fork(400)
    fill(other, 10)
    other.append('something else\n')
    fill(other, 400)
    assert.equal(await code(mustContinue(treeOf(other), headOf(log, 400), 'the log')), 'OK')
    assert.equal(await code(mustContinue(treeOf(other), headOf(log, 410), 'the log')), 'OK')
    assert.equal(await code(mustContinue(treeOf(other), headOf(log, 411), 'the log')), 'DISAGREEMENT')
    assert.equal(await code(mustContinue(treeOf(other, 700), headOf(log, 700), 'the log')), 'DISAGREEMENT')
    assert.equal(await code(mustContinue(treeOf(log, 300), headOf(log, 400), 'the log')), 'ROLLBACK')
  })

  test('refuses every tile in which one bit differs', async () => {
    for (const path of ['8/0/000', '8/0/001', '8/0/002.p/188', '8/1/000.p/2']) {
      for (const place of [0, 31, 32, 1000]) {
        const read = (asked: string) => {
          const tile = log.tile(asked)
          if (asked !== path || tile === undefined) return tile
          const bad = Buffer.from(tile)
          const at = place % bad.length
          bad[at] = (bad[at] ?? 0) ^ 4
          return bad
        }
        const all = (async () => {
          for (let id = 0; id < 700; id += 256) await treeOf(log, 700, read).record(id)
        })()
        assert.equal(await code(all), 'WRONG_DIGEST', `${path} at ${place}`)
      }
    }
  })

  test('says which tile is missing, or of a wrong length', async () => {
    assert.equal(await code(treeOf(log, 700, () => undefined).record(1)), 'NOT_FOUND')
    const short = (path: string) => log.tile(path)?.subarray(0, 31)
    assert.equal(await code(treeOf(log, 700, short).record(1)), 'WRONG_DIGEST')
  })

  test('reads each tile once, and no others than it needs', async () => {
    const asked: string[] = []
    const tree = treeOf(log, 700, (path) => {
      asked.push(path)
      return log.tile(path)
    })
    await tree.record(1)
    await tree.record(2)
    assert.deepEqual(asked.sort(), ['8/0/000', '8/0/002.p/188', '8/1/000.p/2'])
    assert.deepEqual([...edgeTiles(tree.head)].map(tilePath), ['8/0/002.p/188', '8/1/000.p/2'])
  })

  test('has tiles as wide as its tree makes them', () => {
    const head = { size: 70_000, root: '' }
    assert.deepEqual(tileAt(head, 0, 273), { level: 0, index: 273, width: 112 })
    assert.deepEqual(tileAt(head, 1, 0), { level: 1, index: 0, width: 256 })
    assert.deepEqual(tileAt(head, 1, 1), { level: 1, index: 1, width: 17 })
    assert.deepEqual(tileAt(head, 2, 0), { level: 2, index: 0, width: 1 })
    assert.equal(tileAt(head, 0, 274), undefined)
    assert.equal(tileAt(head, 3, 0), undefined)
  })

  test('has one path for each tile, and reads no other', () => {
    const paths = {
      '8/0/000': { level: 0, index: 0, width: 256 },
      '8/0/067.p/1': { level: 0, index: 67, width: 1 },
      '8/1/x001/x234/067': { level: 1, index: 1_234_067, width: 256 },
      '8/3/999.p/255': { level: 3, index: 999, width: 255 },
    }
    for (const [path, tile] of Object.entries(paths)) {
      assert.equal(tilePath(tile), path)
      assert.deepEqual(parseTilePath(path), tile)
    }
    for (const path of [
      '',
      '8/0',
      '8/0/0',
      '8/0/0000',
      '8/0/x000/001',
      '8/0/001/002',
      '8/6/000',
      '9/0/000',
      '8/0/000.p/0',
      '8/0/000.p/256',
      '8/0/000.p/01',
      '8/data/000',
      '8/0/../000',
      `8/0/${'x999/'.repeat(6)}000`,
    ]) {
      assert.equal(parseTilePath(path), undefined, path)
    }
  })

  test('has heads of three lines, and more for who understands them', () => {
    const root = rootOf([]).toString('base64')
    assert.deepEqual(parseHead(`${title}\n7\n${root}\n`, title), { size: 7, root })
    assert.deepEqual(parseHead(`${title}\n7\n${root}\nmore\n`, title), { size: 7, root })
    for (const bad of [
      '',
      `other\n7\n${root}\n`,
      `${title}\n07\n${root}\n`,
      `${title}\n-1\n${root}\n`,
      `${title}\n999999999999999\n${root}\n`,
      `${title}\n7\n${root.slice(4)}\n`,
      `${title}\n7\n${root}`,
    ]) {
      assert.throws(() => parseHead(bad, title), { code: 'BAD_FRAMING' }, bad)
    }
  })
})
