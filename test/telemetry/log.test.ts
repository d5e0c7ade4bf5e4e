import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEvents, type EngineEvent } from '../../src/engine/events.ts'
import { MirrorError } from '../../src/errors.ts'
import type { LogOptions } from '../../src/telemetry/access.ts'
import { createLog, type Log } from '../../src/telemetry/log.ts'

const answered: EngineEvent = {
  type: 'answered',
  method: 'GET',
  path: '/npm/react?token=secret',
  status: 200,
  bytes: 1_200_000,
  milliseconds: 3.16,
  cache: 'HIT',
}
const refused: EngineEvent = {
  type: 'finished',
  repo: 'npm',
  path: '/vue',
  url: 'https://user:secret@registry.example.org/vue?sig=secret',
  outcome: 'refused',
  bytes: 0,
  milliseconds: 1,
  error: new MirrorError('DENIED', 'Denied, see https://user:secret@registry.example.org/.'),
}

async function logged(options: LogOptions, play: (log: Log) => void): Promise<string> {
  let text = ''
  const log = createLog(options, { write: (piece) => (text += piece) })
  play(log)
  await log.flush()
  return text
}

const follow = (...seen: readonly EngineEvent[]): ((log: Log) => void) => {
  return (log) => {
    const events = createEvents()
    const end = log.follow(events)
    for (const event of seen) events.emit(event)
    end()
    for (const event of seen) events.emit(event)
  }
}

describe('the log', () => {
  it('writes an answered request as a readable line', async () => {
    const text = await logged({ level: 'info', format: 'text' }, follow(answered))
    assert.match(text, /^\d\d:\d\d:\d\d info {2}GET \/npm\/react 200 HIT 1\.2 MB 3 ms\n$/)
  })

  it('writes records as JSON', async () => {
    const { time, ...record } = JSON.parse(await logged({ level: 'info', format: 'auto' }, follow(answered)))
    assert.ok(Date.parse(time) > 0)
    assert.deepEqual(record, {
      level: 'info',
      method: 'GET',
      path: '/npm/react',
      status: 200,
      bytes: 1_200_000,
      milliseconds: 3.2,
      cache: 'HIT',
      msg: 'answered',
    })
  })

  for (const format of ['text', 'json'] as const)
    it(`holds no secrets, as ${format}`, async () => {
      const text = await logged({ level: 'info', format }, (log) => {
        follow(answered, refused)(log)
        log.said({ headers: { authorization: 'secret' }, url: 'http://a:secret@b/' }, 'at http://a:secret@b/')
      })
      assert.equal(text.split('\n').length, 4)
      assert.doesNotMatch(text, /secret/)
    })

  it('warns of what policy refused, and calls a failure an error', async () => {
    const text = await logged(
      { level: 'warn', format: 'json' },
      follow(answered, refused, { ...refused, outcome: 'failed' }, { ...answered, status: 502 }),
    )
    const levels = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).level)
    assert.deepEqual(levels.toSorted(), ['error', 'error', 'warn'])
  })

  it('cannot be forged by a path', async () => {
    const text = await logged({ level: 'info', format: 'text' }, follow({ ...answered, path: '/a\n\u001b[2J' }))
    assert.match(text, /\/a\\u000a\\u001b\[2J 200/)
  })

  it('tells of warnings and flips', async () => {
    const text = await logged(
      { level: 'info', format: 'text' },
      follow(
        { type: 'warning', repo: 'deb', error: new MirrorError('EXPIRED', 'It is old.', { hint: 'Wait.' }) },
        { type: 'flipped', repo: 'deb', generation: 'bookworm', was: 4, is: 5 },
      ),
    )
    const [warning = '', flipped = ''] = text.split('\n')
    assert.equal(warning.slice(9), 'warn  warning deb EXPIRED: It is old. (Wait.)')
    assert.equal(flipped.slice(9), 'info  flipped deb bookworm 4 5')
  })

  it('writes the lines of one turn at once, by itself', async () => {
    const pieces: string[] = []
    const log = createLog({ level: 'info', format: 'json' }, { write: (piece) => pieces.push(piece) })
    follow(answered, answered)(log)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(pieces.length, 1)
  })
})
