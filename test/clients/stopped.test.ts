// A sync that is stopped: by a signal it ends between two files, killed it ends anywhere; what it has brought in stays, and the
// next one has the lock at once and goes on from there.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { it, type TestContext } from 'node:test'
import { bytesOf, file, json, startUpstream } from '../fakes/upstream.ts'
import { pkgmirror } from './mirror.ts'
import { environment, files, folder, root } from './place.ts'

const PARTS = 20

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  /** The JSON lines. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
}

async function place(t: TestContext) {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const names = Array.from({ length: PARTS }, (_, at) => `part-${at}`)
  for (const [at, name] of names.entries()) {
    const tarball = Buffer.from(bytesOf(50_000, at))
    const dist = {
      tarball: `${upstream.url}/${name}/-/${name}-1.0.0.tgz`,
      shasum: createHash('sha1').update(tarball).digest('hex'),
    }
    upstream.set(
      `/${name}`,
      json({
        name,
        'dist-tags': { latest: '1.0.0' },
        versions: { '1.0.0': { name, version: '1.0.0', dist } },
        time: {},
      }),
    )
    // one after the other, and slowly, so that there is a middle
    upstream.set(`/${name}/-/${name}-1.0.0.tgz`, file(tarball, { firstByteDelay: 60 }))
  }
  const at = files(folder(t), {
    'mirror.yaml': JSON.stringify({
      builtin: false,
      concurrency: { host: 1 },
      repositories: { npm: { ecosystem: 'npm', upstream: upstream.url } },
      packages: { npm: names },
    }),
  })
  const report = path.join(at, 'report.json')
  const mirror = { data: folder(t), config: `${at}/mirror.yaml` }

  /** Ends the sync with `signal` once some of its files are there. */
  async function stopped(signal: NodeJS.Signals): Promise<Ended> {
    const words = ['sync', mirror.config, '--data', mirror.data, '--report', report, '--json']
    const child = spawn(process.execPath, [`${root}/bin/pkgmirror.js`, ...words], {
      env: environment(mirror.data),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    const lines: Record<string, unknown>[] = []
    let fetched = 0
    for await (const line of createInterface(child.stdout)) {
      const told = JSON.parse(line) as Record<string, unknown>
      lines.push(told)
      if (told.outcome !== 'fetched' || !String(told.path).endsWith('.tgz')) continue
      fetched += 1
      // once: a second signal does not wait
      if (fetched === 3) child.kill(signal)
    }
    const [code, by] = (await ended) as [number | null, string | null]
    return { code, signal: by, lines }
  }
  const last = (out: string) => JSON.parse(out.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>
  return {
    report,
    stopped,
    verified: async () => last(await pkgmirror(mirror, 'verify', '--json')),
    again: async () => last(await pkgmirror(mirror, 'sync', mirror.config, '--json')),
  }
}

it('ends with 1 by SIGTERM, says that it was stopped, and leaves what is whole', async (t) => {
  const { report, stopped, verified, again } = await place(t)
  const { code, lines } = await stopped('SIGTERM')
  const summary = lines.at(-1) as { readonly type: string; readonly faults: readonly { readonly code: string }[] }
  const told = JSON.parse(readFileSync(report, 'utf8')) as { readonly state: string }
  const proof = await verified()
  const next = await again()

  assert.deepEqual([code, summary.type, told.state], [1, 'summary', 'stopped'])
  assert.ok(summary.faults.some((fault) => fault.code === 'STOPPED'))
  assert.equal(proof.wrong, 0)
  assert.ok((proof.items as number) > 3)
  const { npm } = next.repositories as { readonly npm: { readonly items: number; readonly fetched: number } }
  assert.equal(next.code, 0)
  assert.ok(npm.fetched < npm.items, 'what the first one brought in is not fetched again')
})

it('killed, holds no lock and nothing broken', async (t) => {
  const { stopped, verified, again } = await place(t)
  const { signal } = await stopped('SIGKILL')
  const next = await again()

  assert.equal(signal, 'SIGKILL')
  assert.equal(next.code, 0)
  assert.equal((await verified()).wrong, 0)
})
