// A mirror of the tiny ecosystems behind a real server, over a scripted upstream.

import { type IncomingHttpHeaders, request } from 'node:http'
import type { TestContext } from 'node:test'
import { createAddresses } from '../../src/server/addresses.ts'
import { createApp } from '../../src/server/app.ts'
import { createHits } from '../../src/server/hits.ts'
import { listen } from '../../src/server/listen.ts'
import { createResponder } from '../../src/server/respond.ts'
import { createStates } from '../../src/server/states.ts'
import { openTestMirror, type TestMirror, type TestMirrorOptions, type TestRepository } from '../builders/mirror.ts'
import { type Script, startUpstream, type Upstream } from '../fakes/upstream.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}
export interface Site {
  readonly up: Upstream
  readonly at: TestMirror
  readonly port: number
  ask(path: string, more?: { method?: string; headers?: Record<string, string> }): Promise<Answer>
}

export async function site(
  t: TestContext,
  routes: Record<string, Script>,
  options: Partial<TestMirrorOptions> = {},
  repositories: (own: string) => readonly TestRepository[] = (own) => [{ ecosystem: 'shelf', upstreams: [own] }],
): Promise<Site> {
  const up = await startUpstream(routes)
  t.after(() => up.close())
  const at = await openTestMirror({ repositories: repositories(up.url), ...options })
  return { up, at, ...(await serveMirror(t, at)) }
}

/** Serves a mirror until the test ends, and closes it then. */
export async function serveMirror(t: TestContext, at: TestMirror): Promise<Pick<Site, 'port' | 'ask'>> {
  const responder = createResponder(at.mirror.store)
  const hits = createHits(at.mirror.catalog.refs.used, at.mirror.now)
  let ports: readonly number[] = []
  const states = createStates(at.mirror)
  const app = createApp(
    at.mirror,
    states,
    responder,
    createAddresses(undefined, [], () => ports),
    hits,
  )
  const listening = await listen(app, ['127.0.0.1:0'])
  ports = listening.ports
  const [port = 0] = ports
  t.after(async () => {
    await listening.close(100)
    hits.close()
    responder.close()
    await states.close()
    await at.close()
  })
  return {
    port,
    ask: (path, { method = 'GET', headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
          const text = Buffer.concat(await Array.fromAsync(response)).toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
        })
        asked.on('error', reject).end()
      }),
  }
}
