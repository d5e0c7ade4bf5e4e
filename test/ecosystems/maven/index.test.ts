// Checksums, ages and attacks, through a mirror of a small upstream.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { maven } from '../../../src/ecosystems/maven/index.ts'
import { cooldown, day, noon, openTestMirror, rule, type TestMirrorOptions } from '../../builders/mirror.ts'
import { type Step, startUpstream } from '../../fakes/upstream.ts'
import { digest, listPath, metadata, path, pom } from './repository.ts'

const algorithms = ['sha512', 'sha256', 'sha1', 'md5']
const jar = path('kit:1.0', '.jar')

async function mirror(t: TestContext, policy: TestMirrorOptions['policy'] = {}, options: unknown = {}) {
  const up = await startUpstream()
  const put = (at: string, body: string, which = algorithms, more: Step = {}) => {
    up.set(at, { body, ...more })
    for (const algorithm of which) up.set(`${at}.${algorithm}`, { body: digest(algorithm, body) })
  }
  const one = await openTestMirror({
    repositories: [{ ecosystem: 'maven', upstreams: [up.url], options: options as never }],
    ecosystems: [maven],
    policy,
  })
  t.after(async () => {
    await one.close()
    await up.close()
  })
  return { up, one, put }
}

describe('checksums', () => {
  it('must all fit, and any that does not is a refusal', async (t) => {
    for (const wrong of algorithms) {
      const { up, one, put } = await mirror(t)
      put(jar, 'the files')
      up.set(`${jar}.${wrong}`, { body: digest(wrong, 'other files') })
      const { code } = await one.failure(jar)
      assert.equal(code, 'WRONG_DIGEST', wrong)
    }
  })

  it('vouch alone, each of them; without any a file is not there unless the repository says so', async (t) => {
    for (const only of algorithms) {
      const { one, put } = await mirror(t)
      put(jar, 'the files', [only])
      assert.equal((await one.get(jar)).text, 'the files', only)
    }
    const strict = await mirror(t)
    strict.put(jar, 'the files', [])
    assert.equal((await strict.one.failure(jar)).code, 'NOT_FOUND')
    assert.equal(strict.up.count(jar), 0)
    const trusting = await mirror(t, {}, { checksums: [] })
    trusting.put(jar, 'the files', [])
    assert.equal((await trusting.one.get(jar)).text, 'the files')
    assert.equal(trusting.up.count(`${jar}.sha1`), 0)
  })

  it('of clients are made of what they are shown, whatever upstream has', async (t) => {
    const { one, put } = await mirror(t)
    put(jar, 'the files', ['md5'])
    for (const algorithm of algorithms) {
      const { text, type } = await one.get(`${jar}.${algorithm}`)
      assert.equal(text, digest(algorithm, 'the files'))
      assert.equal(type, 'text/plain')
    }
    await one.mirror.flights.idle()
    const { headers } = await one.get(jar)
    for (const algorithm of algorithms) assert.equal(headers[`x-checksum-${algorithm}`], digest(algorithm, 'the files'))
  })

  it('of a filtered list are those of the filtered list, in files and in header fields', async (t) => {
    const { one, put } = await mirror(t, { deny: [rule('pkg:maven/org.example/kit@1.1')] })
    put(listPath('kit'), metadata('kit', ['1.0', '1.1']))
    const { text, headers } = await one.get(listPath('kit'))
    assert.doesNotMatch(text, /1\.1/)
    for (const algorithm of algorithms) {
      assert.equal((await one.get(`${listPath('kit')}.${algorithm}`)).text, digest(algorithm, text))
      assert.equal(headers[`x-checksum-${algorithm}`], digest(algorithm, text))
    }
  })

  it('of a list that do not fit keep the list that was held', async (t) => {
    const { up, one, put } = await mirror(t)
    put(listPath('kit'), metadata('kit', ['1.0']))
    const before = await one.get(listPath('kit'))
    up.set(listPath('kit'), { body: metadata('kit', ['1.0', '9.9']) })
    one.clock.pass(day)
    const { text, headers } = await one.get(listPath('kit'))
    assert.equal(text, before.text)
    assert.equal(headers['x-cache'], 'STALE')
  })

  it('that are an error upstream are an error, and not missing', async (t) => {
    const { up, one, put } = await mirror(t)
    put(jar, 'the files')
    up.set(`${jar}.sha256`, { status: 500, body: '' })
    assert.equal((await one.failure(jar)).code, 'UPSTREAM_STATUS')
  })
})

describe('what a client says of caching', () => {
  it('changes nothing for files: they are kept, and served from what is held', async (t) => {
    const { up, one, put } = await mirror(t)
    put(jar, 'the files')
    const directives = { revalidate: true, onlyIfCached: false }
    await one.get(jar, { directives } as never)
    await one.mirror.flights.idle()
    one.clock.pass(day)
    await one.get(jar, { directives } as never)
    assert.equal(up.count(jar), 1)
  })
})

