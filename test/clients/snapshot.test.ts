// Real clients on a snapshot of what they once installed, after the newest state has lost all of it.

import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as cargoReplica from '../replica/cargo.ts'
import * as pypiReplica from '../replica/pypi.ts'
import { build } from './cargo-suite.ts'
import { fileServers, pkgmirror, serve } from './mirror.ts'
import { commandOf, npmClients } from './npm-clients.ts'
import { npmOrigin, replicaProject } from './npm-replica.ts'
import { install } from './npm-suite.ts'
import { folder, found, mainland } from './place.ts'
import { pythonClients } from './pypi-suite.ts'
import { emptyMirror, type Origin, originOf, type Use } from './voyage.ts'

/** Installs, snapshots, empties the newest state, and installs from the snapshot in each way that it is shown. */
async function travels<T>(t: TestContext, origin: Origin, use: Use<T>): Promise<void> {
  const mirror = emptyMirror(t, origin.configuration)
  const online = await serve(t, mirror)
  const first = await use(online.url, mainland)
  await online.stop()
  await pkgmirror(mirror, 'snapshot', 'create', 'then')
  await origin.stop()
  await sleep(1100)
  await pkgmirror(mirror, 'gc', '--force', '--keep-unused-for', '1s', '--keep-grace', '0s')
  // an upstream that is away would be tried again and again by both sides
  const running = await serve(t, mirror, ['--offline'])
  await assert.rejects(use(running.url, mainland))
  assert.deepEqual(await use(`${running.url}/at/then`, mainland), first, 'in time')
  await pkgmirror(mirror, 'snapshot', 'rollback', 'then')
  assert.deepEqual(await use(running.url, mainland), first, 'rolled back')
  const tree = folder(t)
  const server = await fileServers.handler(t, tree, mainland)
  await pkgmirror(mirror, 'snapshot', 'release')
  await pkgmirror(mirror, 'export', tree, '--snapshot', 'then', '--base-url', server.url)
  assert.deepEqual(await use(server.url, mainland), first, 'exported')
  await assert.rejects(use(running.url, mainland))
  await running.stop()
}

it('npm installs from a snapshot', async (t) => {
  const [npm] = npmClients
  const command = npm && commandOf(npm)
  assert(npm !== undefined && command !== undefined, 'npm is on this machine')
  await travels(t, await npmOrigin(t, 'with validators'), install(t, npm, command, replicaProject))
})

const [pip] = pythonClients
it('pip installs from a snapshot', { skip: pip?.missing ?? (pip === undefined ? 'no pip' : false) }, async (t) => {
  assert.ok(pip !== undefined)
  const { requirements, program, printed } = pypiReplica
  const { upstream } = await pypiReplica.startPypiReplica('full')
  const origin = originOf(t, upstream, `repositories:\n  pypi: { upstream: "${upstream.url}/simple" }\n`)
  await travels(t, origin, pip.install(t, { requirements, program, printed }))
})

const noCargo = found('cargo') === undefined ? 'cargo is not on this machine' : false
it('cargo builds from a snapshot', { skip: noCargo }, async (t) => {
  const { dependencies, program, printed } = cargoReplica
  const { upstream } = await cargoReplica.startCargoReplica('with markers')
  const origin = originOf(t, upstream, `repositories:\n  cargo: { upstream: "${upstream.url}" }\n`)
  await travels(t, origin, build(t, { dependencies, program, printed }))
})
