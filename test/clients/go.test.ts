// The go command against a module proxy on loopback, with the checksum database of that proxy.

import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { printed, program, secret, startGoReplica, wanted } from '../replica/go.ts'
import { build, type GoProject, run } from './go-suite.ts'
import { pkgmirror, serve } from './mirror.ts'
import { files, folder, found, mainland } from './place.ts'
import { suite } from './suite.ts'
import { emptyMirror, originOf, voyage, withoutNetwork } from './voyage.ts'

const missing = found('go') === undefined ? 'go is not on this machine' : false

async function origin(t: TestContext, more = '') {
  const replica = await startGoReplica()
  const { log, upstream } = replica
  const text = `repositories:\n  go: { upstream: "${upstream.url}", sumdb: { key: "${log.key}" }, private: [${secret}] }\n${more}`
  const project: GoProject = { wanted, program, printed, env: { GOSUMDB: log.key, GONOSUMDB: secret } }
  return { replica, project, ...originOf(t, upstream, text) }
}

suite('go', missing, () => {
  it('gets, verifies and builds the same through the mirror, offline and exported', async (t) => {
    const { project, ...from } = await origin(t)
    await voyage(t, from, build(t, project))
  })

  it('builds offline what a sync has brought, each zip fetched once', async (t) => {
    const { replica, project, configuration, stop } = await origin(t)
    const mirror = emptyMirror(t, configuration)
    const manifest = `${files(folder(t), { 'm.yaml': `packages: { go: ${JSON.stringify(wanted)} }\n` })}/m.yaml`
    await pkgmirror(mirror, 'sync', manifest)
    const online = await serve(t, mirror)
    const use = build(t, project)
    const first = await use(online.url, mainland)
    assert.deepEqual(
      replica.zips.filter((each) => replica.upstream.count(each) > 1),
      [],
    )
    await online.stop()
    await stop()
    await withoutNetwork(t, mirror, use, first)
  })

  it('verifies offline although the database grew between two fetches', async (t) => {
    const { replica, project, configuration, stop } = await origin(t, 'policy: { fresh_for: 1ms }\n')
    const mirror = emptyMirror(t, configuration)
    const online = await serve(t, mirror)
    for (const each of wanted) {
      await build(t, { ...project, wanted: [each], program: 'package main\n\nfunc main() {}\n', printed: '' })(
        online.url,
        mainland,
      )
      replica.grow(700)
    }
    const use = build(t, project)
    const first = await use(online.url, mainland)
    await online.stop()
    await stop()
    const offline = await serve(t, mirror, ['--offline'])
    assert.equal(await use(offline.url, mainland), first)
  })

  it('takes the newest version that is neither retracted nor to come', async (t) => {
    const { project, configuration } = await origin(t)
    const online = await serve(t, emptyMirror(t, configuration))
    const { go } = await run(t, online.url, mainland.enter, project)
    assert.equal(
      await go('list', '-m', '-versions', 'example.test/orchard'),
      'example.test/orchard v1.2.0 v1.4.0-rc.1\n',
    )
    await go('get', 'example.test/orchard@latest')
    assert.match(await go('list', '-m', 'example.test/orchard'), /v1\.2\.0/)
  })

  it('is told why a version is withheld, and takes the one before it', async (t) => {
    const { project, configuration } = await origin(
      t,
      'policy: { deny: ["pkg:golang/example.test/ladder/v2@v2.1.0"] }\n',
    )
    const online = await serve(t, emptyMirror(t, configuration))
    const { go } = await run(t, online.url, mainland.enter, project)
    await assert.rejects(go('get', 'example.test/ladder/v2@v2.1.0'), /403 Forbidden[\s\S]*denied by/)
    await go('get', 'example.test/ladder/v2@latest')
    assert.match(await go('list', '-m', 'example.test/ladder/v2'), /v2\.0\.0/)
  })

  it('gets nothing that the checksum database does not know', async (t) => {
    const { replica, project, configuration } = await origin(t)
    const [zip = ''] = replica.zips
    replica.upstream.set(zip, { body: 'no zip', type: 'application/zip' })
    const online = await serve(t, emptyMirror(t, configuration))
    const { go } = await run(t, online.url, mainland.enter, project)
    await assert.rejects(go('get', ...wanted), /502 Bad Gateway/)
  })
})
