// The way that every client is taken: through the mirror while its upstream answers, again with the network off, and again
// from an exported tree behind file servers that know nothing of packages. What it gets must be the same each time.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { fileServers, type Mirror, pkgmirror, type Running, serve } from './mirror.ts'
import { files, folder, found, type Island, island, mainland } from './place.ts'

/** A mirror's upstream: the configuration that names it, and how to be rid of it. */
export interface Origin {
  readonly configuration: string
  stop(): Promise<void>
}

/** Uses a client with an empty home on the mirror at an address without a trailing slash, and tells what it got. */
export type Use<T> = (url: string, at: Island) => Promise<T>

/** Web servers for an exported tree, by name. */
export type Servers = Readonly<Record<string, (t: TestContext, directory: string, at: Island) => Promise<Running>>>

export async function voyage<T>(
  t: TestContext,
  origin: Origin,
  use: Use<T>,
  servers: Servers = fileServers,
): Promise<T> {
  const mirror = emptyMirror(t, origin.configuration)
  const online = await serve(t, mirror)
  const first = await use(online.url, mainland)
  await online.stop()
  await origin.stop()
  await withoutNetwork(t, mirror, use, first, servers)
  return first
}

/** The part of the way that needs no upstream. */
export async function withoutNetwork<T>(
  t: TestContext,
  mirror: Mirror,
  use: Use<T>,
  expected: T,
  servers: Servers = fileServers,
  more: readonly string[] = [],
): Promise<void> {
  const nowhere = await somewhereWithoutNetwork(t)
  const offline = await serve(t, mirror, ['--offline', ...more], nowhere)
  assert.deepEqual(await use(offline.url, nowhere), expected)
  await offline.stop()
  for (const [name, start] of Object.entries(servers)) {
    if (name === 'python' && found('python3') === undefined) {
      t.diagnostic('python3 is not on this machine')
      continue
    }
    const tree = folder(t)
    const server = await start(t, tree, nowhere)
    await pkgmirror(mirror, 'export', tree, '--base-url', server.url)
    await server.ready?.()
    assert.deepEqual(await use(server.url, nowhere), expected, `exported, from ${name}`)
    await server.stop()
  }
}

async function somewhereWithoutNetwork(t: TestContext): Promise<Island> {
  const apart = await island(t)
  if (apart === undefined) t.diagnostic('no network namespace is permitted here: only the upstream is away')
  return apart ?? mainland
}

/** An empty data directory with a configuration beside it. */
export function emptyMirror(t: TestContext, configuration: string): Mirror {
  const at = files(folder(t), { 'pkgmirror.yaml': configuration })
  const data = path.join(at, 'data')
  mkdirSync(data)
  return { data, config: path.join(at, 'pkgmirror.yaml') }
}

/** A loopback replica as an origin; it is gone with the test at the latest. */
export function originOf(t: TestContext, upstream: { close(): Promise<void> }, configuration: string): Origin {
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= upstream.close()
    return stopped
  }
  t.after(stop)
  return { configuration, stop }
}
