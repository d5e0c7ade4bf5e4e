import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  currentAge,
  type Fields,
  fits,
  isFresh,
  lifetime,
  mayServeMeanwhile,
  mayServeOnError,
  normalised,
  selecting,
  storable,
  updated,
  whyNotStored,
} from '../../src/engine/http-cache.ts'
import { day, hour, minute, noon, second } from '../builders/mirror.ts'

const control = (text: string, more: Fields = {}): Fields => ({ 'cache-control': text, ...more })
const http = (time: number): string => new Date(time).toUTCString()

describe('what may be stored (RFC 9111 §3)', () => {
  const rows: readonly (readonly [sent: Fields, headers: Fields, reason: string | undefined])[] = [
    [{}, {}, undefined],
    [{}, control('max-age=60'), undefined],
    [{}, control('no-cache'), undefined],
    [{}, control('no-store'), 'no-store'],
    [{}, control('max-age=60, No-Store'), 'no-store'],
    [{}, control('extension="no-store"'), undefined],
    [{}, control('private'), 'private'],
    [{}, control('private="x-user"'), undefined],
    [{}, control('private="x-user", private'), 'private'],
    [{}, { vary: '*' }, 'Vary: *'],
    [{}, { vary: 'accept, *' }, 'Vary: *'],
    [{}, { vary: 'accept' }, undefined],
    [{}, { 'set-cookie': 'a=1' }, 'Set-Cookie'],
    [{}, control('public', { 'set-cookie': 'a=1' }), 'Set-Cookie'],
    [{}, control('private="Set-Cookie"', { 'set-cookie': 'a=1' }), undefined],
    [{}, control('no-cache="set-cookie"', { 'set-cookie': 'a=1' }), undefined],
    [{ authorization: 'x' }, {}, 'an answer to a request with authorization'],
    [{ authorization: 'x' }, control('max-age=60'), 'an answer to a request with authorization'],
    [{ authorization: 'x' }, control('public'), undefined],
    [{ authorization: 'x' }, control('must-revalidate'), undefined],
    [{ authorization: 'x' }, control('s-maxage=60'), undefined],
    [{ cookie: 'x' }, control('max-age=60'), 'an answer to a request with cookie'],
    [{ accept: 'x' }, control('max-age=60'), undefined],
  ]
  for (const [sent, headers, reason] of rows) {
    test(JSON.stringify([sent, headers]), () => assert.equal(whyNotStored(sent, headers), reason))
  }

  test('fields that a directive names are left out', () => {
    const headers = control('private="x-user", no-cache="X-Other"', { 'x-user': '1', 'x-other': '2', etag: '"1"' })
    assert.deepEqual(Object.keys(storable(headers)), ['cache-control', 'etag'])
  })
})

describe('how long it is fresh (RFC 9111 §4.2.1)', () => {
  const date = http(noon)
  const rows: readonly (readonly [headers: Fields, milliseconds: number])[] = [
    [control('max-age=60'), minute],
    [control('public, MAX-AGE=60'), minute],
    [control('max-age=60, s-maxage=5'), 5 * second],
    [control('max-age=60, max-age=5'), 5 * second],
    [control('max-age="60"'), minute],
    [control('max-age=sixty'), 0],
    [control('max-age=-1'), 0],
    [control('max-age=60, no-store'), 0],
    [control('max-age=60, no-cache'), 0],
    [control('max-age=60, no-cache="x"'), minute],
    [control('private, max-age=60'), 0],
    [control('private="x", max-age=60'), minute],
    [control('extension="max-age=60"'), 0],
    [{ expires: http(noon + minute), date }, minute],
    [{ expires: http(noon + minute) }, minute],
    [{ expires: http(noon - minute), date }, 0],
    [{ expires: 'Fri Jan  2 12:01:00 2026', date }, minute],
    [{ expires: 'Friday, 02-Jan-26 12:01:00 GMT', date }, minute],
    [{ expires: '0', date }, 0],
    [{ expires: '-1', date }, 0],
    [{ expires: '2026-01-02T12:01:00Z', date }, 0],
    [{ expires: 'Fri, 02 Jan 2026 12:01:00 UTC', date }, 0],
    [{ expires: 'Fri 02 Jan 2026 12:01:00 GMT', date }, 0],
    [{ expires: 'Fri, 02  Jan  2026 12:01:00 GMT', date }, 0],
    [{ expires: 'Fri, 2 Jan 2026 12:01:00 GMT', date }, 0],
    [{ expires: 'FRI, 02 Jan 2026 12:01:00 GMT', date }, minute],
    [control('max-age=1', { expires: http(noon + minute), date }), second],
    [{ expires: '0', date, 'last-modified': http(noon - day) }, 0],
    [{ date, 'last-modified': http(noon - 10 * hour) }, hour],
    [{ date, 'last-modified': http(noon - 900 * day) }, day],
    [{ date, 'last-modified': http(noon + hour) }, 0],
    [{}, 0],
  ]
  for (const [headers, milliseconds] of rows) {
    test(JSON.stringify(headers), () => assert.equal(lifetime({ headers, checked: noon }), milliseconds))
  }
})

