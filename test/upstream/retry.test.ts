import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryAfter } from '../../src/upstream/retry.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

describe('Retry-After', () => {
  for (const [value, expected] of [
    [undefined, undefined],
    ['0', 0],
    ['7', 7000],
    ['99999999999999999999', 30_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Thu, 01 Jan 2026 01:00:00 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ] as const) {
    it(`${value} is ${expected}`, () => assert.equal(retryAfter(value, now), expected))
  }
})
