// A tree behind nginx, set up as docs/ecosystems/rubygems.md says.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, files, folder } from './place.ts'
import { freePort } from './web-servers.ts'

export async function nginx(t: TestContext, tree: string): Promise<{ readonly url: string }> {
  const url = await runNginx(t, (_, port) => [
    'access_log off;',
    `server { listen 127.0.0.1:${port}; root ${tree};`,
    '  location ~ ^/gem/(versions|names|info/) { etag off; } }',
  ])
  return { url }
}

/** nginx with what `http` gives inside its block of that name, for a folder of its own and a port; its address once it answers. */
export async function runNginx(
  t: TestContext,
  http: (folder: string, port: number) => readonly string[],
): Promise<string> {
  const at = folder(t)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  files(at, {
    'nginx.conf': [
      `daemon off; pid ${at}/nginx.pid; error_log ${at}/error.log;`,
      process.getuid?.() === 0 ? 'user root;' : '',
      'events {}',
      'http {',
      ...temporary.map((name) => `${name}_temp_path ${at}/${name};`),
      ...http(at, port),
      '}\n',
    ].join('\n'),
  })
  const child = spawn('nginx', ['-c', `${at}/nginx.conf`, '-p', at], { env: environment(at), stdio: 'ignore' })
  const gone = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await gone
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100; tries++) {
    if ((await fetch(url).catch(() => undefined)) !== undefined) return url
    await sleep(50)
  }
  throw new Error('nginx did not start')
}
