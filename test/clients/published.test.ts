// What is published: bundled, without the sources. Whatever starts by its address (threads, workers) or is read beside the
// code (the version) has to be found from there.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { build } from '../../scripts/build.ts'
import { bytesOf, file, json, startUpstream } from '../fakes/upstream.ts'
import { pkgmirror, serve } from './mirror.ts'
import { files, folder, root } from './place.ts'

it('serves through a worker, renders in a thread and hashes in threads', async (t) => {
  const place = folder(t)
  await build(path.join(place, 'dist'))
  for (const name of ['bin', 'package.json', 'keyrings'])
    cpSync(path.join(root, name), path.join(place, name), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(place, 'node_modules'))
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const tarball = Buffer.from(bytesOf(3_000_000, 1))
  const version = (at: number) => ({
    ...{ name: 'kit', version: `1.0.${at}`, description: 'x'.repeat(1000) },
    dist: {
      tarball: `${upstream.url}/kit/-/kit-1.0.${at}.tgz`,
      shasum: createHash('sha1').update(tarball).digest('hex'),
    },
  })
  const versions = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`1.0.${at}`, version(at)]))
  upstream.set('/kit', json({ name: 'kit', 'dist-tags': { latest: '1.0.0' }, versions, time: {} }))
  upstream.set('/kit/-/kit-1.0.0.tgz', file(tarball))
  const configuration = { builtin: false, repositories: { npm: { ecosystem: 'npm', upstream: upstream.url } } }
  const config = path.join(files(folder(t), { 'c.yaml': JSON.stringify(configuration) }), 'c.yaml')
  const mirror = { data: folder(t), config, bin: path.join(place, 'bin/pkgmirror.js') }

  const running = await serve(t, mirror, ['--workers', '1'])
  const shown = await fetch(`${running.url}/npm/kit`)
  const { versions: seen } = (await shown.json()) as { readonly versions: object }
  const body = await fetch(`${running.url}/npm/kit/-/kit-1.0.0.tgz`)
  const arrived = Buffer.from(await body.arrayBuffer())
  await running.stop()
  const proof = JSON.parse((await pkgmirror(mirror, 'verify', '--json')).trim().split('\n').at(-1) ?? '') as {
    readonly wrong: number
  }

  assert.deepEqual(
    { versions: Object.keys(seen).length, whole: arrived.equals(tarball), wrong: proof.wrong },
    { versions: 500, whole: true, wrong: 0 },
  )
})
