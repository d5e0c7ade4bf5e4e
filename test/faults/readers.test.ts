// A collection beside clients that read: nobody gets an answer that is broken or not what upstream has.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { collect } from '../../src/engine/collect.ts'
import { day, item, sha256 } from '../builders/mirror.ts'
import { bytesOf, file, json, type Script } from '../fakes/upstream.ts'
import { site } from '../server/site.ts'

const CLIENTS = 50
const PACKAGES = 40
const ROUNDS = 3

test(`gc beside ${CLIENTS} clients that read`, async (t) => {
  const names = Array.from({ length: PACKAGES }, (_, index) => `p${index}`)
  const contents = new Map(names.map((name, index) => [name, bytesOf(60_000 + index * 1000, index + 1)]))
  const routes: Record<string, Script> = {}
  for (const [name, content] of contents) {
    routes[`/index/${name}`] = json({ files: [item(`${name}.tgz`, content)] }, { etag: true })
    routes[`/files/${name}/${name}.tgz`] = file(content)
  }
  const { at, port } = await site(t, routes, { now: Date.now() })
  const read = async (name: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/shelf/files/${name}/${name}.tgz`)
    return `${answer.status} ${sha256(new Uint8Array(await answer.arrayBuffer()))}`
  }
  for (const name of names) await read(name)
  await at.mirror.flights.idle()
  let dropped = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    at.clock.pass(10 * day)
    let collecting = true
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      // the last ten are asked for by nobody while it runs
      for (let turn = client; collecting || turn < client + 10; turn += 7) {
        const name = names[turn % (PACKAGES - 10)] ?? ''
        // clients of the same process that never pause would leave the collection no turn
        await pause(20)
        assert.equal(await read(name), `200 ${sha256(contents.get(name) ?? '')}`, name)
      }
    })
    const { swept } = await collect(at.mirror, {
      keep: { unusedFor: day, maxAge: Infinity, maxSize: Infinity, grace: 0, pinned: [] },
      dryRun: false,
      force: true,
      signal: new AbortController().signal,
    })
    dropped += swept?.files.items ?? 0
    collecting = false
    await Promise.all(clients)
  }
  assert.ok(dropped >= 10, 'something went')
  for (const name of names) assert.equal(await read(name), `200 ${sha256(contents.get(name) ?? '')}`, name)
})
