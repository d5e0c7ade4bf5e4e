// Two hosts with nothing between them but a folder that is carried: one with upstreams on its loopback, one in a network
// namespace of its own, where real clients install. A receipt goes back, and what is new comes after it.

import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { dependencies, printed, program, startCargoReplica } from '../replica/cargo.ts'
import { installed, startDebianReplica } from '../replica/debian.ts'
import { hash } from '../replica/debian-archive.ts'
import { apt } from './apt-suite.ts'
import { build } from './cargo-suite.ts'
import { type Mirror, pkgmirror, serve } from './mirror.ts'
import { commandOf, npmClients } from './npm-clients.ts'
import { npmOrigin, replicaProject } from './npm-replica.ts'
import { install } from './npm-suite.ts'
import { environment, execute, files, folder, found, island, root } from './place.ts'
import { emptyMirror } from './voyage.ts'

const suites = ['steady', 'steady-updates']

it('carries a mirror over an air gap, and what is new after it', async (t) => {
  const apart = await island(t)
  if (apart === undefined) return t.skip('no network namespace is permitted here')
  const [npm, cargo, debian] = [
    await npmOrigin(t, 'with validators'),
    await startCargoReplica('with markers'),
    await startDebianReplica(),
  ]
  t.after(() => cargo.upstream.close())
  t.after(() => debian.upstream.close())
  const keyring = `${files(folder(t), { 'archive.asc': debian.key })}/archive.asc`
  const configuration = `${npm.configuration}  cargo: { upstream: "${cargo.upstream.url}" }
  debian: { upstream: "${debian.upstream.url}", keyring: "${keyring}" }\n`
  const near = emptyMirror(t, configuration)
  const far = emptyMirror(t, configuration)
  const medium = folder(t)
  const executable = `${root}/bin/pkgmirror.js`
  const farSide = (...args: readonly string[]): Promise<string> =>
    execute({
      argv: [...apart.enter, process.execPath, executable, ...args, '--data', far.data, '--config', far.config],
      cwd: far.data,
      env: environment(far.data),
    })
  const sync = async (side: Mirror, wanted: readonly string[]): Promise<void> => {
    const lines = [
      `packages:`,
      `  npm: ${JSON.stringify(wanted)}`,
      `  cargo: ["orchard@1"]`,
      `  debian: [{ name: lamp, suites: [${suites.join(', ')}], architectures: [amd64], sources: true }]`,
    ]
    await pkgmirror(side, 'sync', `${files(folder(t), { 'm.yaml': `${lines.join('\n')}\n` })}/m.yaml`)
  }

  // keys are exchanged once, by another way than the bundles
  await pkgmirror(near, 'keys', 'create')
  await farSide('keys', 'create')
  const keys = folder(t)
  writeFileSync(`${keys}/near.pub`, await pkgmirror(near, 'keys', 'show', '--public'))
  writeFileSync(`${keys}/far.pub`, await farSide('keys', 'show', '--public'))
  await farSide('keys', 'trust', `${keys}/near.pub`)
  await pkgmirror(near, 'keys', 'trust', `${keys}/far.pub`)

  const wanted = Object.entries(replicaProject.dependencies).map(([name, range]) => `${name}@${range}`)
  await sync(near, wanted.slice(0, 1))
  await pkgmirror(near, 'export', '--bundle', `${medium}/1.tar.zst`)
  assert.match(await farSide('import', `${medium}/1.tar.zst`, '--receipt', `${medium}/receipt`), /"number":1/)
  const server = await serve(t, far, ['--offline'], apart)
  const client = {
    cargo: build(t, { dependencies, program, printed }),
    apt: apt(t, { suites, key: { armoured: debian.key }, install: ['lamp'], source: [], architecture: 'amd64' }),
  }
  if (found('cargo') === undefined) t.diagnostic('cargo is not on this machine')
  else assert.ok(Object.keys(await client.cargo(server.url, apart)).length > 3)
  if (found('apt-get') === undefined) t.diagnostic('apt is not on this machine')
  else {
    const got = await client.apt(server.url, apart)
    const published = new Map([...debian.pool].map(([name, bytes]) => [path.basename(name), hash(bytes)]))
    for (const name of installed) assert.equal(got[name], published.get(name.replace(/_1%3a/, '_')), name)
  }

  // what is new, upon what the far side says that it has, beside the server that runs there
  await sync(near, wanted)
  await pkgmirror(near, 'export', '--bundle', `${medium}/2`, '--receipt', `${medium}/receipt`)
  const blobs = readdirSync(`${medium}/2/blobs`, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const pool = new Set([...debian.pool.values()].map((bytes) => hash(bytes)))
  assert.ok(blobs.length > 0 && !blobs.some(({ name }) => pool.has(name)), 'what is there is not carried again')
  assert.match(await farSide('import', `${medium}/2`, '--receipt', `${medium}/receipt`), /"number":2/)
  const [first] = npmClients
  const command = first && commandOf(first)
  assert(first !== undefined && command !== undefined, 'npm is on this machine')
  assert.ok(Object.keys(await install(t, first, command, replicaProject)(server.url, apart)).length > 3)
  await farSide('verify')
  await server.stop()

  // and again, with nothing new
  await pkgmirror(near, 'export', '--bundle', `${medium}/3`, '--receipt', `${medium}/receipt`)
  assert.match(await farSide('import', `${medium}/3`), /"number":3/)
  await assert.rejects(farSide('import', `${medium}/2`), /is bundle 2 of series .*, and 3 was taken already/)
})
