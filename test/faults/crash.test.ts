// kill -9 at random moments: whatever is held afterwards is whole, and the next run goes on.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Mirror, pkgmirror } from '../clients/mirror.ts'
import { environment, files, folder, root } from '../clients/place.ts'
import { startUpstream } from '../fakes/upstream.ts'
import { configuration, publishMany } from './archive.ts'
import { long, randomBy, seed } from './form.ts'
import { whole } from './whole.ts'

/** Of each of the two: two hundred in the long form. */
const MOMENTS = long ? 100 : 4
const PARTS = 40
const executable = `${root}/bin/pkgmirror.js`

interface Place {
  /** A mirror with nothing in it yet. */
  mirror(): Mirror
  readonly manifest: string
  readonly known: ReadonlyMap<string, string>
}

async function place(t: TestContext): Promise<Place> {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const known = publishMany(upstream, PARTS, 1_000_000)
  const at = folder(t)
  files(at, { 'pkgmirror.yaml': configuration(upstream), 'whole.yaml': 'packages: { npm: [whole] }\n' })
  const mirror = (): Mirror => ({ data: folder(t), config: `${at}/pkgmirror.yaml` })
  return { mirror, manifest: `${at}/whole.yaml`, known }
}

function begin({ data, config }: Mirror, ...args: readonly string[]) {
  const argv = [executable, ...args, '--data', data, '--config', config]
  return spawn(process.execPath, argv, { env: environment(data), stdio: ['ignore', 'pipe', 'ignore'] })
}

test(`a sync killed at ${MOMENTS} random moments leaves a whole mirror each time (seed ${seed})`, async (t) => {
  const { mirror, manifest, known } = await place(t)
  const random = randomBy(seed)
  let last = mirror()
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    // some go on where another was killed
    last = moment % 4 === 3 ? last : mirror()
    const child = begin(last, 'sync', manifest, '--quiet')
    const gone = once(child, 'exit')
    await pause(200 + random() * 600)
    child.kill('SIGKILL')
    await gone
    await whole(last, known)
  }
  await pkgmirror(last, 'sync', manifest)
  assert.equal(await whole(last, known), known.size)
  const again = await pkgmirror(last, 'sync', manifest, '--json')
  const summary = JSON.parse(again.trim().split('\n').at(-1) ?? '') as { changed: boolean; code: number }
  assert.deepEqual([summary.code, summary.changed], [0, false])
})

test(`a server killed at ${MOMENTS} random moments leaves a whole mirror each time (seed ${seed})`, async (t) => {
  const { mirror, known } = await place(t)
  const random = randomBy(seed + 1)
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    const one = mirror()
    const child = begin(one, 'serve', '--json', '--listen', '127.0.0.1:0')
    const gone = once(child, 'exit')
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    const { addresses } = JSON.parse(line.split('\n')[0] ?? '') as { addresses: readonly string[] }
    const load = [...known.keys()].map((path) => ask(`${addresses[0]}/npm${path}`))
    await pause(20 + random() * 600)
    child.kill('SIGKILL')
    await Promise.all([gone, ...load])
    await whole(one, known)
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
