// Real web servers for an exported tree, with the configuration that the export wrote for them.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Running } from './mirror.ts'
import { environment, files, folder, found, type Island } from './place.ts'
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

async function nginx(t: TestContext, tree: string, at: Island): Promise<Running> {
  const home = folder(t)
  const port = await freePort()
  const included = `${tree}/.pkgmirror/servers/nginx`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${home}/${one};`,
  )
  files(home, {
    'nginx.conf': [
      `daemon off; pid ${home}/pid; error_log stderr; worker_processes 1; user root;`,
      'events {}',
      `http { access_log off; ${temporary.join(' ')}`,
      `include ${included}/*.map; include ${included}/*/*.map;`,
      `server { listen 127.0.0.1:${port}; root ${tree}; include ${included}/*/*.locations; } }`,
    ].join('\n'),
  })
  return late(t, tree, at, ['nginx', '-c', `${home}/nginx.conf`], port, `${home}/pid`)
}

async function apache(t: TestContext, tree: string, at: Island): Promise<Running> {
  const home = folder(t)
  const port = await freePort()
  const modules = ['mpm_event', 'authz_core', 'dir', 'rewrite', 'headers', 'env']
  files(home, {
    'httpd.conf': [
      `ServerRoot ${home}`,
      `ServerName localhost\nPidFile ${home}/pid\nErrorLog ${home}/error.log\nListen 127.0.0.1:${port}`,
      ...modules.map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`),
      `DocumentRoot ${tree}\n<Directory ${tree}>\nRequire all granted\n</Directory>`,
      `Define PKGMIRROR ${tree}\nInclude ${tree}/.pkgmirror/servers/apache/*/*.conf\n`,
    ].join('\n'),
  })
  return late(t, tree, at, ['apache2', '-f', `${home}/httpd.conf`, '-D', 'FOREGROUND'], port, `${home}/pid`)
}

async function caddy(t: TestContext, tree: string, at: Island): Promise<Running> {
  const home = folder(t)
  const port = await freePort()
  files(home, {
    Caddyfile: [
      `{\n  admin off\n  auto_https off\n  persist_config off\n  storage file_system ${home}/storage\n}`,
      `http://127.0.0.1:${port} {\n  root * ${tree}`,
      `  import ${tree}/.pkgmirror/servers/caddy/*/rules.caddy`,
      '  file_server\n}\n',
    ].join('\n'),
  })
  const argv = ['caddy', 'run', '--config', `${home}/Caddyfile`, '--pidfile', `${home}/pid`]
  return late(t, tree, at, argv, port, `${home}/pid`)
}

/** By the names of their programs. */
export const everyServer: Servers = { nginx, apache2: apache, caddy }

/** Those that this machine has. */
export const webServers: Servers = Object.fromEntries(
  Object.entries(everyServer).filter(([program]) => found(program) !== undefined),
)