describe('how old it is (RFC 9111 §4.2.3)', () => {
  const rows: readonly (readonly [what: string, headers: Fields, milliseconds: number])[] = [
    ['since it was asked for', {}, minute],
    ['and what it was before', { age: '30' }, minute + 30 * second],
    ['of several ages the first', { age: '30, 90' }, minute + 30 * second],
    ['no number is no age', { age: 'old' }, minute],
    ['by its date, when that is older', { date: http(noon - hour), age: '30' }, minute + hour],
    ['a date to come is none', { date: http(noon + hour) }, minute],
    ['a huge age stays finite', { age: '9'.repeat(40) }, minute + 2 ** 31 * second],
  ]
  for (const [what, headers, milliseconds] of rows) {
    test(what, () => assert.equal(currentAge({ headers, checked: noon }, noon + minute), milliseconds))
  }
})

describe('what is stale', () => {
  /** Fresh for a minute, and two minutes old. */
  const old = (text: string) => [{ headers: control(`max-age=60${text}`), checked: noon }, noon + 2 * minute] as const

  test('is shown on error for as long as policy or upstream says, whichever is less (RFC 5861 §4)', () => {
    const may = (text: string, most = hour) => mayServeOnError(...old(text), most)
    assert.equal(may(''), true)
    assert.equal(may('', minute - 1), false)
    assert.equal(may(', stale-if-error=60'), true)
    assert.equal(may(', stale-if-error=59'), false)
    assert.equal(may(', stale-if-error=3600', minute - 1), false)
  })

  test('is never shown where upstream forbids it (RFC 9111 §4.2.4)', () => {
    for (const text of [', must-revalidate', ', proxy-revalidate', ', s-maxage=60', ', no-cache']) {
      assert.equal(mayServeOnError(...old(text), hour), false, text)
      assert.equal(mayServeMeanwhile(...old(`${text}, stale-while-revalidate=3600`)), false, text)
      assert.equal(isFresh(...old(text), { maxStale: hour }), false, text)
    }
  })

  test('is shown while upstream is asked where upstream allows it (RFC 5861 §3)', () => {
    assert.equal(mayServeMeanwhile(...old('')), false)
    assert.equal(mayServeMeanwhile(...old(', stale-while-revalidate=61')), true)
    assert.equal(mayServeMeanwhile(...old(', stale-while-revalidate=60')), false)
  })
})

describe('a 304', () => {
  test('renews what it names; age and date are its own or none', () => {
    const before = { etag: '"1"', age: '50', date: 'then', 'cache-control': 'max-age=1' }
    assert.deepEqual(updated(before, { 'cache-control': 'max-age=9' }), { etag: '"1"', 'cache-control': 'max-age=9' })
  })
})

describe('variants (RFC 9111 §4.1)', () => {
  const vary = { vary: 'Accept-Language, X-Other' }
  const german = { 'accept-language': 'de' }

  test('are chosen by the fields that Vary names, and by no others', () => {
    assert.deepEqual(selecting({ ...german, accept: 'text/html' }, vary), german)
    assert.equal(fits(german, vary, { ...german, accept: 'text/html' }), true)
    assert.equal(fits(german, vary, { 'accept-language': 'en' }), false)
    assert.equal(fits(german, vary, {}), false)
    assert.equal(fits({}, vary, german), false)
    assert.equal(fits({}, vary, {}), true)
    assert.equal(fits({}, {}, german), true)
  })

  test('do not differ by blanks', () => assert.equal(normalised(' de ,en;q=0.5,  fr'), 'de, en;q=0.5, fr'))
})
