import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEvents, type EngineEvent } from '../../src/engine/events.ts'
import { MirrorError } from '../../src/errors.ts'
import { type LineSink, showFailures, showJson, showLines } from '../../src/telemetry/lines.ts'

const fetched: EngineEvent = {
  type: 'finished',
  repo: 'npm',
  path: '/react',
  url: 'https://u:p@registry.example.org/react?token=1',
  outcome: 'fetched',
  bytes: 1_200_000,
  milliseconds: 340.4,
  proof: 'tls',
}
const failed: EngineEvent = {
  type: 'finished',
  repo: 'npm',
  path: '/vue\u001b[2J',
  outcome: 'failed',
  bytes: 0,
  milliseconds: 1,
  error: new MirrorError('WRONG_DIGEST', 'The bytes differ.', { file: 'list.yaml', line: 3 }),
}
const warning: EngineEvent = { type: 'warning', repo: 'deb', error: new MirrorError('EXPIRED', 'It is old.') }
const flipped: EngineEvent = { type: 'flipped', repo: 'deb', generation: 'bookworm', was: 4, is: 5 }
const quietly: EngineEvent[] = [
  { type: 'planned', repo: 'npm', items: 1, bytes: 0 },
  { type: 'started', repo: 'npm', path: '/react', url: 'https://registry.example.org/react' },
  { type: 'progress', repo: 'npm', path: '/react', bytes: 5 },
]

function shown(show: (events: ReturnType<typeof createEvents>, out: LineSink) => () => void): string[] {
  const events = createEvents()
  const written: string[] = []
  const end = show(events, { write: (text) => written.push(text) })
  for (const event of [...quietly, fetched, failed, warning, flipped]) events.emit(event)
  end()
  events.emit(fetched)
  return written
}

const failure = `failed npm /vue\\u001b[2J: WRONG_DIGEST: list.yaml:3: The bytes differ. (The bytes differ from what their voucher states; nothing was kept.)\n`
const expired =
  'warning deb: EXPIRED: It is old. (The index is past its Valid-Until; upstream or a cache is frozen. `expired: serve` accepts it.)\n'

describe('lines', () => {
  it('tell people of each finished item', () => {
    assert.deepEqual(shown(showLines), [
      'fetched npm /react (1.2 MB, 340 ms)\n',
      failure,
      expired,
      'flipped deb bookworm: generation 4 to 5\n',
    ])
  })

  it('tell the quiet of failures and warnings alone', () => {
    assert.deepEqual(shown(showFailures), [failure, expired])
  })

  it('are JSON documents for programs', () => {
    const documents = shown(showJson).map((line) => JSON.parse(line))
    assert.deepEqual(documents[0], {
      schema: 1,
      type: 'item',
      repo: 'npm',
      path: '/react',
      url: 'https://***@registry.example.org/react?***',
      outcome: 'fetched',
      bytes: 1_200_000,
      milliseconds: 340,
      proof: 'tls',
    })
    assert.deepEqual(documents[1].error, {
      code: 'WRONG_DIGEST',
      message: 'The bytes differ.',
      hint: 'The bytes differ from what their voucher states; nothing was kept.',
      file: 'list.yaml',
      line: 3,
    })
    assert.deepEqual(
      documents.map(({ schema, type }) => [schema, type]),
      [
        [1, 'item'],
        [1, 'item'],
        [1, 'warning'],
        [1, 'flipped'],
      ],
    )
  })
})
