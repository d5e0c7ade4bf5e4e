import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createThreads } from '../../src/engine/threads.ts'

const job = (bytes: Uint8Array) =>
  ({
    kind: 'read',
    ecosystem: 'shelf',
    route: 0,
    p: { name: 'a' },
    repo: { name: 'shelf', upstreams: [], options: {} },
    doc: {
      head: { path: '/index/a', url: '', type: '', size: bytes.length, digests: {}, headers: {} },
      bytes,
      beside: [],
    },
  }) as const

test('a document that takes more memory than a thread may hold is refused, and the next one is read', async (t) => {
  const threads = createThreads(new URL('../builders/shelf.ts', import.meta.url).href, 1, 40)
  t.after(() => threads.close())
  const bomb = Buffer.from(`{"files":[${'[],'.repeat(4_000_000)}0]}`)
  await assert.rejects(threads.run(job(bomb), {}), { code: 'TOO_LARGE', message: /^\/index\/a takes more than 40 MiB/ })
  assert.equal((await threads.run(job(Buffer.from('{"files":[]}')), {})).there, true)
})
