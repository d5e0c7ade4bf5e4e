// devpi as a pull-through cache of an index of Python packages.

import path from 'node:path'
import { type Peer, startPeer } from './peer.ts'
import { found, run } from './process.ts'

/** Its index is at `/root/bench/+simple/`; undefined where it is not installed. */
export async function startDevpi(folder: string, index: string): Promise<Peer | undefined> {
  const init = found('devpi-init')
  const server = found('devpi-server')
  if (init === undefined || server === undefined) return undefined
  const home = path.join(folder, 'devpi')
  await run([init, '--serverdir', home, '--no-root-pypi', '--root-passwd', 'bench'])
  const listen = (port: number): string[] => ['--host', '127.0.0.1', '--port', String(port)]
  const peer = await startPeer((port) => [server, '--serverdir', home, ...listen(port)], '/+api')
  const login = await send(`${peer.url}/+login`, 'POST', { user: 'root', password: 'bench' })
  const { result } = (await login.json()) as { readonly result: { readonly password: string } }
  const token = Buffer.from(`root:${result.password}`).toString('base64')
  const mirror = { type: 'mirror', mirror_url: index, mirror_use_external_urls: false, volatile: true }
  await send(`${peer.url}/root/bench`, 'PUT', mirror, { 'x-devpi-auth': token })
  return peer
}

async function send(url: string, method: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}
