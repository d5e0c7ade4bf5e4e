import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MirrorError } from '../../src/errors.ts'
import { addressOf, hostRules } from '../../src/upstream/hosts.ts'
import { processorTime } from '../builders/processor-time.ts'

const reach = (address: string, allowHosts: readonly string[] = [], upstream = 'https://registry.example.org/npm') => {
  try {
    return hostRules({ name: 'main', upstreams: [upstream], allowHosts }).reach(new URL(address))
  } catch (error) {
    assert.ok(error instanceof MirrorError)
    assert.equal(error.code, 'HOST_REFUSED')
    return 'refused'
  }
}

describe('hosts of a built-in declaration', () => {
  it('are allowed, but only where they resolve to public addresses', () => {
    const rules = hostRules({
      name: 'main',
      upstreams: ['https://registry.example.org'],
      allowHosts: [],
      hosts: ['files.example.org', '127.0.0.1'],
    })
    assert.equal(rules.reach(new URL('https://files.example.org/x')), 'public')
    assert.throws(() => rules.reach(new URL('http://127.0.0.1/x')), { code: 'HOST_REFUSED' })
  })
})

describe('a repository', () => {
  for (const [address, allowed, expected] of [
    ['https://registry.example.org/x', [], 'anywhere'],
    ['http://registry.example.org/x', [], 'anywhere'],
    ['https://registry.example.org:8443/x', [], 'refused'],
    ['https://files.example.org/x', [], 'refused'],
    ['https://files.example.org/x', ['files.example.org'], 'anywhere'],
    ['https://files.example.org/x', ['FILES.example.org'], 'anywhere'],
    ['https://files.example.org/x', ['*.example.org'], 'public'],
    ['https://a.b.example.org/x', ['*.example.org'], 'public'],
    ['https://example.org/x', ['*.example.org'], 'refused'],
    ['https://badexample.org/x', ['*.example.org'], 'refused'],
    ['https://files.example.org.evil.example.com/x', ['files.example.org', '*.example.org'], 'refused'],
    ['https://cdn-7.example.org/x', ['cdn-*.example.org'], 'public'],
    ['https://anything.example.com/x', ['*'], 'public'],
    ['https://anything.example.com:8443/x', ['*'], 'refused'],
    ['https://files.example.org:8443/x', ['files.example.org'], 'refused'],
    ['https://files.example.org:8443/x', ['files.example.org:8443'], 'anywhere'],
    ['https://files.example.org/x', ['files.example.org:8443'], 'refused'],
    ['https://files.example.org:8443/x', ['*.example.org:8443'], 'public'],
    ['http://127.0.0.1/x', ['*'], 'refused'],
    ['http://127.0.0.1/x', ['127.*'], 'refused'],
    ['http://127.0.0.1/x', ['127.0.0.1'], 'anywhere'],
    ['http://[::1]/x', ['*'], 'refused'],
    ['http://[::1]:8080/x', ['[::1]:8080'], 'anywhere'],
    ['http://localhost/x', ['*'], 'refused'],
    ['http://a.localhost/x', ['*'], 'refused'],
    ['http://8.8.8.8/x', ['*'], 'public'],
  ] as const) {
    it(`that lists [${allowed.join(', ')}] may be led to ${address}: ${expected}`, () => {
      assert.equal(reach(address, allowed), expected)
    })
  }

  it('with a private upstream reaches it, on its own port and the usual ones', () => {
    const upstream = 'http://10.0.0.5:8081'
    assert.equal(reach('http://10.0.0.5:8081/x', [], upstream), 'anywhere')
    assert.equal(reach('https://10.0.0.5/x', [], upstream), 'anywhere')
    assert.equal(reach('http://10.0.0.5:9000/x', [], upstream), 'refused')
  })

  it('is told which line to write, with the port where it is an unusual one', () => {
    assert.throws(
      () =>
        hostRules({ name: 'main', upstreams: [], allowHosts: [] }).reach(new URL('https://files.example.org:8443/')),
      (error: unknown) => error instanceof MirrorError && error.hint.includes('"files.example.org:8443"'),
    )
  })

  it('matches a glob of many stars in linear time', () => {
    const started = processorTime()
    assert.equal(reach(`https://${'a'.repeat(60)}.${'a'.repeat(60)}.example/x`, [`${'*a'.repeat(60)}*b`]), 'refused')
    assert.ok(processorTime() - started < 100)
  })
})

describe('an address', () => {
  const base = new URL('https://registry.example.org/a/b')
  for (const [text, expected] of [
    ['https://files.example.org/x#part', 'https://files.example.org/x'],
    ['/x?y=1', 'https://registry.example.org/x?y=1'],
    ['../x', 'https://registry.example.org/x'],
    ['//files.example.org/x', 'https://files.example.org/x'],
    ['\\\\files.example.org\\x', 'https://files.example.org/x'],
    ['http://8.8.8.8:8080/x', 'http://8.8.8.8:8080/x'],
    ['x?from=http://1/', 'https://registry.example.org/a/x?from=http://1/'],
  ] as const) {
    it(`${text} is understood`, () => assert.equal(addressOf(text, base).href, expected))
  }
  for (const text of [
    'ftp://files.example.org/x',
    'file:///etc/passwd',
    'data:,x',
    'javascript:1',
    'http://jo@files.example.org/',
    'http://:pw@files.example.org/',
    'http://files.example.org./',
    'http://134744072/',
    'http://0x8.8.8.8/',
    'http://8.8.2056/',
    'http://010.8.8.8/',
    '//134744072/',
    'http://',
    'http://a b/',
  ]) {
    it(`${text} is refused`, () => {
      assert.throws(
        () => addressOf(text, base),
        (error: unknown) => error instanceof MirrorError && error.code === 'HOST_REFUSED',
      )
    })
  }
})
