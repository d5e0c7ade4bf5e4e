// pip, uv, poetry and pdm against an index on loopback.

import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { type Kind, printed, program, requirements, startPypiReplica } from '../replica/pypi.ts'
import { pkgmirror, serve } from './mirror.ts'
import { files, folder, mainland } from './place.ts'
import { pythonClients } from './pypi-suite.ts'
import { suite } from './suite.ts'
import { emptyMirror, originOf, voyage } from './voyage.ts'

const project = { requirements, program, printed }
const expected = ['apple==2.1', 'orchard==1.2.0', 'press==1.0+steel.2', 'stone-fruit==0.3.0']

async function origin(t: TestContext, kind: Kind) {
  const replica = await startPypiReplica(kind)
  const text = `repositories:\n  pypi: { upstream: "${replica.upstream.url}/simple" }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}

for (const client of pythonClients) {
  suite(client.name, client.missing, () => {
    it('installs the same through the mirror, offline and exported', async (t) => {
      assert.deepEqual(await voyage(t, await origin(t, 'full'), client.install(t, project)), expected)
    })

    it('installs from an index that tells little', async (t) => {
      const { configuration } = await origin(t, 'plain')
      const online = await serve(t, emptyMirror(t, configuration))
      assert.deepEqual(await client.install(t, project)(online.url, mainland), expected)
    })
  })
}

const [pip] = pythonClients
suite('a sync', pip?.missing ?? 'no pip', () => {
  it('holds what an installation needs, each file fetched once', async (t) => {
    assert.ok(pip !== undefined)
    const { replica, configuration, stop } = await origin(t, 'full')
    const mirror = emptyMirror(t, configuration)
    const manifest = `packages:\n  pypi: ["orchard[juice]", stone-fruit]\nplatforms: [{ os: linux, python: "3.11" }]\n`
    await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': manifest })}/m.yaml`)
    assert.deepEqual(
      replica.packages.filter((each) => replica.upstream.count(each) > 1),
      [],
    )
    const young = replica.packages.find((each) => each.includes('1.4.0')) ?? ''
    assert.equal(replica.upstream.count(young), 0, 'a file for a Python to come was fetched')
    await stop()
    const offline = await serve(t, mirror, ['--offline'])
    assert.deepEqual(await pip.install(t, project)(offline.url, mainland), expected)
  })
})
