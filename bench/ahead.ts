// apt with 200 packages from an upstream whose first bytes take 130 ms, each after the one before on its connection: what
// apt asks for ahead can be fetched side by side only by whoever stands in between.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { report } from './figures.ts'
import { noise } from './made.ts'
import { found, run } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { signedRoot } from './signed-root.ts'

const COUNT = 200
const SIZE = 20_000
const DELAY = 130
const ROUNDS = 3

export async function ahead(bench: Bench): Promise<void> {
  if (found('apt-get') === undefined) return console.log('\napt is not installed: it is left out')
  const files = new Map<string, Uint8Array>()
  const key = await archive(files)
  const origin = await startDistant(files)
  const keyring = path.join(bench.folder, 'ahead.asc')
  writeFileSync(keyring, key)
  try {
    await report({
      title: `apt, ${COUNT} packages, first bytes after ${DELAY} ms`,
      unit: 'ms',
      rounds: ROUNDS,
      contenders: [
        { name: 'direct', turn: async () => ({ value: await apt(bench, origin.url, keyring) }) },
        {
          name: 'pkgmirror, nothing held',
          async turn(round) {
            const debian = { ecosystem: 'debian', upstream: origin.url, keyring }
            const served = await place(bench, `ahead${round}`, { debian }).serve()
            try {
              return { value: await apt(bench, `${served.url}/debian`, keyring) }
            } finally {
              await served.stop()
            }
          },
        },
      ],
    })
  } finally {
    origin.close()
  }
}

/** One suite whose package `whole` wants the others. Returns its key. */
async function archive(files: Map<string, Uint8Array>): Promise<string> {
  const names = Array.from({ length: COUNT - 1 }, (_, at) => `part${at}`)
  const stanzas = ['whole', ...names].map((name, at) => {
    const file = `pool/main/${name}_1_amd64.deb`
    const bytes = noise(SIZE, at + 1)
    files.set(`/${file}`, bytes)
    const depends = at === 0 ? `Depends: ${names.join(', ')}\n` : ''
    return `Package: ${name}\nVersion: 1\nArchitecture: amd64\n${depends}Filename: ${file}\nSize: ${SIZE}\nSHA256: ${digestOf(bytes)}\n`
  })
  const plain = Buffer.from(stanzas.join('\n'))
  const name = 'main/binary-amd64/Packages'
  // apt looks for the plain name, and fetches the smaller one
  const lists = new Map([
    [name, plain],
    [`${name}.gz`, gzipSync(plain)],
  ])
  const { inRelease, key } = await signedRoot('far', lists)
  files.set('/dists/far/InRelease', inRelease)
  for (const [at, bytes] of lists) {
    files.set(`/dists/far/${at}`, bytes)
    files.set(`/dists/far/main/binary-amd64/by-hash/SHA256/${digestOf(bytes)}`, bytes)
  }
  return key
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Serves the files; each answer begins so long after the one before it on its connection. */
async function startDistant(files: ReadonlyMap<string, Uint8Array>): Promise<{ url: string; close(): void }> {
  const last = new WeakMap<Socket, Promise<void>>()
  const server = createServer((request, response) => {
    const turn = (last.get(request.socket) ?? Promise.resolve()).then(async () => {
      await sleep(DELAY)
      const bytes = files.get(request.url ?? '')
      response.writeHead(bytes === undefined ? 404 : 200, { 'content-length': bytes?.length ?? 0 }).end(bytes)
    })
    last.set(request.socket, turn)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Milliseconds to download everything, in a root of its own whose lists are up to date. */
async function apt(bench: Bench, url: string, keyring: string): Promise<number> {
  const home = mkdtempSync(path.join(bench.folder, 'apt-'))
  for (const name of [
    'etc/preferences.d',
    'var/lib/apt/lists/partial',
    'var/lib/dpkg',
    'var/cache/apt/archives/partial',
  ])
    mkdirSync(path.join(home, name), { recursive: true })
  writeFileSync(path.join(home, 'var/lib/dpkg/status'), '')
  writeFileSync(path.join(home, 'etc/sources.list'), `deb [signed-by=${keyring}] ${url} far main\n`)
  const options = {
    Dir: home,
    'Dir::Etc': `${home}/etc`,
    'Dir::State::status': `${home}/var/lib/dpkg/status`,
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::http::Pipeline-Depth': '10',
    'Acquire::Queue-Mode': 'host',
  }
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  try {
    await run(['apt-get', '-q', ...flags, 'update'], 1)
    return (await run(['apt-get', '-q', '-y', ...flags, 'install', '--download-only', 'whole'], 1)).milliseconds
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
