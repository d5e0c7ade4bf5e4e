import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Credentials } from '../../src/config/types.ts'
import { MirrorError } from '../../src/errors.ts'
import { secretsOf } from '../../src/upstream/credentials.ts'

const upstreams = ['https://a.example.org/npm', 'https://b.example.org']
const sent = (credentials: readonly Credentials[], address: string) =>
  secretsOf({ name: 'main', upstreams, credentials }).headersFor(new URL(address))

describe('credentials', () => {
  it('without a scope belong to every upstream of the repository', () => {
    const expected = { authorization: 'Bearer t' }
    assert.deepEqual(sent([{ bearer: 't' }], 'https://a.example.org/npm/x'), expected)
    assert.deepEqual(sent([{ bearer: 't' }], 'https://b.example.org/'), expected)
  })

  for (const address of [
    'http://a.example.org/npm/x',
    'https://a.example.org:8443/npm/x',
    'https://a.example.org/npmx',
    'https://a.example.org/',
    'https://a.example.org/npm/../x',
    'https://a.example.org.evil.example.com/npm/x',
    'https://c.example.org/npm/x',
  ]) {
    it(`are not sent to ${address}`, () => assert.deepEqual(sent([{ bearer: 't' }], address), {}))
  }

  it('of the longest scope win', () => {
    const credentials = [
      { url: 'https://a.example.org', bearer: 'host' },
      { url: 'https://a.example.org/npm/', bearer: 'path' },
      { url: 'https://a.example.org/npm/deep/er', bearer: 'deeper' },
    ]
    assert.equal(sent(credentials, 'https://a.example.org/x').authorization, 'Bearer host')
    assert.equal(sent(credentials, 'https://a.example.org/npm').authorization, 'Bearer path')
    assert.equal(sent(credentials, 'https://a.example.org/npm/deep').authorization, 'Bearer path')
    assert.equal(sent(credentials, 'https://a.example.org/npm/deep/er/x').authorization, 'Bearer deeper')
  })

  it('are written as a user name and password, as they are, or in fields of their own', () => {
    const url = 'https://c.example.org'
    assert.equal(sent([{ url, username: 'jo', password: 'ä:b' }], url).authorization, 'Basic am86w6Q6Yg==')
    assert.equal(sent([{ url, authorization: 'Token x' }], url).authorization, 'Token x')
    assert.deepEqual(sent([{ url, headers: { 'PRIVATE-TOKEN': 'x' } }], url), { 'private-token': 'x' })
  })

  it('with a scope that is no address are a fault of the configuration', () => {
    assert.throws(
      () => sent([{ url: 'not an address', bearer: 'SECRET' }], 'https://a.example.org'),
      (error: unknown) => error instanceof MirrorError && error.code === 'CONFIG' && !error.message.includes('SECRET'),
    )
  })
})
