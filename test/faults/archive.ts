// A small registry behind the scripted upstream, for tests that run the shipped executable against it.

import { createHash } from 'node:crypto'
import { sha256 } from '../builders/mirror.ts'
import { bytesOf, file, json, type Upstream } from '../fakes/upstream.ts'

/** Publishes a package of one version whose tarball is `bytes`; `more` slows the tarball down. */
export function publish(
  upstream: Upstream,
  name: string,
  bytes: Uint8Array,
  more: { readonly bytesPerSecond?: number; readonly dependencies?: Readonly<Record<string, string>> } = {},
): string {
  const { dependencies = {}, ...pace } = more
  const path = `/${name}/-/${name}-1.0.0.tgz`
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  upstream.set(
    `/${name}`,
    json({
      name,
      'dist-tags': { latest: '1.0.0' },
      versions: {
        '1.0.0': { name, version: '1.0.0', dependencies, dist: { tarball: `${upstream.url}${path}`, integrity } },
      },
      time: { '1.0.0': '2020-01-01T00:00:00.000Z' },
    }),
  )
  upstream.set(path, { ...file(bytes), ...pace })
  return path
}

/** A configuration in which npm's packages come from the upstream, and a manifest that wants some of them. */
export const configuration = (upstream: Upstream): string =>
  `repositories:\n  npm: { upstream: "${upstream.url}" }\nretries: 0\n`

/**
 * `count` packages, every other one of eighty kilobytes, which is written in one go, and of three hundred, which grows in a
 * file; and `whole`, which depends on all of them. Returns the digests of their files, by path.
 */
export function publishMany(upstream: Upstream, count: number, bytesPerSecond: number): ReadonlyMap<string, string> {
  const known = new Map<string, string>()
  const names = Array.from({ length: count }, (_, number) => `part-${number}`)
  for (const [number, name] of names.entries()) {
    const bytes = bytesOf((number % 2 === 0 ? 80_000 : 300_000) + number, number)
    known.set(publish(upstream, name, bytes, { bytesPerSecond }), sha256(bytes))
  }
  const bytes = bytesOf(1000, 999)
  const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']))
  known.set(publish(upstream, 'whole', bytes, { dependencies }), sha256(bytes))
  return known
}
