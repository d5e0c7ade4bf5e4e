// kill -9 at random moments: whatever is held afterwards is whole, and the next run goes on.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Mirror, pkgmirror } from '../clients/mirror.ts'
import { environment, files, folder, root } from '../clients/place.ts'
import { startUpstream, type Upstream } from '../fakes/upstream.ts'
import { configuration, publishMany } from './archive.ts'
import { long, randomBy, seed } from './form.ts'

const MOMENTS = long ? 100 : 6
const PARTS = 40
const executable = `${root}/bin/pkgmirror.js`

async function place(t: TestContext): Promise<{ upstream: Upstream; mirror: Mirror; manifest: string }> {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  publishMany(upstream, PARTS, 1_000_000)
  const data = folder(t)
  files(data, { 'pkgmirror.yaml': configuration(upstream), 'whole.yaml': 'packages: { npm: [whole] }\n' })
  return { upstream, mirror: { data, config: `${data}/pkgmirror.yaml` }, manifest: `${data}/whole.yaml` }
}

function begin({ data, config }: Mirror, ...args: readonly string[]) {
  const argv = [executable, ...args, '--data', data, '--config', config]
  return spawn(process.execPath, argv, { env: environment(data), stdio: ['ignore', 'pipe', 'ignore'] })
}

/** Everything that is held verifies, and nothing unfinished lies about once a next run has begun. */
async function consistent(mirror: Mirror): Promise<void> {
  if (!readdirSync(mirror.data).includes('catalog.db')) return
  await pkgmirror(mirror, 'verify', '--quiet')
  assert.deepEqual(readdirSync(`${mirror.data}/tmp`), [])
}

test(`a sync killed at ${MOMENTS} random moments leaves a whole mirror each time (seed ${seed})`, async (t) => {
  const { mirror, manifest } = await place(t)
  const random = randomBy(seed)
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    const child = begin(mirror, 'sync', manifest, '--quiet')
    const gone = once(child, 'exit')
    await pause(300 + random() * 1200)
    child.kill('SIGKILL')
    await gone
    await consistent(mirror)
  }
  await pkgmirror(mirror, 'sync', manifest)
  const again = await pkgmirror(mirror, 'sync', manifest, '--json')
  const summary = JSON.parse(again.trim().split('\n').at(-1) ?? '') as { changed: boolean; code: number }
  assert.deepEqual([summary.code, summary.changed], [0, false])
})

test(`a server killed at ${MOMENTS} random moments leaves a whole mirror each time (seed ${seed})`, async (t) => {
  const { mirror } = await place(t)
  const random = randomBy(seed + 1)
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    const child = begin(mirror, 'serve', '--json', '--listen', '127.0.0.1:0')
    const gone = once(child, 'exit')
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    const { addresses } = JSON.parse(line.split('\n')[0] ?? '') as { addresses: readonly string[] }
    const load = Array.from({ length: PARTS }, (_, number) =>
      ask(`${addresses[0]}/npm/part-${number}/-/part-${number}-1.0.0.tgz`),
    )
    await pause(20 + random() * 600)
    child.kill('SIGKILL')
    await Promise.all([gone, ...load])
    await consistent(mirror)
  }
})

/** An answer that breaks off is what a killed server gives. */
async function ask(url: string): Promise<void> {
  try {
    await (await fetch(url)).arrayBuffer()
  } catch {
    return
  }
}
