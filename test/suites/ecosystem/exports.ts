// An exported tree needs nothing but a web server that knows nothing of packages.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import serveFiles from 'serve-handler'
import { exportTo } from '../../builders/export.ts'
import { rule, type TestMirror, type TestMirrorOptions } from '../../builders/mirror.ts'
import { type Bench, denying } from './bench.ts'
import { find } from './documents.ts'

export function testExports(bench: Bench): void {
  const { ecosystem, mirror, releases } = bench

  describe('exports', () => {
    /** A sync and an export of all that it held; the tree's folder. */
    async function exported(options: Partial<TestMirrorOptions> = {}): Promise<[one: TestMirror, tree: string]> {
      const one = await mirror(options)
      await one.sync(bench.archive.wants, { item: () => {} })
      one.offline = true
      const tree = await mkdtemp(join(bench.folder, 'tree-'))
      const { faults } = await exportTo(tree, one, { baseUrl: 'http://mirror.test', letterCase: 'apart' })
      assert.deepEqual(faults, [])
      return [one, tree]
    }

    it('answer from a plain file server as the mirror does', async (t) => {
      const [one, tree] = await exported()
      const plain = await servePlain(tree)
      t.after(() => plain.close())
      let compared = 0
      for (const asking of bench.archive.requests) {
        const { route, p } = find(ecosystem, asking.path)
        if (route.kind === 'made' && route.pattern.includes(':')) continue
        const got = await one.get(asking.path, asking)
        // where there are several media types a plain file can only be one of them
        if (route.files?.(p, got.type).length === 0) continue
        const answer = await fetch(`${plain.url}/${ecosystem.id}${asking.path}`)
        assert.equal(answer.status, 200, asking.path)
        assert.deepEqual(Buffer.from(await answer.arrayBuffer()), got.bytes, asking.path)
        compared += 1
      }
      assert.ok(compared > 0)
    })

    it('hold no file of a hidden version', async () => {
      for (const hidden of await releases()) {
        const [one, tree] = await exported({ policy: { deny: [rule(denying(ecosystem, hidden))] } })
        const names = (await readdir(tree, { recursive: true })).map((name) => name.replaceAll('\\', '/'))
        assert.ok(!names.includes(`${ecosystem.id}${hidden.path}`), hidden.path)
        await one.close()
      }
    })
  })
}

/** A web server that knows nothing of packages. */
async function servePlain(tree: string) {
  const server = createServer((request, response) => {
    serveFiles(request, response, { public: tree }).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
