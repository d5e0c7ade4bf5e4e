// Large text indexes: a project page of 30 MB (PyPI) and a `versions` file of 10,000 gems: first view, which is fetched, read
// and rendered, and warm views, against nginx with ready files. What a page says is taken in, and its compressed forms are made,
// behind the answer: the processor time counts that, and each turn begins when it is over.

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mustGet } from './client.ts'
import { report } from './figures.ts'
import { load } from './load.ts'
import { simplePage, versionsFile } from './made.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import type { Watched } from './process.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const FILES = 90_000
const GEMS = 10_000

interface Case {
  readonly title: string
  readonly type: string
  readonly bytes: (round: number) => Buffer
  /** Where upstream has it in a round, and where we have it. */
  readonly from: (round: number) => string
  readonly at: (round: number) => string
}

export async function pages(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const page = (round: number): Buffer => simplePage(`large${round}`, FILES)
  const list = versionsFile(GEMS)
  const cases: readonly Case[] = [
    {
      title: `simple page of ${(page(0).length / 1e6).toFixed(0)} MB`,
      type: 'text/html',
      bytes: page,
      from: (round) => `/large${round}/`,
      at: (round) => `/pypi/simple/large${round}/`,
    },
    {
      title: `versions of ${GEMS.toLocaleString('en')} gems`,
      type: 'text/plain',
      bytes: () => list,
      from: (round) => (round === 0 ? '/versions' : `/gems${round}/versions`),
      at: (round) => (round === 0 ? '/gems/versions' : `/gems${round}/versions`),
    },
  ]
  for (const { type, bytes, from } of cases)
    for (let round = 0; round < ROUNDS; round++) await origin.put(from(round), type, bytes(round))
  const gems = Object.fromEntries(
    Array.from({ length: ROUNDS }, (_, round) => [
      round === 0 ? 'gems' : `gems${round}`,
      { ecosystem: 'rubygems', upstream: round === 0 ? origin.url : `${origin.url}/gems${round}` },
    ]),
  )
  const repositories = { pypi: { ecosystem: 'pypi', upstream: origin.url }, ...gems }
  const served = await place(bench, 'pages', repositories).serve()
  const folder = path.join(bench.folder, 'page-files')
  mkdirSync(folder, { recursive: true })
  try {
    for (const { title, type, bytes, from, at } of cases) {
      await report({
        title: `${title}, first view`,
        unit: 'ms',
        rounds: ROUNDS,
        contenders: [
          {
            name: 'upstream itself',
            turn: async (round) => ({ value: (await mustGet(origin.url + from(round))).whole }),
          },
          {
            name: 'pkgmirror',
            watched: served,
            async turn(round) {
              const { whole } = await mustGet(served.url + at(round))
              await quiet(served)
              return { value: whole }
            },
          },
        ],
      })
      await mustGet(served.url + at(0))
      await quiet(served)
      const ready = createHash('sha1').update(title).digest('hex')
      writeFileSync(path.join(folder, ready), bytes(0))
      const nginx = await startNginx(bench.folder, {
        files: folder,
        blocks: `location / { default_type ${type}; }`,
      })
      const theirs =
        nginx === undefined
          ? []
          : [
              {
                name: 'nginx, ready file',
                watched: nginx,
                turn: () => load({ url: `${nginx.url}/${ready}`, connections: 4, seconds: 1 }),
              },
            ]
      await report({
        title: `${title}, warm`,
        unit: 'requests/s',
        rounds: ROUNDS,
        contenders: [
          ...theirs,
          {
            name: 'pkgmirror',
            watched: served,
            turn: () => load({ url: served.url + at(0), connections: 4, seconds: 1 }),
          },
        ],
      })
      await nginx?.stop()
    }
  } finally {
    await Promise.all([served.stop(), origin.close()])
  }
}

/** Waits until a process has nothing left to do. */
async function quiet({ cpu }: Watched): Promise<void> {
  for (let before = Number.NaN, now = cpu(); now !== undefined && now - before !== 0; before = now, now = cpu())
    await sleep(300)
}
