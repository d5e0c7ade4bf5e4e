import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { asMirrorError } from '../../src/errors.ts'
import { parseHttpDate } from '../../src/formats/http-date.ts'
import { readRange, resolveRange } from '../../src/server/ranges.ts'
import { negotiate, readTarget } from '../../src/server/request.ts'

function requestOf(url: string, fields: readonly (readonly [string, string])[] = [['Host', 'a']], method = 'GET') {
  const headers = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))
  return { method, url, headers, rawHeaders: fields.flat() } as unknown as IncomingMessage
}

const codeOf = (request: IncomingMessage): string => {
  try {
    readTarget(request)
    return 'fine'
  } catch (error) {
    return asMirrorError(error).code
  }
}

describe('a request target', () => {
  it('is a path and a query', () => {
    const { path, decoded, query, host, absolute } = readTarget(
      requestOf('/@scope%2fname/a%2Bb?x=1&y=%20', [['Host', 'A:80']]),
    )
    assert.equal(path, '/@scope%2fname/a%2Bb')
    assert.equal(decoded, '/@scope/name/a+b')
    assert.deepEqual(
      [...query],
      [
        ['x', '1'],
        ['y', ' '],
      ],
    )
    assert.equal(host, 'a:80')
    assert.equal(absolute, undefined)
  })

  it('is an address when we are used as a proxy, whose host counts', () => {
    const { path, host, absolute } = readTarget(
      requestOf('http://Deb.example.org:8080/pool/a%7eb?x=1', [['Host', 'other']]),
    )
    assert.equal(path, '/pool/a%7eb')
    assert.equal(host, 'deb.example.org:8080')
    assert.equal(absolute?.href, 'http://deb.example.org:8080/pool/a%7eb?x=1')
  })

  it('is the root when the address has no path', () => {
    assert.equal(readTarget(requestOf('http://registry.example.org')).path, '/')
    assert.equal(readTarget(requestOf('http://registry.example.org?x=1')).query.get('x'), '1')
  })

  it('needs no Host field', () => assert.equal(readTarget(requestOf('/', [])).host, undefined))

  for (const url of [
    'http://user@a/',
    'http://user:pass@a/',
    'http://a\\@b/',
    'http:///a',
    'http://a:99999/',
    'http://[::1/',
    'ftp://a/',
    'file:///etc/passwd',
    'a/b',
    '*',
    'a:443',
    '/a#b',
    '/a b',
    '/caf\u00e9',
    '/a\u0001',
    '',
  ])
    it(`is refused: ${JSON.stringify(url)}`, () => assert.equal(codeOf(requestOf(url)), 'BAD_REQUEST'))

  for (const url of ['/../a', '/a/%2e%2e/b', '/a%5cb', '/%00', '/%ff', 'http://a/../b', '/a/%2e%2e%2fb'])
    it(`leads nowhere else: ${url}`, () => assert.equal(codeOf(requestOf(url)), 'BAD_PATH'))

  for (const host of ['a/b', 'user@a', 'a b', 'a,b', '[::1', 'a:port'])
    it(`has a plain host: ${host}`, () => assert.equal(codeOf(requestOf('/', [['Host', host]])), 'BAD_REQUEST'))

  for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'OPTIONS', 'PROPFIND'])
    it(`is not for ${method}`, () => assert.equal(codeOf(requestOf('/', [], method)), 'METHOD'))

  for (const [name, value] of [
    ['Content-Length', '1'],
    ['Transfer-Encoding', 'chunked'],
  ] as const)
    it(`has no body for GET and HEAD: ${name}`, () => {
      assert.equal(codeOf(requestOf('/', [[name, value]])), 'BAD_REQUEST')
      assert.equal(codeOf(requestOf('/', [[name, value]], 'HEAD')), 'BAD_REQUEST')
      assert.equal(codeOf(requestOf('/', [[name, value]], 'POST')), 'fine')
    })

  it('may state that a GET has no body', () => {
    assert.equal(codeOf(requestOf('/', [['Content-Length', '0']])), 'fine')
  })

  for (const coding of ['xchunked', 'gzip', 'gzip, chunked', 'identity'])
    it(`has no other transfer coding than chunked: ${coding}`, () => {
      assert.equal(codeOf(requestOf('/', [['Transfer-Encoding', coding]], 'POST')), 'BAD_REQUEST')
    })
})

