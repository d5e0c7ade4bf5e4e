// A soak: under a mixed load a server's memory, and what it keeps open, is flat after warm-up. And crowds: idle
// connections that are kept, and many clients at once, without an error.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Running, serve } from '../clients/mirror.ts'
import { files, folder, root } from '../clients/place.ts'
import { startUpstream, type Upstream } from '../fakes/upstream.ts'
import { configuration } from './archive.ts'
import { long, randomBy, seed } from './form.ts'
import { createLoad } from './load.ts'
import type { Used } from './measured.ts'
import { open } from './raw.ts'

const MiB = 1024 * 1024
/** Seconds of warm-up, seconds between two measurements, and their number. */
const soak = long ? { warm: 180, every: 10, times: 162 } : { warm: 5, every: 1, times: 12 }
/** How much more the median of the last third may be than that of the first third. */
const most = { heap: (long ? 6 : 0.9) * MiB, external: 12 * MiB, rss: (long ? 64 : 40) * MiB, files: 16 }
/** Clients of the soak, and requests of each in a second. */
const CLIENTS = 8
const PACE = 40

interface Place {
  readonly upstream: Upstream
  readonly running: Running
  used(): Promise<Used>
}

async function place(t: TestContext): Promise<Place> {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const data = folder(t)
  const told = `${data}/used`
  files(data, { 'pkgmirror.yaml': `${configuration(upstream)}log: { level: error }\n` })
  const enter = ['env', `MEASURED=${told}`, `NODE_OPTIONS=--import=${root}/test/faults/measured.ts`]
  const running = await serve(t, { data, config: `${data}/pkgmirror.yaml` }, [], { enter })
  return {
    upstream,
    running,
    async used() {
      rmSync(told, { force: true })
      process.kill(running.pid, 'SIGUSR2')
      for (let tries = 0; tries < 500 && !existsSync(told); tries += 1) await pause(10)
      return JSON.parse(readFileSync(told, 'utf8')) as Used
    },
  }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

const onLinux = process.platform !== 'linux' && 'what a process uses is told by Linux alone'

test(`memory is flat under a mixed load (seed ${seed})`, { skip: onLinux, timeout: 3_600_000 }, async (t) => {
  const { upstream, running, used } = await place(t)
  const load = createLoad(upstream, running.url, CLIENTS)
  t.after(() => load.close())
  await load.all()
  let ended = false
  const end = (): void => {
    ended = true
  }
  const clients = Array.from({ length: CLIENTS }, async (_, number) => {
    const random = randomBy(seed + number)
    while (!ended) {
      await load.one(random)
      await pause(random() * (2000 / PACE))
    }
  })
  const measured: Used[] = []
  const measuring = async (): Promise<void> => {
    await pause(soak.warm * 1000)
    for (let time = 0; time < soak.times; time += 1) {
      await pause(soak.every * 1000)
      measured.push(await used())
    }
  }
  await Promise.all([measuring().finally(end), ...clients])
  const third = Math.floor(measured.length / 3)
  const of = (what: keyof Used, some: readonly Used[]): number => median(some.map((one) => one[what]))
  const grown = (what: keyof Used): number => of(what, measured.slice(-third)) - of(what, measured.slice(0, third))
  const whole = (Object.keys(most) as (keyof Used)[]).map((what) => [what, of(what, measured), grown(what)] as const)
  t.diagnostic(`${load.asked} requests; ${whole.map(([what, is, more]) => `${what} ${is} (${more})`).join(', ')}`)
  for (const [what, , more] of whole)
    assert.ok(more <= most[what], `${what} grew by ${more}, ${most[what]} are allowed`)
  await running.stop()
  assert.equal(running.said(), '', 'none of it was a fault')
})

const crowd = long ? { idle: 10_000, clients: 500, seconds: 60 } : { idle: 1000, clients: 100, seconds: 3 }
/** Idle connections that are opened, or ask, at the same time. */
const TOGETHER = 200
/** Open files that this process and the server need each beside the connections. */
const BESIDE = 500

const room = (): number => Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])

test(`${crowd.idle} idle connections and ${crowd.clients} clients at once (seed ${seed})`, {
  skip: onLinux,
}, async (t) => {
  if (room() < crowd.idle + crowd.clients + BESIDE) return t.skip(`only ${room()} open files are allowed here`)
  const { upstream, running } = await place(t)
  const load = createLoad(upstream, running.url, crowd.clients)
  t.after(() => load.close())
  await load.all()
  const request = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const ask = async (socket: Socket): Promise<void> => {
    socket.write(request)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString('latin1'), /^HTTP\/1\.1 200 /)
  }
  const idle: Socket[] = []
  while (idle.length < crowd.idle) {
    const some = await Promise.all(Array.from({ length: TOGETHER }, () => open(running.url)))
    await Promise.all(some.map(ask))
    idle.push(...some)
  }
  t.after(() => idle.map((socket) => socket.destroy()))
  const ending = performance.now() + crowd.seconds * 1000
  const clients = Array.from({ length: crowd.clients }, async (_, number) => {
    const random = randomBy(seed + number)
    while (performance.now() < ending) await load.one(random)
  })
  // they are kept for 65 seconds: from time to time they ask again, many together
  const asking = (async () => {
    while (performance.now() < ending) {
      for (let from = 0; from < idle.length; from += TOGETHER)
        await Promise.all(idle.slice(from, from + TOGETHER).map(ask))
      await pause(1000)
    }
  })()
  await Promise.all([...clients, asking])
  t.diagnostic(`${load.asked} requests beside the idle connections`)
  assert.ok(idle.every((socket) => !socket.destroyed))
  for (const socket of idle) socket.destroy()
  await running.stop()
  assert.equal(running.said(), '', 'none of it was a fault')
})
