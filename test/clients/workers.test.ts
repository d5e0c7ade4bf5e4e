// `serve --workers`: the shipped executable as several processes, over an upstream that counts.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesOf, file, json, startUpstream } from '../fakes/upstream.ts'
import { pkgmirror, serve } from './mirror.ts'
import { environment, files, folder, root } from './place.ts'

const sizes = { small: 1000, large: 3_000_000, torn: 500_000 }
type Name = keyof typeof sizes
const bodies = Object.fromEntries(
  Object.entries(sizes).map(([name, size], at) => [name, Buffer.from(bytesOf(size, at + 1))]),
) as Record<Name, Buffer>
const sha = (bytes: Uint8Array, kind = 'sha256'): string => createHash(kind).update(bytes).digest('hex')

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
  /** Did it end as it should? */
  readonly whole: boolean
}

let asked = 0

/** On a connection of its own, so that each request may meet another worker. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  asked += 1
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent: false, headers, method }, (reply) => {
      const pieces: Buffer[] = []
      reply.on('data', (piece: Buffer) => pieces.push(piece))
      reply.on('error', () => undefined)
      reply.on('close', () => {
        const { statusCode: status = 0, headers: fields, complete: whole } = reply
        resolve({ status, headers: fields, body: Buffer.concat(pieces), whole })
      })
    })
    asking.on('error', reject).end()
  })
}

async function start(t: TestContext) {
  const versions = Object.entries(bodies).map(([name, bytes], at) => {
    const tarball = `${name}.tgz`
    const shasum = sha(bytes, 'sha1')
    return [`1.0.${at}`, { name: 'kit', version: `1.0.${at}`, dist: { tarball: `http://u/kit/-/${tarball}`, shasum } }]
  })
  const upstream = await startUpstream()
  const document = {
    name: 'kit',
    'dist-tags': { latest: '1.0.0' },
    versions: Object.fromEntries(versions),
    time: {},
  }
  for (const each of Object.values(document.versions) as { dist: { tarball: string } }[])
    each.dist.tarball = each.dist.tarball.replace('http://u', upstream.url)
  upstream.set('/kit', json(document, { etag: true }))
  upstream.set('/kit/-/small.tgz', file(bodies.small))
  upstream.set('/kit/-/large.tgz', file(bodies.large, { firstByteDelay: 200, bytesPerSecond: 20_000_000 }))
  upstream.set('/kit/-/torn.tgz', file(bodies.torn, { truncateAt: 300_000, ranges: false }))
  t.after(() => upstream.close())
  const configuration = `builtin: false\nretries: 0\nrepositories: { npm: { ecosystem: npm, upstream: "${upstream.url}" } }\n`
  const mirror = { data: folder(t), config: `${files(folder(t), { 'c.yaml': configuration })}/c.yaml` }
  const running = await serve(t, mirror, ['--workers', '2'])
  return { upstream, mirror, running, at: `${running.url}/npm/kit/-` }
}

describe('serve --workers', () => {
  it('fetches a file once, whichever workers are asked for it, and follows it as it arrives', async (t) => {
    const { upstream, at } = await start(t)
    const answers = await Promise.all(Array.from({ length: 12 }, () => get(`${at}/large.tgz`)))
    for (const { status, body, whole } of answers) {
      assert.deepEqual([status, whole], [200, true])
      assert.ok(body.equals(bodies.large))
    }
    assert.equal(upstream.count('/kit/-/large.tgz'), 1)
    assert.equal(upstream.count('/kit'), 1)
  })

  it('serves what is held as one process does: conditions, parts, heads, hits', async (t) => {
    const { upstream, mirror, running, at } = await start(t)
    asked = 0
    for (const name of ['small', 'large'] as const) {
      const first = await get(`${at}/${name}.tgz`)
      // it is held a little after the last byte has been shown
      let again = await get(`${at}/${name}.tgz`)
      while (again.headers['x-cache'] !== 'HIT') again = await get(`${at}/${name}.tgz`)
      const tag = String(again.headers.etag)
      const unchanged = await get(`${at}/${name}.tgz`, { 'if-none-match': tag })
      const part = await get(`${at}/${name}.tgz`, { range: 'bytes=10-19' })
      const head = await get(`${at}/${name}.tgz`, {}, 'HEAD')
      assert.equal(first.headers['x-cache'], 'MISS')
      assert.equal(tag, `"${sha(bodies[name])}"`)
      assert.ok(again.body.equals(bodies[name]))
      assert.deepEqual([unchanged.status, unchanged.body.length], [304, 0])
      assert.deepEqual([part.status, part.body.equals(bodies[name].subarray(10, 20))], [206, true])
      assert.deepEqual([head.headers['content-length'], head.body.length], [String(sizes[name]), 0])
    }
    const shown = await get(`${running.url}/npm/kit`, { accept: 'application/vnd.npm.install-v1+json' })
    assert.match(shown.body.toString(), new RegExp(`"tarball":"${at}/small\\.tgz"`))
    assert.equal(upstream.count(), 3)
    await running.stop()
    const status = JSON.parse(await pkgmirror(mirror, 'status', '--json')) as { repositories: { hits: number }[] }
    assert.equal(status.repositories[0]?.hits, asked)
    const lines = running.said().trim().split('\n')
    const records = lines.map((line) => JSON.parse(line) as { status: number; method: string })
    assert.equal(records.filter(({ method }) => method !== undefined).length, asked)
  })

  it('passes on what cannot be had, truthfully', async (t) => {
    const { at, running } = await start(t)
    const missing = await get(`${at}/none.tgz`)
    const method = await get(`${at}/small.tgz`, {}, 'PUT')
    const torn = await get(`${at}/torn.tgz`).catch(() => undefined)
    assert.deepEqual([missing.status, missing.headers['x-pkgmirror-error']], [404, 'NOT_FOUND'])
    assert.deepEqual([method.status, method.headers.allow], [405, 'GET, HEAD'])
    assert.ok(torn === undefined || !torn.whole || torn.status >= 500)
    const forged = await get(`${running.url}/`, { 'x-pkgmirror-base': 'http://evil.example.org', host: 'localhost' })
    assert.doesNotMatch(forged.body.toString(), /evil/)
    const audit = await get(`${running.url}/npm/-/npm/v1/security/advisories/bulk`, { 'content-length': '2' }, 'GET')
    assert.equal(audit.status, 400)
  })

  it('shows every worker what was written', async (t) => {
    const { upstream, running } = await start(t)
    const seen = async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => get(`${running.url}/npm/kit`)))
      return [...new Set(answers.map(({ body }) => /"latest":"([\d.]+)"/.exec(body.toString())?.[1]))]
    }
    const latest = (version: string) => {
      const dist = { tarball: `${upstream.url}/kit/-/kit-${version}.tgz`, shasum: sha(Buffer.from(version), 'sha1') }
      const versions = { [version]: { name: 'kit', version, dist } }
      return json({ name: 'kit', 'dist-tags': { latest: version }, versions, time: {} }, { etag: true })
    }
    upstream.set('/kit', latest('1.0.0'))
    assert.deepEqual(await seen(), ['1.0.0'])
    assert.deepEqual(await seen(), ['1.0.0'])
    upstream.set('/kit', latest('2.0.0'))
    // upstream is not asked twice within a few seconds, whatever clients want
    for (let tries = 0; tries < 100 && upstream.count('/kit') < 2; tries++) {
      await get(`${running.url}/npm/kit`, { 'cache-control': 'no-cache' })
      await sleep(100)
    }
    assert.deepEqual(await seen(), ['2.0.0'])
  })

  it('shows every worker a roll-back and its end, from the next request on', async (t) => {
    const { upstream, mirror, running } = await start(t)
    const seen = async (path: string) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => get(`${running.url}${path}`)))
      return [...new Set(answers.map(({ body }) => /"latest":"([\d.]+)"/.exec(body.toString())?.[1]))]
    }
    assert.deepEqual(await seen('/npm/kit'), ['1.0.0'])
    await pkgmirror(mirror, 'snapshot', 'create', 'then')
    const dist = { tarball: `${upstream.url}/kit/-/kit-2.0.0.tgz`, shasum: sha(Buffer.from('2'), 'sha1') }
    const versions = { '2.0.0': { name: 'kit', version: '2.0.0', dist } }
    upstream.set('/kit', json({ name: 'kit', 'dist-tags': { latest: '2.0.0' }, versions, time: {} }, { etag: true }))
    for (let tries = 0; tries < 100 && upstream.count('/kit') < 2; tries++) {
      await get(`${running.url}/npm/kit`, { 'cache-control': 'no-cache' })
      await sleep(100)
    }
    assert.deepEqual([await seen('/npm/kit'), await seen('/at/then/npm/kit')], [['2.0.0'], ['1.0.0']])
    await pkgmirror(mirror, 'snapshot', 'rollback', 'then')
    assert.deepEqual(await seen('/npm/kit'), ['1.0.0'])
    await pkgmirror(mirror, 'snapshot', 'release')
    assert.deepEqual(await seen('/npm/kit'), ['2.0.0'])
    const unknown = await get(`${running.url}/at/never/npm/kit`)
    assert.deepEqual([unknown.status, /snapshot list/.test(unknown.body.toString())], [404, true])
  })

  it('ends with a clear error where it cannot listen', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    t.after(() => taken.close())
    const { port } = taken.address() as AddressInfo
    const mirror = { data: folder(t), config: `${files(folder(t), { 'c.yaml': 'builtin: false\n' })}/c.yaml` }
    await assert.rejects(pkgmirror(mirror, 'serve', '--workers', '2', '--listen', `127.0.0.1:${port}`), {
      message: /ended with 2\n[\s\S]*cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
    })
  })

  it('is one process where workers could not reach it, and says so', async (t) => {
    const { data, config } = { data: folder(t), config: `${files(folder(t), { 'c.yaml': 'builtin: false\n' })}/c.yaml` }
    const executable = path.join(root, 'bin/pkgmirror.js')
    const argv = [executable, 'serve', '--workers', '2', '--listen', '127.0.0.1:0', '--data', data, '--config', config]
    const env = environment(data, { TMPDIR: path.join(data, 'none') })
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    const gone = once(child, 'exit')
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const [, url] = /ready at (\S+)/.exec(said) ?? []
      if (url !== undefined && /one process does everything/.test(said)) child.kill('SIGTERM')
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    assert.deepEqual([...(await gone)], [0, null], said)
    clearTimeout(timer)
    assert.doesNotMatch(said, /workers meet/)
  })

  it('replaces a worker that died, and leaves nothing behind when it is stopped', {
    skip: process.platform === 'linux' ? false : 'processes are counted by /proc',
  }, async (t) => {
    const { at, running } = await start(t)
    const workers = workersOf(process.pid)
    assert.equal(workers.length, 2)
    const [first = 0] = workers
    process.kill(first, 'SIGKILL')
    // until it has been noticed, what is on its way there is broken off
    const noticed = () => /worker \d+ ended with SIGKILL/.test(running.said())
    for (let tries = 0; tries < 200 && !(noticed() && workersOf(process.pid).length === 2); tries++) await sleep(25)
    assert.ok(noticed())
    for (let round = 0; round < 6; round++) assert.equal((await get(`${at}/small.tgz`)).status, 200)
    const [stuck = 0] = workersOf(process.pid)
    process.kill(stuck, 'SIGSTOP')
    const waiting = Array.from({ length: 8 }, () =>
      get(`${at}/small.tgz`).then(
        ({ status }) => status,
        ({ code }) => code as unknown,
      ),
    )
    // some have their answers then, and the others wait for the one that does nothing
    await Promise.race([Promise.all(waiting), sleep(500)])
    process.kill(stuck, 'SIGKILL')
    const answers = await Promise.all(waiting)
    assert.deepEqual(
      [...new Set(answers)].sort(),
      [200, 'ECONNRESET'],
      'who was with the one that died is not left waiting',
    )
    const last = workersOf(process.pid)
    await running.stop()
    for (let tries = 0; tries < 200 && last.some(isThere); tries++) await sleep(10)
    assert.deepEqual(last.filter(isThere), [])
  })
})

/** The processes below one of ours that have children of their own: server, then workers. */
function workersOf(pid: number): readonly number[] {
  return childrenOf(pid)
    .flatMap(childrenOf)
    .filter((child) => commandOf(child).includes('commands/worker'))
}

const readProc = (name: string): string => {
  try {
    return readFileSync(`/proc/${name}`, 'utf8')
  } catch {
    return ''
  }
}
const childrenOf = (pid: number): readonly number[] =>
  readProc(`${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number)
const commandOf = (pid: number): string => readProc(`${pid}/cmdline`)
const isThere = (pid: number): boolean => commandOf(pid) !== ''
