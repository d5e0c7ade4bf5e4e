// Tells somebody that a sync has begun or ended: an address is posted to, or a program is run, without a shell. Whatever
// becomes of that, the sync's own exit code stays.

import { spawn } from 'node:child_process'
import type { Hook, Settings } from '../config/types.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { createClient } from '../upstream/http.ts'
import { version } from './version.ts'

/** Milliseconds. */
const PATIENCE = 60_000

/** `report` is JSON: the body, or standard input. Throws NOTIFY. */
export async function tellHook(hook: Hook, report: string, settings: Pick<Settings, 'network'>): Promise<void> {
  try {
    await ('url' in hook ? post(hook.url, report, settings) : start(hook.argv, report))
  } catch (thrown) {
    const { message } = asMirrorError(thrown)
    throw new MirrorError('NOTIFY', `${nameOf(hook)} could not be told: ${message}`, { cause: thrown })
  }
}

/** Paths and queries of such addresses are often all the secret there is. */
const nameOf = (hook: Hook): string => ('url' in hook ? new URL(hook.url).host : (hook.argv[0] ?? ''))

async function post(url: string, report: string, { network }: Pick<Settings, 'network'>): Promise<void> {
  const repo = 'notify'
  const site = { name: repo, upstreams: [url], credentials: [], network, allowHosts: [], hosts: [] }
  const client = createClient([site], { version })
  try {
    const answer = await client.ask({
      ...{ repo, url, method: 'POST', guarded: false, signal: AbortSignal.timeout(PATIENCE) },
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(report),
    })
    await answer.discard()
    if (answer.status >= 300) throw new MirrorError('UPSTREAM_STATUS', `it answered ${answer.status}`)
  } finally {
    await client.close()
  }
}

function start([program = '', ...args]: readonly string[], report: string): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE)
  const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'], signal, killSignal: 'SIGKILL' })
  // one that does not read its standard input is told all the same
  child.stdin.on('error', () => undefined)
  child.stdin.end(report)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, by) => {
      if (code === 0) resolve()
      else reject(new MirrorError('FAULT', by === null ? `it ended with ${code}` : `it was ended by ${by}`))
    })
  })
}
