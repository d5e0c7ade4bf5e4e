// nginx as the yardstick: one worker, sendfile, its access log on (to nowhere, as ours). Only where it is installed.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Peer, startPeer } from './peer.ts'
import { found } from './process.ts'

const program = found('nginx')

/** What it says of its version; undefined where it is not installed. */
export const nginxVersion: string | undefined =
  program === undefined ? undefined : spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr.trim().split('/').at(-1)

export interface NginxOptions {
  /** The folder of its files; what it says for them. */
  readonly files?: string
  /** `location` blocks. */
  readonly blocks?: string
  /** What stands beside the server. */
  readonly more?: string
  readonly workers?: number
}

/** Serves files of a folder, with `location` blocks in front when there are any; undefined where it is not installed. */
export async function startNginx(
  folder: string,
  { files = folder, blocks = '', more = '', workers = 1 }: NginxOptions,
): Promise<Peer | undefined> {
  if (program === undefined) return undefined
  const home = mkdtempSync(path.join(folder, 'nginx-'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return startPeer(
    (port) => {
      mkdirSync(home, { recursive: true })
      const configuration = `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes ${workers}; daemon off; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 1024; }
http {
  ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(' ')}
  sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 65s; access_log /dev/null;
  types { application/json json; } default_type application/octet-stream;
  ${more}
  server { listen 127.0.0.1:${port}; root ${files}; ${blocks} }
}
`
      writeFileSync(`${home}/nginx.conf`, configuration)
      return [program, '-p', home, '-e', `${home}/error.log`, '-c', `${home}/nginx.conf`]
    },
    '/',
    workers > 1 ? 'both' : 0,
  )
}

/** As a cache that verifies nothing, in front of an upstream; concurrent requests for one file wait for the first. */
export function startNginxCache(folder: string, upstream: string): Promise<Peer | undefined> {
  const cache = mkdtempSync(path.join(folder, 'proxied-'))
  return startNginx(folder, {
    more: `proxy_cache_path ${cache} levels=1:2 keys_zone=all:10m;`,
    blocks: `location / { proxy_pass ${upstream}; proxy_cache all; proxy_cache_valid 200 1h; proxy_cache_lock on; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
  })
}
