// `node install.ts`: brings the package managers that the tests of clients try from the registry into node_modules/.cache.
// What cannot be had is said, and is no failure: its tests are skipped.

import { spawnSync } from 'node:child_process'
import { commandOf, npmClients, prefixOf } from './npm-clients.ts'

for (const client of npmClients) {
  if (client.spec === undefined || commandOf(client) !== undefined) continue
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error']
  const { status } = spawnSync('npm', ['install', '--prefix', prefixOf(client), ...options, client.spec], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 180_000,
  })
  console.log(`${client.name}: ${status === 0 && commandOf(client) !== undefined ? 'installed' : 'cannot be had'}`)
}