describe('a cooldown', () => {
  const week = { cooldown: cooldown({ default: 7 * day }) }
  const modified = (days: number): Step => ({ modified: new Date(noon - days * day) })

  it('goes by Last-Modified of the descriptor, for every file of the version', async (t) => {
    const { one, put } = await mirror(t, week)
    put(path('kit:1.0'), pom('kit:1.0'), ['sha1'], modified(2))
    put(jar, 'the files', ['sha1'], modified(400))
    for (const each of [path('kit:1.0'), jar, `${jar}.sha1`]) {
      assert.equal((await one.failure(each)).code, 'COOLDOWN', each)
    }
    one.clock.pass(6 * day)
    assert.equal((await one.get(jar)).text, 'the files')
    assert.equal((await one.get(`${jar}.sha1`)).text, digest('sha1', 'the files'))
  })

  it('lets through what the first reading of a list shows, and holds what comes later', async (t) => {
    const { one, put } = await mirror(t, week)
    put(listPath('kit'), metadata('kit', ['1.0']))
    for (const version of ['1.0', '1.1']) {
      put(path(`kit:${version}`), pom(`kit:${version}`), ['sha1'])
      put(path(`kit:${version}`, '.jar'), `the files of ${version}`, ['sha1'])
    }
    assert.equal((await one.get(jar)).text, 'the files of 1.0')
    put(listPath('kit'), metadata('kit', ['1.0', '1.1']))
    one.clock.pass(day)
    assert.doesNotMatch((await one.get(listPath('kit'))).text, /1\.1/)
    assert.equal((await one.failure(path('kit:1.1', '.jar'))).code, 'COOLDOWN')
    one.clock.pass(8 * day)
    assert.match((await one.get(listPath('kit'))).text, /1\.1/)
    assert.equal((await one.get(path('kit:1.1', '.jar'))).text, 'the files of 1.1')
  })

  it('does not take the first reading of a checksum for a first sight of old', async (t) => {
    const { one, put } = await mirror(t, week)
    put(path('kit:1.0'), pom('kit:1.0'), ['sha1'])
    put(jar, 'the files', ['sha1'])
    assert.equal((await one.failure(jar)).code, 'COOLDOWN')
    one.clock.pass(8 * day)
    assert.equal((await one.get(jar)).text, 'the files')
  })

  it('takes a time that cannot be read for one that has not come', async (t) => {
    const { one, put } = await mirror(t, week)
    put(path('kit:1.0'), pom('kit:1.0'), ['sha1'], { headers: { 'last-modified': 'yesterday' } })
    put(jar, 'the files', ['sha1'])
    one.clock.pass(100 * day)
    assert.equal((await one.failure(jar)).code, 'COOLDOWN')
  })

  it('hides the newest of a list that its descriptor dates', async (t) => {
    const { one, put } = await mirror(t, week)
    put(listPath('kit'), metadata('kit', ['1.0', '1.1']))
    put(path('kit:1.0'), pom('kit:1.0'), ['sha1'], modified(100))
    put(path('kit:1.1'), pom('kit:1.1'), ['sha1'], modified(1))
    const { text } = await one.get(listPath('kit'))
    assert.match(text, /<release>1\.0</)
    assert.doesNotMatch(text, /1\.1/)
    one.clock.pass(7 * day)
    assert.match((await one.get(listPath('kit'))).text, /<release>1\.1</)
  })
})

describe('a deny rule', () => {
  it('refuses a version with all that is about it, and a package before anything is asked', async (t) => {
    const { up, one, put } = await mirror(t, {
      deny: [rule('pkg:maven/org.example/kit@1.0'), rule('pkg:maven/org.evil/**')],
    })
    put(jar, 'the files')
    put(path('kit:1.0'), pom('kit:1.0'))
    for (const each of [jar, path('kit:1.0'), `${jar}.sha1`, `${jar}.asc`])
      assert.equal((await one.failure(each)).code, 'DENIED', each)
    up.reset()
    for (const each of [path('org.evil:kit:1.0', '.jar'), listPath('org.evil:kit:1.0')]) {
      assert.equal((await one.failure(each)).code, 'DENIED', each)
    }
    assert.equal(up.count(), 0)
  })

  it('of a snapshot covers its builds', async (t) => {
    const { one, put } = await mirror(t, { deny: [rule('pkg:maven/org.example/kit@1.0-SNAPSHOT')] })
    const build = path('kit:1.0-20260102.120000-4', '.jar')
    put(build, 'the files')
    assert.equal((await one.failure(build)).code, 'DENIED')
  })
})
