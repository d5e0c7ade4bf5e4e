import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MirrorError } from '../../src/errors.ts'
import { decodePath, encodePath, exportName, joinUrl, safePath } from '../../src/formats/safe-path.ts'

const badPath = (error: unknown): boolean => error instanceof MirrorError && error.code === 'BAD_PATH'

describe('a safe path', () => {
  test('is handed back as it is', () => {
    for (const path of [
      '/',
      '/a',
      '/simple/x/',
      '/@corp/x/-/x-1.0.tgz',
      '/ü/…',
      '/a/.b/..c/d..',
      '/a b',
      '/con',
      '/%2e%2e',
    ]) {
      assert.equal(safePath(path), path)
    }
  })

  test('has no way out of its folder and no second spelling', () => {
    const traversals = [
      '',
      'a',
      '../a',
      '/..',
      '/../a',
      '/a/..',
      '/a/../b',
      '/a/./b',
      '/.',
      '//',
      '//a',
      '/a//b',
      '/a//',
      '/a/../',
      '/./',
    ]
    const characters = [
      '/a\\b',
      '\\\\host\\a',
      '/a\u0000',
      '/a\nb',
      '/a\u007f',
      '/a\u0085',
      '/a\u001b[0m',
      '/\ud800',
      '/a\udc00b',
    ]
    for (const path of [...traversals, ...characters, 'C:/a', 'http://host/a']) {
      assert.throws(() => safePath(path), badPath, JSON.stringify(path))
    }
  })

  test('has segments of at most 255 bytes and 1024 bytes in all', () => {
    assert.ok(safePath(`/${'a'.repeat(255)}`))
    assert.throws(() => safePath(`/${'a'.repeat(256)}`), badPath)
    assert.throws(() => safePath(`/${'ü'.repeat(128)}`), badPath)
    assert.ok(safePath('/abcdefg'.repeat(128)))
    assert.throws(() => safePath(`${'/abcdefg'.repeat(128)}h`), badPath)
    assert.throws(() => safePath('/a'.repeat(1e6)), badPath)
  })
})

describe('a path of a request', () => {
  test('is decoded once', () => {
    assert.equal(decodePath('/@corp%2fx'), '/@corp/x')
    assert.equal(decodePath('/a%2Bb/%C3%BC'), '/a+b/ü')
    assert.equal(decodePath('/a+b'), '/a+b')
    assert.equal(decodePath('/a%252e%252e'), '/a%2e%2e')
    assert.equal(decodePath('/simple/x/'), '/simple/x/')
  })

  test('cannot hide a way out behind escapes', () => {
    for (const raw of ['/%2e%2e/a', '/a/%2E./b', '/a%2f..%2fb', '/a%5c..', '/%00', '/a%0d%0a', '/%2f', '/a%2f%2f']) {
      assert.throws(() => decodePath(raw), badPath, raw)
    }
  })

  test('is well-formed percent-encoded UTF-8', () => {
    for (const raw of ['/%', '/%zz', '/%c0%ae%c0%ae', '/%ff', '/%ed%a0%80', '/%c3'])
      assert.throws(() => decodePath(raw), badPath, raw)
  })
})

test('a path is encoded canonically and reads back the same', () => {
  assert.equal(encodePath("/a b/@c+~:!$&'()*,;=-._/ü%?#/"), "/a%20b/@c+~:!$&'()*,;=-._/%C3%BC%25%3F%23/")
  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      const path = `/${segments.join('/')}`
      try {
        safePath(path)
      } catch {
        return
      }
      assert.equal(decodePath(encodePath(path)), path)
      assert.equal(new URL(`http://host${encodePath(path)}`).pathname, encodePath(path))
    }),
  )
})

test('an address has one slash between base and path', () => {
  for (const [base, path] of [
    ['http://host/a', '/b'],
    ['http://host/a/', '/b'],
    ['http://host/a//', 'b'],
  ] as const) {
    assert.equal(joinUrl(base, path), 'http://host/a/b')
  }
})

test('a published tree gives a web server no orders', () => {
  assert.equal(exportName('/a/index.html'), '/a/index.html')
  for (const path of ['/.htaccess', '/a/.HTACCESS', '/.user.ini', '/Web.Config', '/web.config/b', '/../a']) {
    assert.throws(() => exportName(path), badPath, path)
  }
})