describe('what the HTTP parser lets through', () => {
  const server = createServer((request, response) => {
    response.setHeader('Connection', 'close')
    response.end(codeOf(request))
  })
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  after(() => server.close())

  function answerTo(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.end(text))
      let answer = ''
      socket.on('data', (piece) => {
        answer += piece
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(answer))
    })
  }

  for (const [what, text] of [
    ['two Host fields', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['the same Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n'],
    ['an unknown transfer coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n'],
    ['a body of GET', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'],
  ] as const)
    it(`is refused: ${what}`, async () => assert.match(await answerTo(text), /BAD_REQUEST$/))

  it('is no more than that', async () => assert.match(await answerTo('GET /a HTTP/1.1\r\nHost: a\r\n\r\n'), /fine$/))
})

describe('the media type', () => {
  const npm = ['application/json', 'application/vnd.npm.install-v1+json']
  const simple = ['text/html', 'application/vnd.pypi.simple.v1+json']
  for (const [accept, types, chosen] of [
    [undefined, npm, npm[0]],
    ['*/*', npm, npm[0]],
    ['application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*', npm, npm[1]],
    ['application/json', npm, npm[0]],
    ['APPLICATION/VND.NPM.INSTALL-V1+JSON', npm, npm[1]],
    ['application/vnd.pypi.simple.v1+json, text/html; q=0.01', simple, simple[1]],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', simple, simple[0]],
    ['application/*', simple, simple[1]],
    ['text/html;q=0, */*;q=0.1', simple, simple[1]],
    ['*/*, application/vnd.pypi.simple.v1+json', simple, simple[1]],
    ['image/png', simple, simple[0]],
    ['text/html;q=0', simple, simple[0]],
    ['text/html;q=0.3, application/vnd.pypi.simple.v1+json;q=2', simple, simple[1]],
    [',;q=,,/', simple, simple[0]],
    ['constructor, __proto__;q=1', simple, simple[0]],
    ['*/*', [], ''],
  ] as const)
    it(`is ${chosen || 'none'} for ${accept}`, () => assert.equal(negotiate(accept, types), chosen))

  it('is always one of those offered', () => {
    fc.assert(fc.property(fc.string(), (accept) => simple.includes(negotiate(accept, simple))))
  })
})

describe('a range', () => {
  it('is a part within the body, whatever is asked', () => {
    const number = fc.oneof(fc.constant(''), fc.nat().map(String), fc.stringMatching(/^\d{1,30}$/))
    fc.assert(
      fc.property(number, number, fc.nat(), (first, second, size) => {
        const asked = readRange(`bytes=${first}-${second}`)
        const part = asked && resolveRange(asked, size)
        return part === undefined || (0 <= part.from && part.from < part.to && part.to <= size)
      }),
    )
  })
})

describe('a date of HTTP', () => {
  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        return parseHttpDate(new Date(seconds * 1000).toUTCString()) === seconds * 1000
      }),
    )
  })

  for (const text of [
    '',
    '0',
    '2024',
    '2024-05-06T07:08:09Z',
    'Mon, 32 May 2024 07:08:09 GMT',
    'Mon, 06 Foo 2024 07:08:09 GMT',
    'Mon, 06 May 2024 24:08:09 GMT',
    'Mon, 06 May 2024 07:08:09 +0100',
  ])
    it(`is none: "${text}"`, () => assert.equal(parseHttpDate(text), undefined))
})
