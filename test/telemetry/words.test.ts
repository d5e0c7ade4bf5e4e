import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesText, countText, durationText } from '../../src/telemetry/words.ts'

describe('sizes', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1250, '1.3 kB'],
    [9949, '9.9 kB'],
    [9960, '10 kB'],
    [999_400, '999 kB'],
    [999_600, '1.0 MB'],
    [34e9, '34 GB'],
    [5e18, '5000 PB'],
  ] as const)
    it(`says ${text} for ${bytes}`, () => assert.equal(bytesText(bytes), text))
})

describe('durations', () => {
  for (const [milliseconds, text] of [
    [0, '0 ms'],
    [340.4, '340 ms'],
    [999.6, '1.0 s'],
    [4200, '4.2 s'],
    [59_600, '1 min'],
    [65_000, '1 min 5 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [7_380_000, '2 h 3 min'],
    [183_600_000, '2 d 3 h'],
    [Number.POSITIVE_INFINITY, 'forever'],
  ] as const)
    it(`says ${text} for ${milliseconds} ms`, () => assert.equal(durationText(milliseconds), text))
})

describe('counts', () => {
  for (const [count, noun, text] of [
    [1, 'file', '1 file'],
    [0, 'file', '0 files'],
    [2345, 'file', '2,345 files'],
    [2, 'repository', '2 repositories'],
    [2, 'key', '2 keys'],
    [2, 'index', '2 indexes'],
  ] as const)
    it(`says ${text}`, () => assert.equal(countText(count, noun), text))
})
