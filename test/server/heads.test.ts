import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { withHeads } from '../../src/server/heads.ts'
import { listen } from '../../src/server/listen.ts'

for (const [how, answer] of [
  ['as a list', (response: ServerResponse) => response.writeHead(206, ['X-Kind', 'list', 'Set-Cookie', 'a=b'])],
  ['as an object', (response: ServerResponse) => response.writeHead(206, { 'x-kind': 'list', 'set-cookie': 'a=b' })],
  [
    'field by field',
    (response: ServerResponse) => {
      response.statusCode = 206
      return response.setHeader('x-kind', 'list').setHeader('set-cookie', 'a=b')
    },
  ],
] as const) {
  test(`the head of an answer that is given ${how} is logged, without its secrets`, async (t) => {
    const said: Readonly<Record<string, unknown>>[] = []
    const logged = Promise.withResolvers<void>()
    const app = withHeads({ handle: (_, response) => answer(response).end() }, (record, text) => {
      said.push(record)
      if (text === 'answer head') logged.resolve()
    })
    const listening = await listen(app, ['127.0.0.1:0'])
    t.after(() => listening.close(100))
    await fetch(`${listening.addresses[0]}/x`, { headers: { authorization: 'Bearer s' } })
    await logged.promise
    const [asked, answered] = said as [{ headers: Record<string, string> }, { status: number; headers: object }]
    assert.equal(asked.headers.authorization, '***')
    assert.equal(answered.status, 206)
    assert.deepEqual({ ...answered.headers }, { 'x-kind': 'list', 'set-cookie': '***' })
  })
}
