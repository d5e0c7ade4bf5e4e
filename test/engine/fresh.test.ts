import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FreshnessRule, Policy } from '../../src/config/types.ts'
import {
  type Aged,
  COLLAPSE,
  compileRules,
  directivesOf,
  freshness,
  type Moment,
  mayServeStale,
  mayServeWhileAsking,
} from '../../src/engine/fresh.ts'
import type { Wishes } from '../../src/engine/http-cache.ts'
import { day, hour, minute, noon, plainPolicy, second } from '../builders/mirror.ts'

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
    ['what was validated in the future asks', aged(-day), { freshFor: hour }, {}, 'ask'],
    ['a sync asks for it too', aged(-day), { freshFor: day }, { since: noon }, 'ask'],
    ['so does a lack', aged(-day, { sha256: undefined }), { negativeFor: minute }, {}, 'ask'],
    [
      'and so it is where upstream says how long',
      aged(-day, { headers: { 'cache-control': 'max-age=3600' } }),
      { freshFor: 'upstream' },
      {},
      'ask',
    ],
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
  const upstream = { freshFor: 'upstream' as const }
  const headers = { 'cache-control': 'max-age=60' }
  const wishing = (wishes: Wishes): Partial<Moment> => ({
    directives: { revalidate: false, onlyIfCached: false, wishes },
  })
  const rows: readonly (readonly [what: string, one: Aged, moment: Partial<Moment>, is: string])[] = [
    ['an index within the time that upstream stated', aged(59 * second, { headers }), {}, 'serve'],
    ['an index at its end', aged(60 * second, { headers }), {}, 'ask'],
    [
      'an index that spent some of its time on the way',
      aged(30 * second, { headers: { ...headers, age: '30' } }),
      {},
      'ask',
    ],
    ['a client that takes nothing so old', aged(30 * second, { headers }), wishing({ maxAge: 20 * second }), 'ask'],
    ['a client that wants it to last', aged(30 * second, { headers }), wishing({ minFresh: 40 * second }), 'ask'],
    ['a client that takes it stale', aged(70 * second, { headers }), wishing({ maxStale: 20 * second }), 'serve'],
    [
      'a client that takes it a little stale',
      aged(90 * second, { headers }),
      wishing({ maxStale: 20 * second }),
      'ask',
    ],
  ]
  for (const [what, one, moment, is] of rows) test(what, () => assert.equal(fresh(one, upstream, moment), is))

  test('is overridden by a rule', () => {
    const rules = [ruleOf('/index/*', { freshFor: hour })]
    assert.equal(fresh(aged(minute, { headers: {} }), { ...upstream, rules }), 'serve')
  })

  test('while upstream is asked', () => {
    const stale = aged(65 * second, { headers: { 'cache-control': 'max-age=60, stale-while-revalidate=10' } })
    const may = (policy: Partial<Policy>, moment: Partial<Moment> = {}): boolean =>
      mayServeWhileAsking(stale, compileRules({ ...plainPolicy, ...policy }), { now: noon, offline: false, ...moment })
    assert.equal(may(upstream), true)
    assert.equal(may(upstream, { now: noon + 5 * second }), false)
    assert.equal(may({ freshFor: minute }), false)
    assert.equal(may(upstream, revalidate), false)
    assert.equal(may(upstream, { since: noon }), false)
  })
})

describe('stale on error', () => {
  const policy = { ...plainPolicy, staleIfError: hour }
  test('is bounded', () => {
    assert.equal(mayServeStale(aged(hour), compileRules(policy), policy, noon), true)
    assert.equal(mayServeStale(aged(hour + 1), compileRules(policy), policy, noon), false)
  })
  test('is never for a lack', () =>
    assert.equal(mayServeStale(aged(0, { sha256: undefined }), compileRules(policy), policy, noon), false))
  test('goes by upstream where its own header fields count', () => {
    const own = { ...policy, freshFor: 'upstream' as const }
    const may = (control: string): boolean =>
      mayServeStale(aged(2 * minute, { headers: { 'cache-control': control } }), compileRules(own), own, noon)
    assert.deepEqual(['max-age=60', 'max-age=60, must-revalidate', 'max-age=60, stale-if-error=30'].map(may), [
      true,
      false,
      false,
    ])
  })
})

describe('what a client says', () => {
  test('Cache-Control', () => {
    assert.deepEqual(directivesOf('no-cache', undefined), { revalidate: true, onlyIfCached: false })
    const said = { revalidate: false, onlyIfCached: false }
    assert.deepEqual(directivesOf('max-age=0', undefined), { ...said, revalidate: true, wishes: { maxAge: 0 } })
    assert.deepEqual(directivesOf('max-age=5, min-fresh=1', undefined), {
      ...said,
      wishes: { maxAge: 5000, minFresh: 1000 },
    })
    assert.deepEqual(directivesOf('max-stale=5', undefined), { ...said, wishes: { maxStale: 5000 } })
    assert.deepEqual(directivesOf('max-stale', undefined), { ...said, wishes: { maxStale: Number.POSITIVE_INFINITY } })
    assert.deepEqual(directivesOf('no-store', undefined), { ...said, noStore: true })
    assert.deepEqual(directivesOf('only-if-cached', undefined), { revalidate: false, onlyIfCached: true })
  })
  test('Pragma counts only without Cache-Control', () => {
    assert.equal(directivesOf(undefined, 'no-cache').revalidate, true)
    assert.equal(directivesOf('max-age=5', 'no-cache').revalidate, false)
  })
})
