// nginx as the yardstick: one worker, sendfile, its access log on (to nowhere, as ours). Only where it is installed.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { ask } from './client.ts'
import { found, type Started, startSilent } from './process.ts'

const program = found('nginx')

/** What it says of its version; undefined where it is not installed. */
export const nginxVersion: string | undefined =
  program === undefined ? undefined : spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr.trim().split('/').at(-1)

export interface Nginx extends Started {
  readonly url: string
}

/** Serves files of a folder, with `location` blocks in front when there are any; undefined where it is not installed. */
export async function startNginx(
  folder: string,
  files: string,
  blocks = '',
  more = '',
  name = 'nginx',
): Promise<Nginx | undefined> {
  if (program === undefined) return undefined
  const home = path.join(folder, name)
  mkdirSync(home, { recursive: true })
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configuration = `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1; daemon off; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 1024; }
http {
  ${temporary.map((each) => `${each}_temp_path ${home}/${each};`).join(' ')}
  sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 65s; access_log /dev/null;
  types { application/json json; } default_type application/octet-stream;
  ${more}
  server { listen 127.0.0.1:${port}; root ${files}; ${blocks} }
}
`
  writeFileSync(`${home}/nginx.conf`, configuration)
  const started = startSilent([program, '-p', home, '-e', `${home}/error.log`, '-c', `${home}/nginx.conf`])
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; attempt < 100; attempt++) {
    const answered = await ask(`${url}/`).then(
      () => true,
      () => false,
    )
    if (answered) return { ...started, url }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await started.stop()
  throw new Error(`nginx did not start: see ${home}/error.log`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
