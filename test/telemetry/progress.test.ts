import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { createEvents } from '../../src/engine/events.ts'
import { MirrorError } from '../../src/errors.ts'
import { barLine, showProgress } from '../../src/telemetry/progress.ts'
import { createTally } from '../../src/telemetry/tally.ts'

const finished = (path: string, bytes: number, outcome: 'fetched' | 'failed' | 'held' = 'fetched') =>
  ({ type: 'finished', repo: 'npm', path, outcome, bytes, milliseconds: 5 }) as const

describe('a tally', () => {
  it('counts the bytes of a transfer once, told in pieces or in the end', () => {
    const tally = createTally(0)
    tally.count({ type: 'planned', repo: 'npm', items: 3, bytes: 0 })
    tally.count({ type: 'progress', repo: 'npm', path: '/a', bytes: 60 })
    tally.count({ type: 'progress', repo: 'npm', path: '/a', bytes: 40 })
    tally.count(finished('/a', 100))
    tally.count(finished('/b', 50))
    tally.count(finished('/c', 1000, 'held'))
    assert.equal(tally.read(1000).bytes, 150)
  })

  it('tells the rate, and the time left by bytes', () => {
    const tally = createTally(0)
    tally.count({ type: 'planned', repo: 'npm', items: 2, bytes: 4000 })
    tally.count({ type: 'progress', repo: 'npm', path: '/a', bytes: 1000 })
    const { rate, left } = tally.read(500)
    assert.deepEqual([rate, left], [2000, 1500])
  })

  it('tells the time left by items where no bytes were stated', () => {
    const tally = createTally(0)
    tally.count({ type: 'planned', repo: 'npm', items: 4, bytes: 0 })
    tally.count(finished('/a', 10))
    assert.equal(tally.read(1000).left, 3000)
  })

  it('knows nothing of the time left before anything happened', () => {
    const tally = createTally(0)
    tally.count({ type: 'planned', repo: 'npm', items: 4, bytes: 0 })
    assert.equal(tally.read(1000).left, undefined)
  })

  it('never has more finished than there are items', () => {
    const tally = createTally(0)
    tally.count(finished('/a', 10))
    assert.deepEqual([tally.read(1).items, tally.read(1).left], [1, 0])
  })
})

describe('a bar', () => {
  const tally = { items: 300, finished: 150, failed: 2, expected: 90e6, bytes: 45e6, rate: 3.2e6, left: 14_062 }

  it('shows items, bytes, rate, time left and failures', () => {
    assert.equal(
      barLine('npm', tally, 200),
      'npm              ██████████░░░░░░░░░░ 150/300  45 MB of 90 MB  3.2 MB/s  14 s left  2 failed',
    )
  })

  it('fits the terminal', () => assert.equal(barLine('npm', tally, 40).length, 39))
})

describe('progress on a terminal', () => {
  function terminal(): { out: NodeJS.WriteStream; text: () => string } {
    const stream = new PassThrough()
    let text = ''
    stream.on('data', (piece) => {
      text += piece
    })
    const out = Object.assign(stream, { isTTY: true, columns: 120, rows: 24 }) as unknown as NodeJS.WriteStream
    for (const name of ['cursorTo', 'moveCursor', 'clearLine', 'clearScreenDown'] as const)
      Object.assign(out, { [name]: () => true })
    return { out, text: () => text }
  }

  it('leaves a line a repository with its final state, and the failures', async () => {
    const events = createEvents()
    const { out, text } = terminal()
    const end = showProgress(events, out, () => 1000)
    events.emit({ type: 'planned', repo: 'npm', items: 2, bytes: 0 })
    events.emit({ type: 'planned', repo: 'cargo', items: 1, bytes: 0 })
    events.emit(finished('/react', 1000))
    events.emit({ ...finished('/vue', 0, 'failed'), error: new MirrorError('TRUNCATED', 'It broke off.') })
    end()
    await new Promise((resolve) => setImmediate(resolve))
    assert.match(text(), /npm +█+ 2\/2 {2}1\.0 kB {2}1 failed/)
    assert.match(text(), /cargo +░+ 0\/1/)
    assert.match(text(), /failed npm \/vue: TRUNCATED: It broke off\./)
  })

  it('draws nothing when nothing happens, but still tells of warnings', async () => {
    const events = createEvents()
    const { out, text } = terminal()
    const end = showProgress(events, out, () => 1000)
    events.emit({ type: 'warning', error: new MirrorError('EXPIRED', 'It is old.', { hint: 'Wait.' }) })
    end()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(text(), 'warning: EXPIRED: It is old. (Wait.)\n')
  })
})
