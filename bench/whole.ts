// Whole clients, each time with an empty home of their own: direct from upstream, through the mirror and through its peers,
// with nothing held and again with everything held; and how many requests that made upstream.

import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type Contender, report } from './figures.ts'
import type { Origin } from './origin.ts'
import type { Peer } from './peer.ts'
import { run, type Watched } from './process.ts'
import type { Bench } from './shipped.ts'

/** How clients reach the packages of a round: the address, and who answers there. */
export interface Way {
  readonly name: string
  url(round: number): string
  readonly watched?: Watched
}

/** Milliseconds that a client takes for the packages of a round. Throws when it fails, or has other bytes than upstream. */
export type Client = (url: string, round: number) => Promise<number>

export interface Travel {
  readonly title: string
  readonly rounds: number
  readonly origin: Origin
  /** The first is the direct one. */
  readonly ways: readonly Way[]
  readonly client: Client
}

export async function coldAndWarm(travel: Travel): Promise<void> {
  await passOnce(travel, 'nothing held')
  await passOnce(travel, 'everything held')
}

/** What a round asks for is its own, so that nobody holds it the first time. */
export async function passOnce(
  { title, rounds, origin, ways, client }: Travel,
  state: 'nothing held' | 'everything held',
): Promise<void> {
  const asked = new Map(ways.map(({ name }) => [name, 0]))
  await report({
    title: `${title}, ${state}`,
    unit: 'ms',
    rounds,
    contenders: ways.map(({ name, url, watched }): Contender => {
      return {
        name,
        ...(watched === undefined ? {} : { watched }),
        async turn(round) {
          await origin.asked()
          const value = await client(url(round), round)
          asked.set(name, (asked.get(name) ?? 0) + (await origin.asked()).all)
          return { value }
        },
      }
    }),
  })
  const told = [...asked].map(([name, requests]) => `${name} ${(requests / rounds).toFixed(0)}`)
  console.log(`requests upstream in a round: ${told.join(', ')}`)
}

/** A way through a server that may not be installed. */
export function through(name: string, peer: Peer | undefined, url: (base: string, round: number) => string): Way[] {
  if (peer !== undefined) return [{ name, url: (round) => url(peer.url, round), watched: peer }]
  console.log(`\n${name} is not installed: it is left out`)
  return []
}

/** Runs a client in a home of its own, on the core of the load; `check` looks at what it has brought there. */
export async function atHome(
  { folder }: Bench,
  command: (home: string) => readonly string[],
  check: (home: string) => void = () => {},
): Promise<number> {
  const home = mkdtempSync(path.join(folder, 'client-'))
  try {
    const { milliseconds } = await run(['env', `HOME=${home}`, ...command(home)], 1)
    check(home)
    return milliseconds
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
