// Many connections: 10,000 that are kept alive and idle, and 500 clients that ask for a mixture of files.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { mebibytes, report } from './figures.ts'
import { load } from './load.ts'
import { integrityOf, noise, packument, tarballPath } from './made.ts'
import { type Origin, startOrigin } from './origin.ts'
import { type Bench, place } from './shipped.ts'

const IDLE = 10_000
const CLIENTS = 500
const COLD = 300

export async function idle(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const [small = ''] = await putMixture(origin)
  const served = await place(bench, 'idle', { npm: { ecosystem: 'npm', upstream: origin.url } }).serve()
  const { hostname, port } = new URL(served.url)
  const request = `GET /npm${small} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`
  const sockets: Socket[] = []
  const before = served.resident()
  try {
    let errors = 0
    const ask = async (socket: Socket): Promise<void> => {
      socket.write(request)
      const [head] = (await once(socket, 'data')) as [Buffer]
      if (!head.toString('latin1', 0, 12).startsWith('HTTP/1.1 200')) errors += 1
    }
    for (let at = 0; at < IDLE; at += 100) {
      const some = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = connect(Number(port), hostname)
          await once(socket, 'connect')
          await ask(socket)
          return socket
        }),
      )
      sockets.push(...some)
    }
    const held = served.resident()
    for (let at = 0; at < IDLE; at += 100) await Promise.all(sockets.slice(at, at + 100).map(ask))
    console.log(
      `\n${IDLE.toLocaleString('en')} idle connections: ${mebibytes(held)} resident (${mebibytes(before)} without), peak ${mebibytes(served.peak())}; each asked again, errors: ${errors}`,
    )
    if (errors > 0) process.exitCode = 1
  } finally {
    for (const socket of sockets) socket.destroy()
    await Promise.all([served.stop(), origin.close()])
  }
}

export async function mixed(bench: Bench): Promise<void> {
  const seconds = bench.full ? 60 : 20
  const origin = await startOrigin()
  const paths = await putMixture(origin)
  const served = await place(bench, 'mixed', { npm: { ecosystem: 'npm', upstream: origin.url } }).serveTimed()
  await served.lateness()
  try {
    await report({
      title: `${CLIENTS} clients, a mixture of files for ${seconds} s`,
      unit: 'requests/s',
      rounds: 1,
      contenders: [
        {
          name: 'pkgmirror',
          watched: served,
          turn: () => load({ url: paths.map((at) => `${served.url}/npm${at}`), connections: CLIENTS, seconds }),
        },
      ],
    })
    const { p99, most } = await served.lateness()
    console.log(
      `the event loop was late by ${p99.toFixed(1)} ms in 99 % of all looks, ${most.toFixed(0)} ms at the most`,
    )
  } finally {
    await Promise.all([served.stop(), origin.close()])
  }
}

/** Paths, the common ones several times: mostly small files and documents, and some that nobody has asked for yet. */
async function putMixture(origin: Origin): Promise<readonly string[]> {
  const sizes = [1000, 5000, 64_000, 1_000_000, ...Array.from({ length: COLD }, () => 50_000)]
  const versions = sizes.map((size, at) => ({ version: `1.0.${at}`, bytes: noise(size, at) }))
  const stated = versions.map(({ version, bytes }) => ({ version, integrity: integrityOf(bytes) }))
  await origin.put('/mixed', 'application/json', packument('mixed', origin.url, stated, 50))
  for (const { version, bytes } of versions)
    await origin.put(tarballPath('mixed', version), 'application/octet-stream', bytes)
  const [a = '', b = '', c = '', d = '', ...cold] = versions.map(({ version }) => tarballPath('mixed', version))
  const times = (count: number, ...some: readonly string[]): string[] =>
    Array.from({ length: count }, () => some).flat()
  return [...times(150, a, b, '/mixed'), ...times(60, c), ...times(15, d), ...cold]
}
