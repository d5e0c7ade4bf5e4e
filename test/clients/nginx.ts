// A tree behind nginx, set up as docs/ecosystems/rubygems.md says.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, files, folder } from './place.ts'

export async function nginx(t: TestContext, tree: string): Promise<{ readonly url: string }> {
  const at = folder(t)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${at}/${name};\n`)
    .join('')
  const configuration = `daemon off;
pid ${at}/nginx.pid;
error_log ${at}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http {
${temporary}  access_log off;
  server {
    listen 127.0.0.1:${port};
    root ${tree};
    location ~ ^/gem/(versions|names|info/) { etag off; }
  }
}
`
  files(at, { 'nginx.conf': configuration })
  const child = spawn('nginx', ['-c', `${at}/nginx.conf`, '-p', at], { env: environment(at), stdio: 'ignore' })
  const gone = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await gone
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return { url }
    await sleep(50)
  }
  throw new Error('nginx did not start')
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
