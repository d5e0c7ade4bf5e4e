import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { mustGet } from '../../bench/client.ts'
import { drain } from '../../bench/drain.ts'
import { hold } from '../../bench/figures.ts'
import { latenessMonitor } from '../../bench/lateness.ts'
import { generate } from '../../bench/load.ts'
import { pool } from '../../bench/made.ts'
import { type Origin, startOrigin } from '../../bench/origin.ts'
import { startPeer } from '../../bench/peer.ts'
import { run, start, stopAll } from '../../bench/process.ts'
import { putPool } from '../../bench/signed-root.ts'

describe('an upstream', () => {
  let origin: Origin
  before(async () => {
    origin = await startOrigin({ delay: 30, pace: 1_000_000 })
    await origin.put('/file', 'text/plain', Buffer.alloc(100_000, 'x'))
  })
  after(() => origin.close())

  it('sends no more in a time than its pace allows, and begins late', async () => {
    const { first, milliseconds, bytes } = await drain(`${origin.url}/file`)
    assert.equal(bytes, 100_000)
    assert.ok(first >= 29)
    assert.ok(milliseconds >= 100)
  })

  it('lets answers on one connection wait for each other', async () => {
    const started = performance.now()
    // a connection that is kept alive and has one place
    await Promise.all([mustGet(`${origin.url}/file`), mustGet(`${origin.url}/file`)])
    assert.ok(performance.now() - started >= 200)
  })
})

describe('a download that is looked at', () => {
  let origin: Origin
  const bytes = Buffer.alloc(300_000, 'mirror')
  before(async () => {
    origin = await startOrigin()
    await origin.put('/file', 'text/plain', bytes)
  })
  after(() => origin.close())

  it('is what was expected', async () => {
    assert.equal((await drain(`${origin.url}/file`, { expected: bytes })).bytes, bytes.length)
  })

  it('fails when a byte differs, when bytes are missing, and when there is no file', async () => {
    const other = Buffer.from(bytes)
    other[200_000] = 0
    await assert.rejects(drain(`${origin.url}/file`, { expected: other }), /sent other bytes/)
    await assert.rejects(
      drain(`${origin.url}/file`, { expected: Buffer.concat([bytes, bytes]) }),
      /sent 300000 bytes of/,
    )
    await assert.rejects(drain(`${origin.url}/none`), /answered 404/)
  })
})

describe('a load on several addresses', () => {
  it('asks for each of them', async () => {
    const origin = await startOrigin()
    try {
      await origin.put('/a', 'text/plain', Buffer.from('a'))
      const some = { url: [`${origin.url}/a`, `${origin.url}/none`], connections: 2, seconds: 0.1 }
      const { count = 0, errors = 0 } = await generate(some)
      assert.ok(errors > 0 && errors < count)
    } finally {
      await origin.close()
    }
  })
})

describe('a suite', () => {
  it('has its pool, its lists by name and by digest, and its root in both forms', async () => {
    const origin = await startOrigin()
    try {
      const { key } = await putPool(
        origin,
        'steady',
        pool(3, (at) => 100 + at),
      )
      assert.match(key, /BEGIN PGP PUBLIC KEY/)
      const release = (await mustGet(`${origin.url}/dists/steady/Release`)).bytes.toString()
      const [, digest] = /^ ([0-9a-f]{64}) \d+ main\/binary-amd64\/Packages$/m.exec(release) ?? []
      const list = await mustGet(`${origin.url}/dists/steady/main/binary-amd64/by-hash/SHA256/${digest}`)
      for (const [, file] of list.bytes.toString().matchAll(/^Filename: (.*)$/gm))
        await mustGet(`${origin.url}/${file}`)
      await mustGet(`${origin.url}/dists/steady/Release.gpg`)
    } finally {
      await origin.close()
    }
  })
})

describe('a contender that is a process of its own', () => {
  it('is counted by what its turns say', async () => {
    const turn = async () => ({ value: 1, cpu: 20, peak: 3 })
    const [standing] = await hold({ title: '', unit: '', rounds: 3, contenders: [{ name: 'a', turn }] })
    assert.deepEqual([standing?.cpu, standing?.peak], [20, 3])
  })
})

describe('a server', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const script = path.join(folder, 'server.mjs')
  writeFileSync(
    script,
    `import { createServer } from 'node:http'
createServer((_, response) => response.end('here')).listen(process.argv[2], '127.0.0.1', () => console.log('ready'))`,
  )

  it('is waited for until it answers, and is ended with all others', async () => {
    const peer = await startPeer((port) => [process.execPath, script, String(port)])
    assert.equal((await mustGet(peer.url)).bytes.toString(), 'here')
    await stopAll()
    await assert.rejects(mustGet(peer.url))
  })

  it('tells how late its event loop was', {
    skip: process.platform === 'win32' ? 'there are no signals' : false,
  }, async () => {
    const monitor = latenessMonitor(folder)
    const busy = path.join(folder, 'busy.mjs')
    writeFileSync(
      busy,
      `setInterval(() => {}, 1000)
setTimeout(() => { const until = Date.now() + 100; while (Date.now() < until); setTimeout(() => console.log('done'), 50) }, 50)`,
    )
    const ready = (line: string) => (line === 'done' ? line : undefined)
    const server = await start([process.execPath, ...monitor.flags, busy], ready)
    assert.ok((await monitor.read(server.pid)).most >= 80)
    await server.stop()
  })

  it('is said to have failed with what it printed', async () => {
    await assert.rejects(
      run([process.execPath, '-e', 'console.error("no luck"); process.exit(3)']),
      /ended with 3\nno luck/,
    )
  })
})
