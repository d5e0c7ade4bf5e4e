import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FreshnessRule, Policy } from '../../src/config/types.ts'
import {
  type Aged,
  COLLAPSE,
  cacheControl,
  compileRules,
  directivesOf,
  freshness,
  type Moment,
  mayServeStale,
  upstreamLifetime,
} from '../../src/engine/fresh.ts'
import { day, hour, minute, noon, plainPolicy, second } from '../builders/mirror.ts'
import { processorTime } from '../builders/processor-time.ts'

const where = { file: 'test.yaml' }
const ruleOf = (match: string, more: Partial<FreshnessRule>): FreshnessRule => ({ match, where, ...more })

/** An index that was fetched and validated `age` ago. */
const aged = (age: number, more: Partial<Aged> = {}): Aged => ({
  kind: 'index',
  path: '/index/a',
  sha256: 'a',
  fetched: noon - age,
  checked: noon - age,
  headers: {},
  ...more,
})

const fresh = (one: Aged, policy: Partial<Policy>, moment: Partial<Moment> = {}): string => {
  const whole = { ...plainPolicy, ...policy }
  return freshness(one, compileRules(whole), whole, { now: noon, offline: false, ...moment })
}
const revalidate = { directives: { revalidate: true, onlyIfCached: false } }

describe('freshness', () => {
  const rows: readonly (readonly [
    what: string,
    one: Aged,
    policy: Partial<Policy>,
    moment: Partial<Moment>,
    is: string,
  ])[] = [
    ['an artifact is fresh for ever', aged(9000 * day, { kind: 'artifact' }), {}, {}, 'serve'],
    ['an artifact is fresh whatever a client says', aged(day, { kind: 'artifact' }), {}, revalidate, 'serve'],
    ['an index within fresh_for', aged(9 * minute), { freshFor: 10 * minute }, {}, 'serve'],
    ['an index at fresh_for', aged(10 * minute), { freshFor: 10 * minute }, {}, 'ask'],
    ['a validation renews', aged(day, { checked: noon - minute }), { freshFor: 10 * minute }, {}, 'serve'],
    ['fresh_for 0 asks each time', aged(0), { freshFor: 0 }, {}, 'ask'],
    ['fresh_for forever', aged(9000 * day), { freshFor: Number.POSITIVE_INFINITY }, {}, 'serve'],
    [
      'immutable is fresh for ever',
      aged(9000 * day),
      { rules: [ruleOf('/index/*', { policy: 'immutable' })] },
      {},
      'serve',
    ],
    [
      'revalidate asks',
      aged(COLLAPSE),
      { freshFor: day, rules: [ruleOf('/index/*', { policy: 'revalidate' })] },
      {},
      'ask',
    ],
    ['bypass asks', aged(0), { freshFor: day, rules: [ruleOf('/index/*', { policy: 'bypass' })] }, {}, 'ask'],
    [
      'the last rule that fits decides',
      aged(minute),
      { rules: [ruleOf('/**', { freshFor: 0 }), ruleOf('/index/*', { freshFor: hour })] },
      {},
      'serve',
    ],
    [
      'a rule that says nothing of it does not',
      aged(minute),
      { rules: [ruleOf('/**', { freshFor: hour }), ruleOf('/index/*', { expireAfter: day })] },
      {},
      'serve',
    ],
    ['a rule for another path does not', aged(minute), { rules: [ruleOf('/other/*', { freshFor: hour })] }, {}, 'ask'],
    ['a client that wants validation', aged(minute), { freshFor: day }, revalidate, 'ask'],
    ['a client that wants it right after another', aged(COLLAPSE - 1), { freshFor: day }, revalidate, 'serve'],
    ['a sync asks for what was validated before it began', aged(1), { freshFor: day }, { since: noon }, 'ask'],
    ['a sync takes what was validated since', aged(0), { freshFor: 0 }, { since: noon }, 'serve'],
    ['expired asks', aged(day), { freshFor: 9 * day, expireAfter: day }, {}, 'ask'],
    [
      'expired immutable asks too',
      aged(day),
      { expireAfter: day, rules: [ruleOf('/index/*', { policy: 'immutable' })] },
      {},
      'ask',
    ],
    [
      'a validation keeps from expiring',
      aged(9 * day, { checked: noon }),
      { freshFor: day, expireAfter: day },
      {},
      'serve',
    ],
    ['offline never asks', aged(9 * day), {}, { offline: true }, 'serve'],
    ['offline does not ask for a client either', aged(9 * day), {}, { offline: true, ...revalidate }, 'serve'],
    ['offline serves what has expired', aged(9 * day), { expireAfter: day }, { offline: true }, 'serve'],
    [
      'offline refuses it when policy says so',
      aged(9 * day),
      { expireAfter: day, expireOffline: true },
      { offline: true },
      'expired',
    ],
    ['a lack is remembered', aged(59 * second, { sha256: undefined }), { negativeFor: minute }, {}, 'serve'],
    [
      'a lack is not remembered for longer',
      aged(minute, { sha256: undefined }),
      { negativeFor: minute, freshFor: day },
      {},
      'ask',
    ],
    [
      'an artifact that lacks is asked for again like any other',
      aged(minute, { kind: 'artifact', sha256: undefined }),
      { negativeFor: minute },
      {},
      'ask',
    ],
    [
      'what lacks is never immutable',
      aged(minute, { sha256: undefined }),
      { negativeFor: minute, rules: [ruleOf('/**', { policy: 'immutable' })] },
      {},
      'ask',
    ],
    [
      'a client that wants validation asks for what lacked',
      aged(COLLAPSE, { sha256: undefined }),
      { negativeFor: minute },
      revalidate,
      'ask',
    ],
    [
      'only-if-cached is no question to upstream',
      aged(9 * day),
      {},
      { directives: { revalidate: true, onlyIfCached: true } },
      'serve',
    ],
  ]
  for (const [what, one, policy, moment, is] of rows) test(what, () => assert.equal(fresh(one, policy, moment), is))
})

