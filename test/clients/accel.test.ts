// `accel: nginx`: nginx in front, set up as docs/operations.md says.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { bytesOf, file, startUpstream } from '../fakes/upstream.ts'
import { serve, until } from './mirror.ts'
import { runNginx } from './nginx.ts'
import { files, folder, found, root } from './place.ts'

/** What the page says, for this mirror. */
function documented(port: number, mirror: string, data: string): string {
  const page = readFileSync(`${root}/docs/operations.md`, 'utf8')
  const [, block = ''] = /```nginx\n(upstream pkgmirror [\s\S]*?\n\})\n```/.exec(page) ?? []
  return block
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('127.0.0.1:8080', new URL(mirror).host)
    .replace('/var/lib/pkgmirror/', `${data}/`)
}

const nginxBefore = (t: TestContext, mirror: string, data: string): Promise<string> =>
  runNginx(t, (at, port) => [
    `log_format sent "$uri $sent_http_content_length"; access_log ${at}/access.log sent;`,
    documented(port, mirror, data),
  ])

const bodies = { small: Buffer.from(bytesOf(100_000, 1)), large: Buffer.from(bytesOf(700_000, 2)) }
const ours = ['etag', 'last-modified', 'x-cache', 'cache-control', 'cache-status', 'content-type', 'accept-ranges']

describe('serve --accel nginx', { skip: found('nginx') === undefined ? 'nginx is not on this machine' : false }, () => {
  for (const workers of [0, 1]) {
    it(`has nginx send large files, with the same fields${workers === 0 ? '' : ', from workers too'}`, async (t) => {
      const upstream = await startUpstream(
        Object.fromEntries(
          Object.entries(bodies).map(([name, body]) => [
            `/${name}.bin`,
            file(body, { etag: true, headers: { 'cache-control': 'max-age=600' } }),
          ]),
        ),
      )
      t.after(() => upstream.close())
      const configuration = `builtin: false\nrepositories: { files: { ecosystem: files, upstream: "${upstream.url}" } }\n`
      const mirror = { data: folder(t), config: `${files(folder(t), { 'c.yaml': configuration })}/c.yaml` }
      const { url: direct } = await serve(t, mirror, ['--accel', 'nginx', '--workers', String(workers)])
      const front = await nginxBefore(t, direct, mirror.data)
      for (const [name, body] of Object.entries(bodies)) {
        const path = `/files/${name}.bin`
        const held = await until(async () => fetch(direct + path), 'HIT')
        const answer = await fetch(front + path)
        assert.ok(Buffer.from(await answer.arrayBuffer()).equals(body))
        for (const field of ours) assert.equal(answer.headers.get(field), held.headers.get(field), field)
        assert.equal(answer.headers.get('x-accel-redirect'), null)
        assert.equal(answer.headers.get('content-length'), String(body.length))
        const tag = answer.headers.get('etag') ?? ''
        const unchanged = await fetch(front + path, { headers: { 'if-none-match': tag } })
        const part = await fetch(front + path, { headers: { range: 'bytes=5-9', 'if-range': tag } })
        assert.deepEqual([unchanged.status, part.status], [304, 206])
        assert.ok(Buffer.from(await part.arrayBuffer()).equals(body.subarray(5, 10)))
      }
      const accelerated = await fetch(`${direct}/files/large.bin`, { headers: { 'x-pkgmirror-accel': 'nginx' } })
      assert.match(accelerated.headers.get('x-accel-redirect') ?? '', /^\/pkgmirror-blobs\/[0-9a-f]{2}\/[0-9a-f]{64}$/)
      const refused = await fetch(front + (accelerated.headers.get('x-accel-redirect') ?? ''))
      assert.equal(refused.status, 404)
    })
  }
})
