// Many clients, one cold file.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { test } from 'node:test'
import { serve } from '../clients/mirror.ts'
import { files, folder } from '../clients/place.ts'
import { bytesOf, startUpstream } from '../fakes/upstream.ts'
import { configuration, publish } from './archive.ts'
import { long } from './form.ts'

const CLIENTS = 50
const SIZE = (long ? 100 : 20) * 1024 * 1024

test('fifty clients of one large cold file get it whole, out of one upstream request', async (t) => {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const bytes = bytesOf(SIZE, 1)
  const path = publish(upstream, 'large', bytes)
  const data = folder(t)
  files(data, { 'pkgmirror.yaml': configuration(upstream) })
  const mirror = await serve(t, { data, config: `${data}/pkgmirror.yaml` })
  t.after(() => mirror.stop())

  const digests = await Promise.all(Array.from({ length: CLIENTS }, () => digestOf(`${mirror.url}/npm${path}`)))

  assert.deepEqual([...new Set(digests)], [createHash('sha256').update(bytes).digest('hex')])
  assert.equal(upstream.count(path), 1)
})

function digestOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      const hash = createHash('sha256')
      response.on('data', (piece: Buffer) => hash.update(piece))
      response.on('end', () => resolve(response.complete ? hash.digest('hex') : 'broken off'))
      response.on('error', reject)
    }).on('error', reject)
  })
}
