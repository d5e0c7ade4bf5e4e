// A packument of 9 MB: its first view, which is fetched, verified, read and rendered; then warm views as clients ask for
// them, against nginx with the same bytes ready in files.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Answer, ask, mustGet } from './client.ts'
import { drain } from './drain.ts'
import { type Contender, mebibytes, median, report } from './figures.ts'
import { load } from './load.ts'
import { packument as document, versions } from './made.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import type { Peer } from './peer.ts'
import { type Bench, place, type Served, type TimedServed } from './shipped.ts'

const ROUNDS = 3
const AT_ONCE = 16
const abbreviated = 'application/vnd.npm.install-v1+json'
const small = { accept: abbreviated, 'accept-encoding': 'gzip' }

export async function packument(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const all = versions(3200)
  for (const name of [...named('large'), ...named('whole')])
    await origin.put(`/${name}`, 'application/json', document(name, origin.url, all, 280))
  const served = await place(bench, 'packument', { npm: { ecosystem: 'npm', upstream: origin.url } }).serveTimed()
  const ours = `${served.url}/npm/${named('large')[0]}`
  try {
    await firstViews('abbreviated and gzip', named('large'), small, origin.url, served)
    await firstViews('full', named('whole'), {}, origin.url, served)
    const full = await mustGet(ours)
    const short = await mustGet(ours, small)
    const nginx = await startNginx(bench.folder, { files: readyFiles(bench, full.bytes, short.bytes), blocks })
    try {
      const theirTag = nginx === undefined ? '' : String((await ask(`${nginx.url}/full.json`)).headers.etag)
      await warmViews({ ours, served, nginx, tag: String(full.headers.etag), theirTag })
      await atOnce({ ours, served, nginx, expected: full.bytes })
    } finally {
      await nginx?.stop()
    }
  } finally {
    await Promise.all([served.stop(), origin.close()])
  }
}

/** A document for each round. */
const named = (prefix: string): readonly string[] => Array.from({ length: ROUNDS }, (_, at) => `${prefix}${at}`)

async function firstViews(
  title: string,
  names: readonly string[],
  headers: Readonly<Record<string, string>>,
  upstream: string,
  served: TimedServed,
): Promise<void> {
  const seen: Record<'upstream itself' | 'pkgmirror', Answer[]> = { 'upstream itself': [], pkgmirror: [] }
  await served.lateness()
  const contender = (name: keyof typeof seen, base: string): Contender => ({
    name,
    async turn(round) {
      const answer = await mustGet(`${base}/${names[round]}`, headers)
      seen[name].push(answer)
      return { value: answer.whole }
    },
  })
  const contenders = [
    contender('upstream itself', upstream),
    { ...contender('pkgmirror', `${served.url}/npm`), watched: served },
  ]
  await report({ title: `packument of 9 MB, first view, ${title}`, unit: 'ms', rounds: ROUNDS, contenders })
  const first = Object.entries(seen).map(
    ([name, answers]) => `${name} ${median(answers.map((one) => one.first)).toFixed(1)}`,
  )
  const { p99, most } = await served.lateness()
  console.log(
    `first byte, ms: ${first.join(', ')}; the event loop was late by ${most.toFixed(0)} ms at the most, ${p99.toFixed(0)} in 99 % of all looks`,
  )
}

interface Warm {
  readonly ours: string
  readonly served: Served
  readonly nginx: Peer | undefined
}

async function warmViews({
  ours,
  served,
  nginx,
  tag,
  theirTag,
}: Warm & { readonly tag: string; readonly theirTag: string }): Promise<void> {
  const cases = [
    { title: 'full, warm', path: '/full.json', headers: {}, theirs: {} },
    { title: 'abbreviated, gzip, warm', path: '/short.json.gz', headers: small, theirs: small },
    {
      title: 'unchanged (304)',
      path: '/full.json',
      headers: { 'if-none-match': tag },
      theirs: { 'if-none-match': theirTag },
    },
  ]
  for (const { title, path: at, headers, theirs } of cases) {
    const ready =
      nginx === undefined ? [] : [{ name: 'nginx, ready file', url: nginx.url + at, fields: theirs, watched: nginx }]
    const asked = [...ready, { name: 'pkgmirror', url: ours, fields: headers, watched: served }]
    await report({
      title: `packument ${title}`,
      unit: 'requests/s',
      rounds: ROUNDS,
      contenders: asked.map(({ name, url, fields, watched }) => ({
        name,
        watched,
        turn: () =>
          load({ url, connections: 8, seconds: 1, headers: Object.entries(fields).map((pair) => pair.join(': ')) }),
      })),
    })
    await report({
      title: `packument ${title}, one client, p50`,
      unit: 'ms',
      rounds: ROUNDS,
      contenders: asked.map(({ name, url, fields }) => ({
        name,
        async turn() {
          const took: number[] = []
          for (let at = 0; at < 50; at++) took.push((await ask(url, fields)).whole)
          return { value: median(took) }
        },
      })),
    })
  }
}

/** Clients that come together, until the last of them has all. */
async function atOnce({ ours, served, nginx, expected }: Warm & { readonly expected: Buffer }): Promise<void> {
  const all = async (url: string): Promise<number> => {
    const started = performance.now()
    await Promise.all(Array.from({ length: AT_ONCE }, () => drain(url, { expected })))
    return performance.now() - started
  }
  served.forgetPeak()
  const before = served.peak() ?? Number.NaN
  const theirs: Contender[] =
    nginx === undefined
      ? []
      : [
          {
            name: 'nginx, ready file',
            watched: nginx,
            turn: async () => ({ value: await all(`${nginx.url}/full.json`) }),
          },
        ]
  await report({
    title: `packument full, ${AT_ONCE} clients at once`,
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [...theirs, { name: 'pkgmirror', watched: served, turn: async () => ({ value: await all(ours) }) }],
  })
  console.log(`memory above what it was before: ${mebibytes((served.peak() ?? Number.NaN) - before)}`)
}

const blocks = 'location = /short.json.gz { add_header Content-Encoding gzip; default_type application/json; }'

function readyFiles(bench: Bench, full: Uint8Array, short: Uint8Array): string {
  const folder = path.join(bench.folder, 'packument-files')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'full.json'), full)
  writeFileSync(path.join(folder, 'short.json.gz'), short)
  return folder
}
