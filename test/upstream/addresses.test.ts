import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { describe, it } from 'node:test'
import { MirrorError } from '../../src/errors.ts'
import { isPublic, publicLookup } from '../../src/upstream/addresses.ts'

describe('an address', () => {
  for (const address of [
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    '3fff::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
    '127.1',
  ]) {
    it(`${address} is not public`, () => assert.equal(isPublic(address), false))
  }
  for (const address of ['8.8.8.8', '100.63.255.255', '172.32.0.1', '198.41.0.4', '2606:4700::1', '2a00:1450::1']) {
    it(`${address} is public`, () => assert.equal(isPublic(address), true))
  }
})

describe('a lookup of public addresses', () => {
  const answering = (...addresses: readonly LookupAddress[]) => {
    const asked: string[] = []
    const lookup: LookupFunction = (name, _options, callback) => {
      asked.push(name)
      callback(null, [...addresses])
    }
    return { asked, lookup }
  }
  const look = (lookup: LookupFunction, all: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      publicLookup(lookup)('files.example.org', { all }, (error, found, family) =>
        error === null ? resolve(all ? found : [found, family]) : reject(error),
      )
    })
  const open = { address: '198.41.0.4', family: 4 }
  const other = { address: '2606:4700::1', family: 6 }

  it('asks once and hands on the very addresses that it checked', async () => {
    const { asked, lookup } = answering(open, other)
    assert.deepEqual(await look(lookup, true), [open, other])
    assert.deepEqual(asked, ['files.example.org'])
  })

  it('hands on the first when one is wanted', async () => {
    assert.deepEqual(await look(answering(open, other).lookup, false), ['198.41.0.4', 4])
  })

  for (const [name, addresses] of [
    ['the only address is private', [{ address: '10.0.0.1', family: 4 }]],
    ['the last of several is private', [open, other, { address: 'fd00::1', family: 6 }]],
    ['there is none', []],
  ] as const) {
    it(`refuses when ${name}`, async () => {
      await assert.rejects(look(answering(...addresses).lookup, true), (error: unknown) => {
        assert.ok(error instanceof MirrorError)
        return error.code === 'HOST_REFUSED'
      })
    })
  }

  it('passes on that a name does not resolve', async () => {
    const missing = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    await assert.rejects(
      look((_name, _options, callback) => callback(missing, []), true),
      missing,
    )
  })
})
