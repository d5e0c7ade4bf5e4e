// Routes take the paths they should, and what documents say leads to them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { safePath } from '../../../src/formats/safe-path.ts'
import type { Bench } from './bench.ts'
import { find, read, readInThread, repoOf } from './documents.ts'

export function testRoutes(bench: Bench): void {
  const { ecosystem, paths, shelf, indexes, entries } = bench

  describe('routes', () => {
    it('take every path of the fixtures as expected', () => {
      for (const path of [...paths(), ...bench.archive.requests.map((one) => one.path)]) {
        assert.ok(bench.archive.routes[path] !== undefined, `the fixtures name no route for ${path}`)
      }
      for (const [path, expected] of Object.entries(bench.archive.routes)) {
        const { route } = find(ecosystem, path)
        assert.equal(`${route.kind} ${route.pattern}`, expected, path)
      }
    })

    it('make the path again that they took apart', () => {
      for (const path of Object.keys(bench.archive.routes)) {
        const { route, p } = find(ecosystem, path)
        assert.equal(route.path(p), path)
        assert.deepEqual(route.match(route.path(p)), p)
      }
    })

    it('take no path that is unsafe to keep, whatever stands in it', () => {
      for (const path of Object.keys(bench.archive.routes)) assert.equal(safePath(path), path)
    })

    it('name vouchers that are documents of the same repository', () => {
      for (const path of paths()) {
        const { route, p } = find(ecosystem, path)
        for (const voucher of route.vouchers?.(p, repoOf(shelf())) ?? []) {
          const by = find(ecosystem, voucher).route
          assert.equal(by.kind, 'index', voucher)
          assert.ok(by.read !== undefined, `${voucher} vouches for ${path} and is never read`)
        }
      }
    })
  })

  describe('entries', () => {
    it('are all ones that their document may state', async () => {
      for (const path of indexes()) assert.deepEqual((await read(shelf(), path)).dropped, [], path)
    })

    it('point at routes that hold files or documents', async () => {
      const all = await entries()
      assert.ok(all.length > 0)
      for (const entry of all) {
        const { route } = find(ecosystem, entry.path)
        assert.ok(route.kind === 'artifact' || route.kind === 'index', `${entry.path} is ${route.kind}`)
      }
    })

    it('name every file of the fixtures that somebody must vouch for', async () => {
      const named = new Set((await entries()).map(({ path }) => path))
      for (const path of paths()) {
        const { route, p } = find(ecosystem, path)
        if (route.vouchers === undefined || route.known?.(p).digests !== undefined) continue
        assert.ok(named.has(path), `no document of the fixtures names ${path}`)
      }
    })

    it('are the same when a worker thread reads them', async () => {
      for (const path of indexes()) {
        const here = (await read(shelf(), path)).entries
        assert.deepEqual(await readInThread(bench.test.mirror.threads, shelf(), path), structuredClone(here), path)
      }
    })
  })
}
