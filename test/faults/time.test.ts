// Time that misbehaves, or merely passes, while a server answers: clocks that jump, summer time, versions that mature,
// indexes past their date.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { AnyEcosystem } from '../../src/contract.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { cooldown, day, hour, item, minute, noon, openTestMirror, second } from '../builders/mirror.ts'
import { addSuite, binary, type Files, makeKey, rfcDate } from '../ecosystems/debian/archive.ts'
import { file, json, startUpstream } from '../fakes/upstream.ts'
import { serveMirror, site } from '../server/site.ts'

const bytesOf = (version: string): string => `a of ${version}`
const entry = (version: string, published: number) => ({
  ...item(`a-${version}`, bytesOf(version), { version }),
  published,
})
const path = '/shelf/index/a'
const fileOf = (version: string): string => `/shelf/files/a/a-${version}`

test('a clock that was ahead freezes nothing once it is right again', async (t) => {
  const answers = ['1.0.0', '2.0.0', '3.0.0'].map((version) => json({ files: [entry(version, noon - day)] }))
  const { at, ask } = await site(t, { '/index/a': answers }, { now: noon + 365 * day, policy: { freshFor: hour } })
  for (let round = 0; round < 2; round += 1) assert.match((await ask(path)).text, /a-1\.0\.0/)
  at.clock.pass(-365 * day)
  assert.match((await ask(path)).text, /a-2\.0\.0/, 'a server asks anew')
  assert.match((await ask(path)).text, /a-2\.0\.0/)
  at.clock.pass(1)
  await at.sync(['a'])
  assert.match((await ask(path)).text, /a-3\.0\.0/, 'and so does a sync')
})

test('a clock that jumps ahead for a while drops nothing, and shows nothing for longer than it was ahead', async (t) => {
  const young = entry('2.0.0', noon - hour)
  const routes = {
    '/index/a': json({ files: [entry('1.0.0', noon - 30 * day), young] }),
    '/files/a/a-1.0.0': file(Buffer.from(bytesOf('1.0.0'))),
    '/files/a/a-2.0.0': file(Buffer.from(bytesOf('2.0.0'))),
  }
  const { at, ask } = await site(t, routes, { policy: { freshFor: hour, cooldown: cooldown({ default: 7 * day }) } })
  const shown = async () => [/a-2\.0\.0/.test((await ask(path)).text), (await ask(fileOf('2.0.0'))).status]
  assert.deepEqual(await shown(), [false, 403])
  assert.equal((await ask(fileOf('1.0.0'))).text, bytesOf('1.0.0'))
  at.clock.pass(365 * day)
  assert.deepEqual(await shown(), [true, 200])
  assert.equal((await ask(fileOf('1.0.0'))).text, bytesOf('1.0.0'))
  at.clock.pass(-365 * day)
  assert.deepEqual(await shown(), [false, 403], 'it is too young again')
  assert.equal((await ask(fileOf('1.0.0'))).text, bytesOf('1.0.0'))
})

/** The rest of the test keeps the time of a place. */
function inZone(t: TestContext, place: string): void {
  const zone = process.env.TZ
  process.env.TZ = place
  t.after(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
}

test('a version matures while it is being asked for, to the second, across the change to summer time', async (t) => {
  inZone(t, 'Europe/Berlin')
  const change = Date.UTC(2026, 2, 29, 1)
  assert.notEqual(new Date(change - 1).getTimezoneOffset(), new Date(change).getTimezoneOffset(), 'the hour is skipped')
  const routes = {
    '/index/a': json({ files: [entry('1.0.0', change - 30 * day), entry('2.0.0', change - 12 * hour)] }),
    '/files/a/a-2.0.0': file(Buffer.from(bytesOf('2.0.0')), { modified: new Date(change - 12 * hour) }),
  }
  const { at, ask } = await site(t, routes, {
    now: change - minute,
    policy: { freshFor: 30 * day, cooldown: cooldown({ default: day }) },
  })
  const shown = async () => /a-2\.0\.0/.test((await ask(path)).text)
  for (; at.clock.now < change + 12 * hour - second; at.clock.pass(2 * hour)) assert.equal(await shown(), false)
  at.clock.now = change + 12 * hour - second
  const refused = await ask(fileOf('2.0.0'))
  assert.deepEqual(
    [await shown(), refused.status, Date.parse(refused.headers['retry-after'] ?? '')],
    [false, 403, change + 12 * hour],
  )
  at.clock.pass(second)
  assert.deepEqual([await shown(), (await ask(fileOf('2.0.0'))).text], [true, bytesOf('2.0.0')])
  const { 'last-modified': modified = '' } = (await ask(fileOf('2.0.0'))).headers
  assert.equal(Date.parse(modified), change - 12 * hour)
  const unchanged = await ask(fileOf('2.0.0'), { headers: { 'if-modified-since': modified } })
  assert.equal(unchanged.status, 304)
})

test('an index that is fresh for an hour is so across the end of summer time', async (t) => {
  inZone(t, 'America/New_York')
  const change = Date.UTC(2026, 10, 1, 6)
  const answers = ['1.0.0', '2.0.0'].map((version) => json({ files: [entry(version, noon)] }))
  const { at, ask } = await site(t, { '/index/a': answers }, { now: change - minute, policy: { freshFor: hour } })
  await ask(path)
  at.clock.pass(hour - second)
  assert.match((await ask(path)).text, /a-1\.0\.0/)
  at.clock.pass(second)
  assert.match((await ask(path)).text, /a-2\.0\.0/)
})

test('the Valid-Until of a suite passes while it is served', async (t) => {
  const key = await makeKey()
  const up = await startUpstream()
  t.after(() => up.close())
  const root = '/dists/stable/InRelease'
  const list = 'main/binary-amd64/Packages'
  async function publish(version: string, date: number, until: number): Promise<void> {
    const files: Files = new Map()
    const more = { Date: rfcDate(date), 'Valid-Until': rfcDate(until), Suite: 'stable' }
    await addSuite(files, '/dists/stable', { [list]: [binary('tool', version)] }, key, more)
    for (const [at, bytes] of files) up.set(at, file(bytes, { etag: true }))
  }
  const repository = {
    ecosystem: 'debian',
    upstreams: [up.url],
    options: { suites: ['stable'], architectures: ['amd64'] },
    policy: { freshFor: minute, staleIfError: hour },
  }
  const empty = await openTestMirror({ repositories: [repository], ecosystems: ecosystems as readonly AnyEcosystem[] })
  const ring = join(empty.data, 'test.gpg')
  await writeFile(ring, key.public)
  const at = await empty.reopen({ repositories: [{ ...repository, keyrings: [ring] }] })
  const { ask } = await serveMirror(t, at)
  const asked = async (): Promise<string> => {
    const { status, headers } = await ask(`/debian${root}`)
    return `${status} ${headers['x-pkgmirror-error'] ?? headers['x-cache'] ?? ''}`
  }

  await publish('1.0', noon - day, noon + hour)
  assert.equal(await asked(), '200 MISS')
  assert.equal(await asked(), '200 HIT')
  at.clock.pass(hour)
  assert.equal(await asked(), '200 REVALIDATED', 'its last second')
  at.clock.pass(minute)
  assert.equal(await asked(), '200 STALE', 'what is held goes on for a while, and says so')
  at.clock.pass(hour)
  assert.equal(await asked(), '502 EXPIRED')
  assert.equal((await ask(`/debian/dists/stable/${list}.gz`)).status, 200, 'its members stay what they are')
  await publish('2.0', at.clock.now - minute, at.clock.now + day)
  assert.equal(await asked(), '200 MISS', 'upstream is well again')
})
