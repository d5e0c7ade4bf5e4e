// What is shown: nothing of what is hidden, nothing of the upstream, always the same; and what a sync leaves out.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { isHeld } from '../../../src/catalog/rows.ts'
import { MirrorError } from '../../../src/errors.ts'
import { formatSri } from '../../../src/formats/digest.ts'
import { type Got, rule, type TestMirror } from '../../builders/mirror.ts'
import { type Bench, denying, gotUnlessRefused, hostsOf, type Release } from './bench.ts'
import { show, showInThread } from './documents.ts'

/** A file's last segment, when it names one version: `/kit/-/kit-1.0.0.tgz`. */
const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

export function testPolicy(bench: Bench): void {
  const { ecosystem, mirror, shelf, views, releases } = bench

  describe('views', () => {
    it('are the same each time, and from a worker thread', async () => {
      const [newest] = (await releases()).toSorted((a, b) => ecosystem.versions.compare(b.version, a.version))
      assert.ok(newest !== undefined, 'the fixtures have no version of a package')
      for (const deny of [[], [denying(ecosystem, newest)]]) {
        for (const { path, accept } of views()) {
          const first = await shownOrDenied(show(shelf(deny), path, accept))
          assert.deepEqual(await shownOrDenied(show(shelf(deny), path, accept)), first, path)
          const apart = showInThread(bench.test.mirror.threads, shelf(deny), path, accept)
          assert.deepEqual(await shownOrDenied(apart), first, path)
        }
      }
    })

    it('name no host of an upstream', async () => {
      const hosts = [...hostsOf(ecosystem), new URL(bench.upstream.url).host]
      for (const asking of views()) {
        const got = await bench.test.get(asking.path, asking)
        for (const body of await wholeBodies(got, bench.test)) {
          for (const host of hosts) assert.ok(!body.includes(host), `${asking.path} (${asking.accept}) names ${host}`)
        }
      }
    })

    it('show the versions of the fixtures while nothing hides them', async () => {
      if (views().length === 0) return
      const shown = await Promise.all(views().map(async (asking) => (await bench.test.get(asking.path, asking)).bytes))
      for (const { version } of await releases()) {
        assert.ok(
          shown.some((body) => body.includes(version)),
          version,
        )
      }
    })

    it('say nothing of a version that is hidden, whichever it is', async () => {
      const all = await releases()
      for (const hidden of all) {
        const one = await mirror({ policy: { deny: [rule(denying(ecosystem, hidden))] } })
        for (const asking of views()) {
          const got = await gotUnlessRefused(one, asking)
          if (got === undefined) continue
          const texts = [...(await wholeBodies(got, one)), Buffer.from(JSON.stringify(got.headers))]
          for (const mark of marks(hidden)) {
            const leaks = texts.some((text) => text.includes(mark))
            assert.ok(!leaks, `${asking.path} (${asking.accept}) says ${mark} of a hidden version`)
          }
        }
        const refused = await one.failure(hidden.path)
        assert.ok(['DENIED', 'NOT_FOUND'].includes(refused.code), `${hidden.path}: ${refused.code}`)
        await one.close()
      }
    })
  })

  describe('policy', () => {
    it('keeps hidden versions out of a sync', async () => {
      for (const hidden of await releases()) {
        const one = await mirror({ policy: { deny: [rule(denying(ecosystem, hidden))] } })
        await one.sync(bench.archive.wants, { item: () => {} })
        assert.equal(isHeld(one.mirror.catalog.refs.get(ecosystem.id, hidden.path, '', 0)), false, hidden.path)
        await one.close()
      }
    })
  })
}

/** A view may say that what it would show is hidden, where clients would look elsewhere for what is not there. */
async function shownOrDenied(view: Promise<Buffer | undefined>): Promise<Buffer | undefined | 'denied'> {
  try {
    return await view
  } catch (error) {
    if (error instanceof MirrorError && error.code === 'DENIED') return 'denied'
    throw error
  }
}

/** What gives a version away: its number, its file, and its digests in both spellings. */
const marks = ({ path, version, digests = {} }: Release): readonly string[] => [
  version,
  fileOf(path),
  ...Object.entries(digests).flatMap(([algorithm, hex]) => [hex, formatSri(algorithm, hex)]),
]

/** The body of an answer, and what is in its compressed twins. */
const wholeBodies = ({ bytes, twins = {} }: Got, from: TestMirror): Promise<readonly Buffer[]> =>
  Promise.all([
    bytes,
    ...Object.entries(twins).map(async ([coding, { sha256 }]) => {
      assert.equal(coding, 'gzip')
      return gunzipSync(Buffer.concat(await Array.fromAsync(from.mirror.store.stream(sha256))))
    }),
  ])
