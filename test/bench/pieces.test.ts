import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ask } from '../../bench/client.ts'
import { hold, median, table } from '../../bench/figures.ts'
import { generate, readWrk } from '../../bench/load.ts'
import { packagesList, packument, pool, tarballPath, versions } from '../../bench/made.ts'
import { type Origin, startOrigin } from '../../bench/origin.ts'
import { memoryOf, processorTime, run } from '../../bench/process.ts'
import { signedRoot } from '../../bench/signed-root.ts'
import { stanzas } from '../../src/formats/deb822.ts'

describe('a contest', () => {
  it('takes turns, begins with another contender each round, and compares medians with the first', async () => {
    const order: string[] = []
    const contender = (name: string, values: readonly number[]) => ({
      name,
      async turn(round: number) {
        order.push(name)
        return { value: values[round] ?? 0, errors: round }
      },
    })
    const contest = {
      title: 'speed',
      unit: 'requests/s',
      rounds: 3,
      contenders: [contender('a', [10, 1000, 20]), contender('b', [5, 10, 0])],
    }
    const standings = await hold(contest)
    assert.deepEqual(order, ['a', 'b', 'b', 'a', 'a', 'b'])
    assert.deepEqual(
      standings.map(({ name, ratio, least, most, errors }) => ({ name, ratio, least, most, errors })),
      [
        { name: 'a', ratio: 1, least: 10, most: 1000, errors: 3 },
        { name: 'b', ratio: 0.25, least: 0, most: 10, errors: 3 },
      ],
    )
    assert.match(table(contest, standings), /\| b \| 0\.25 \| 5\.00 \| 0\.00–10\.0 \| – \| – \| 3 \|$/)
  })

  it('takes the middle of an odd number of values, and halves the middle two of an even one', () => {
    assert.equal(median([9, 1, 5]), 5)
    assert.equal(median([4, 1, 2, 9]), 3)
  })
})

describe('the load', () => {
  it('reads what wrk prints', () => {
    const text = `  1200 requests in 2.00s, 3.00MB read
  Socket errors: connect 1, read 2, write 0, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:    600.50
`
    assert.deepEqual(readWrk(text), { value: 600.5, count: 1200, errors: 12 })
  })

  let origin: Origin
  before(async () => {
    origin = await startOrigin()
    await origin.put('/file', 'text/plain', Buffer.alloc(200_000, 'x'))
  })
  after(() => origin.close())

  it('asks again and again on each connection, and counts what it got', async () => {
    await origin.asked()
    const { count = 0, errors } = await generate({ url: `${origin.url}/file`, connections: 2, seconds: 0.2 })
    assert.ok(count > 2)
    assert.equal(errors, 0)
    assert.equal((await origin.asked()).all, count)
  })

  it('counts what is not there as errors', async () => {
    const { count, errors } = await generate({ url: `${origin.url}/none`, connections: 1, seconds: 0.05 })
    assert.equal(errors, count)
  })

  it('tells first byte and whole of one request, and 304 for what has not changed', async () => {
    const { status, bytes, first, whole, headers } = await ask(`${origin.url}/file`)
    assert.deepEqual([status, bytes.length, first <= whole], [200, 200_000, true])
    await origin.asked()
    assert.equal((await ask(`${origin.url}/file`, { 'if-none-match': String(headers.etag) })).status, 304)
    assert.deepEqual(await origin.asked(), { all: 1, unchanged: 1 })
  })
})

describe('the input', () => {
  it('has a version for each file of a packument', () => {
    const text = packument('large', 'http://registry.example.org', versions(3), 10).toString()
    const document = JSON.parse(text) as { versions: Record<string, { dist: { tarball: string } }> }
    assert.deepEqual(Object.keys(document.versions), ['1.0.0', '1.0.1', '1.0.2'])
    assert.equal(
      document.versions['1.0.2']?.dist.tarball,
      `http://registry.example.org${tarballPath('large', '1.0.2')}`,
    )
  })

  it('has as many stanzas as were asked for, each with all that is read', async () => {
    const list = packagesList(50)
    const fields = ['Package', 'Filename', 'Size', 'SHA256', 'Depends'] as const
    const batches = await Array.fromAsync(stanzas(pieces(list), fields, (stanza) => ({ ...stanza })))
    const all = batches.flat()
    assert.equal(all.length, 50)
    assert.ok(all.every((stanza) => Object.values(stanza).every((value) => value !== undefined)))
    assert.ok(list.length / 50 > 600)
  })

  it('names every file of a pool in a signed root over its list', async () => {
    const { list, files } = pool(3)
    assert.ok([...files.keys()].every((path) => list.includes(path.slice(1))))
    const { inRelease } = await signedRoot('steady', new Map([['main/binary-amd64/Packages', list]]))
    assert.match(inRelease.toString(), new RegExp(` ${list.length} main/binary-amd64/Packages\n-----BEGIN PGP`))
  })
})

async function* pieces(bytes: Buffer) {
  yield bytes
}

describe('a process', () => {
  it('is run to its end, and what it prints is kept', async () => {
    const { out, milliseconds } = await run([process.execPath, '-p', '6 * 7'])
    assert.equal(out, '42\n')
    assert.ok(milliseconds > 0)
  })

  it('is watched where the system tells', { skip: process.platform !== 'linux' ? 'there is no /proc' : false }, () => {
    assert.ok((processorTime(process.pid) ?? 0) > 0)
    assert.ok((memoryOf(process.pid, 'VmHWM') ?? 0) >= (memoryOf(process.pid, 'VmRSS') ?? Infinity))
  })
})
