// Real web servers for an exported tree, with the configuration that the export wrote for them, as it is.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from './mirror.ts'
import { environment, folder, found, type Island } from './place.ts'
import type { Servers } from './voyage.ts'

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  await once(server, 'close')
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

/**
 * The address is known before the export that it is written into, and the configuration comes with that: the server starts when
 * the tree is there.
 */
async function late(
  t: TestContext,
  tree: string,
  { enter }: Island,
  argv: readonly string[],
  port: number,
  pid: string,
): Promise<Running> {
  // they read as users of their own
  chmodSync(tree, 0o755)
  const written = path.join(tree, '.pkgmirror/paths')
  const script = `while [ ! -e "${written}" ]; do sleep 0.05; done; exec ${argv.map((one) => `'${one}'`).join(' ')}`
  const [program = '', ...args] = [...enter, 'sh', '-c', script]
  const child = spawn(program, args, { env: environment(tree), stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const gone = once(child, 'exit')
  t.after(() => child.kill('SIGKILL'))
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    said: () => said,
    async ready() {
      for (let tries = 0; tries < 200 && !existsSync(pid); tries += 1) await sleep(50)
      assert.ok(existsSync(pid), said)
    },
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([gone, sleep(2000)])
    },
  }
}

const own = '.pkgmirror/servers'

async function nginx(t: TestContext, tree: string, at: Island): Promise<Running> {
  const home = folder(t)
  const more = `daemon off; pid ${home}/pid; error_log stderr;`
  const argv = ['nginx', '-p', tree, '-c', `${own}/nginx/nginx.conf`, '-e', 'stderr', '-g', more]
  return late(t, tree, at, argv, await freePort(), `${home}/pid`)
}

async function apache(t: TestContext, tree: string, at: Island): Promise<Running> {
  const home = folder(t)
  const argv = ['apache2', '-d', tree, '-f', `${own}/apache/httpd.conf`, '-C', `Define PIDFILE ${home}/pid`]
  const log = ['-C', `Define ERRORLOG ${home}/error.log`]
  return late(t, tree, at, [...argv, ...log, '-D', 'FOREGROUND'], await freePort(), `${home}/pid`)
}

async function caddy(t: TestContext, tree: string, at: Island): Promise<Running> {
  const home = folder(t)
  const config = `${tree}/${own}/caddy/Caddyfile`
  const argv = ['env', `PKGMIRROR=${tree}`, `HOME=${home}`, 'caddy', 'run', '--config', config]
  return late(t, tree, at, [...argv, '--pidfile', `${home}/pid`], await freePort(), `${home}/pid`)
}

/** By the names of their programs. */
export const everyServer: Servers = { nginx, apache2: apache, caddy }

/** Those that this machine has; ports and folders of temporary files are root's. */
export const lacks = (program: string): string | false => {
  if (found(program) === undefined) return `${program} is not on this machine`
  return process.getuid?.() === 0 ? false : `${program} is tried by root alone`
}
export const webServers: Servers = Object.fromEntries(
  Object.entries(everyServer).filter(([program]) => lacks(program) === false),
)
