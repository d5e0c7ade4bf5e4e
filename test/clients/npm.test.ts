// The package managers of npm's ecosystem against a registry on loopback.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { npm as ecosystem } from '../../src/ecosystems/npm/index.ts'
import { pkgmirror, serve } from './mirror.ts'
import { commandOf, npmClients } from './npm-clients.ts'
import { npmOrigin, replicaProject } from './npm-replica.ts'
import { install, projectAt } from './npm-suite.ts'
import { environment, execute, files, folder, mainland } from './place.ts'
import { emptyMirror, voyage, withoutNetwork } from './voyage.ts'

describe('installs the same files through the mirror, offline and from an exported tree', () => {
  for (const client of npmClients) {
    it(client.name, async (t) => {
      const command = commandOf(client)
      if (command === undefined) return t.skip(`${client.name} is not here: npm run test:live brings it`)
      await voyage(t, await npmOrigin(t, 'with validators'), install(t, client, command, replicaProject))
    })
  }
})

const [npm] = npmClients
const command = npm && commandOf(npm)
assert(npm !== undefined && command !== undefined, 'npm is on this machine')

it('installs from a registry without validators, signatures and compression', async (t) => {
  await voyage(t, await npmOrigin(t, 'without validators'), install(t, npm, command, replicaProject))
})

it('installs offline what a sync has brought, for every platform', async (t) => {
  const { replica, configuration, stop } = await npmOrigin(t, 'with validators')
  const wanted = Object.entries(replicaProject.dependencies).map(([name, range]) => `${name}@${range}`)
  const mirror = emptyMirror(t, configuration)
  const manifest = `${files(folder(t), { 'm.yaml': `packages: { npm: ${JSON.stringify(wanted)} }\n` })}/m.yaml`
  await pkgmirror(mirror, 'sync', manifest)
  const asked = replica.tarballs.filter((each) => replica.upstream.count(each) === 1)
  assert.equal(asked.filter((each) => each.startsWith('/stove-')).length, 5)

  const online = await serve(t, mirror)
  const use = install(t, npm, command, replicaProject)
  const first = await use(online.url, mainland)
  await online.stop()
  await stop()
  await withoutNetwork(t, mirror, use, first)
})

it('npm ci follows a lockfile that was written for the public registry, each tarball fetched once', async (t) => {
  const { replica, configuration, stop } = await npmOrigin(t, 'with validators')
  const mirror = emptyMirror(t, configuration)
  const online = await serve(t, mirror)
  const home = folder(t)
  const at = projectAt(home, npm, replicaProject, online.url)
  await execute({ argv: [...command, 'install', '--package-lock-only'], cwd: at, env: environment(home) })
  const lockfile = readFileSync(path.join(at, 'package-lock.json'), 'utf8')
  const [registry = ''] = ecosystem.repos[0]?.upstreams ?? []
  const locked = {
    ...replicaProject,
    files: { 'package-lock.json': lockfile.replaceAll(`${online.url}/npm`, registry) },
  }
  assert.match(locked.files['package-lock.json'], new RegExp(`"resolved": "${registry}/kettle/-/kettle-1.1.0.tgz"`))

  const ci = install(t, { ...npm, install: ['ci'] }, command, locked)
  const first = await ci(online.url, mainland)
  assert.deepEqual(await ci(online.url, mainland), first)
  assert.deepEqual(
    replica.tarballs.filter((each) => replica.upstream.count(each) > 1),
    [],
  )
  await online.stop()
  await stop()
  await withoutNetwork(t, mirror, ci, first)
})