describe('fresh_for: upstream', () => {
  const rows: readonly (readonly [headers: Readonly<Record<string, string>>, seconds: number])[] = [
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'public, MAX-AGE=60' }, 60],
    [{ 'cache-control': 'max-age=60, s-maxage=5' }, 5],
    [{ 'cache-control': 'max-age=60, max-age=5' }, 5],
    [{ 'cache-control': 'max-age="60"' }, 60],
    [{ 'cache-control': 'max-age=60', age: '20' }, 40],
    [{ 'cache-control': 'max-age=60', age: '70' }, 0],
    [{ 'cache-control': 'max-age=sixty' }, 0],
    [{ 'cache-control': 'max-age=-1' }, 0],
    [{ 'cache-control': 'max-age=60, no-store' }, 0],
    [{ 'cache-control': 'max-age=60, no-cache' }, 0],
    [{ 'cache-control': 'private="x", max-age=60' }, 0],
    [{ 'cache-control': 'extension="max-age=60"' }, 0],
    [{ expires: 'Fri, 02 Jan 2026 12:01:00 GMT', date: 'Fri, 02 Jan 2026 12:00:00 GMT' }, 60],
    [{ expires: '0', date: 'Fri, 02 Jan 2026 12:00:00 GMT' }, 0],
    [{ expires: '-1', date: 'Fri, 02 Jan 2026 12:00:00 GMT' }, 0],
    [
      { 'cache-control': 'max-age=1', expires: 'Fri, 02 Jan 2026 12:01:00 GMT', date: 'Fri, 02 Jan 2026 12:00:00 GMT' },
      1,
    ],
    [{}, 0],
  ]
  for (const [headers, seconds] of rows) {
    test(JSON.stringify(headers), () => assert.equal(upstreamLifetime(headers), seconds * second))
  }
  test('an index is fresh for as long as upstream said', () => {
    const headers = { 'cache-control': 'max-age=60' }
    assert.equal(fresh(aged(59 * second, { headers }), { freshFor: 'upstream' }), 'serve')
    assert.equal(fresh(aged(60 * second, { headers }), { freshFor: 'upstream' }), 'ask')
  })
})

describe('stale on error', () => {
  const policy = { ...plainPolicy, staleIfError: hour }
  test('is bounded', () => {
    assert.equal(mayServeStale(aged(hour), policy, noon), true)
    assert.equal(mayServeStale(aged(hour + 1), policy, noon), false)
  })
  test('is never for a lack', () => assert.equal(mayServeStale(aged(0, { sha256: undefined }), policy, noon), false))
})

describe('what a client says', () => {
  test('Cache-Control', () => {
    assert.deepEqual(directivesOf('no-cache', undefined), { revalidate: true, onlyIfCached: false })
    assert.deepEqual(directivesOf('max-age=0', undefined), { revalidate: true, onlyIfCached: false })
    assert.deepEqual(directivesOf('max-age=5', undefined), { revalidate: false, onlyIfCached: false })
    assert.deepEqual(directivesOf('only-if-cached', undefined), { revalidate: false, onlyIfCached: true })
  })
  test('Pragma counts only without Cache-Control', () => {
    assert.equal(directivesOf(undefined, 'no-cache').revalidate, true)
    assert.equal(directivesOf('max-age=5', 'no-cache').revalidate, false)
  })
  test('a long value is read in linear time', () => {
    const started = processorTime()
    cacheControl(`${'a='.repeat(50_000)}"`)
    cacheControl('a = '.repeat(50_000))
    cacheControl(`a${' '.repeat(100_000)}`)
    assert.ok(processorTime() - started < 1000)
  })
})
