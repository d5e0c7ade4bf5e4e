// What is mounted, in plain text, for people who open the address in a browser.

import type { Answer } from '../contract.ts'
import type { Mirror } from '../engine/mirror.ts'

export function overview(mirror: Mirror, base: string): Answer {
  const lines = ['pkgmirror', '', `Mode: ${mirror.offline ? 'offline' : 'pull-through'}`, '', 'Repositories:']
  for (const { settings, ecosystem } of mirror.repos.values()) {
    lines.push(`  ${ecosystem.title.padEnd(24)} ${base}${settings.mount}`)
  }
  lines.push('', 'Clients: run `pkgmirror setup` for the configuration of each.', '')
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' },
    body: lines.join('\n'),
  }
}
