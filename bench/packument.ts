// A packument of 9 MB: its first view, which is fetched, verified, read and rendered; then warm views as clients ask for
// them, against nginx with the same bytes ready in files.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask, mustGet } from './client.ts'
import { type Contender, report } from './figures.ts'
import { load } from './load.ts'
import { packument as document, versions } from './made.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const abbreviated = 'application/vnd.npm.install-v1+json'
const names = Array.from({ length: ROUNDS }, (_, at) => `large${at}`)

export async function packument(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  const all = versions(3200)
  for (const name of names) await origin.put(`/${name}`, 'application/json', document(name, origin.url, all, 280))
  const served = await place(bench, 'packument', { npm: { ecosystem: 'npm', upstream: origin.url } }).serve()
  const ours = `${served.url}/npm/${names[0]}`
  const small = { accept: abbreviated, 'accept-encoding': 'gzip' }
  try {
    await report({
      title: `packument of ${(document('large0', origin.url, all, 280).length / 1e6).toFixed(1)} MB, first view`,
      unit: 'ms',
      rounds: ROUNDS,
      contenders: [
        {
          name: 'upstream itself',
          turn: async (round) => ({ value: (await mustGet(`${origin.url}/${names[round]}`)).whole }),
        },
        {
          name: 'pkgmirror, abbreviated and gzip',
          watched: served,
          turn: async (round) => ({ value: (await mustGet(`${served.url}/npm/${names[round]}`, small)).whole }),
        },
      ],
    })
    await firstView(origin.url, served)
    const full = await mustGet(ours)
    const short = await mustGet(ours, small)
    const nginx = await startNginx(bench.folder, { files: readyFiles(bench, full.bytes, short.bytes), blocks })
    try {
      const ready = nginx?.url
      const cases = [
        { title: 'full, warm', path: '/full.json', headers: [] },
        {
          title: 'abbreviated, gzip, warm',
          path: '/short.json.gz',
          headers: [`Accept: ${abbreviated}`, 'Accept-Encoding: gzip'],
        },
      ]
      for (const { title, path: at, headers } of cases) {
        const theirs = ready === undefined ? [] : [asked('nginx, ready file', ready + at, headers, nginx)]
        const contenders = [...theirs, asked('pkgmirror', ours, headers, served)]
        await report({ title: `packument ${title}`, unit: 'requests/s', rounds: ROUNDS, contenders })
      }
      const tag = `If-None-Match: ${full.headers.etag}`
      const theirTag = ready === undefined ? '' : String((await ask(`${ready}/full.json`)).headers.etag)
      const theirs =
        ready === undefined ? [] : [asked('nginx', `${ready}/full.json`, [`If-None-Match: ${theirTag}`], nginx)]
      const contenders = [...theirs, asked('pkgmirror', ours, [tag], served)]
      await report({ title: 'packument unchanged (304)', unit: 'requests/s', rounds: ROUNDS, contenders })
    } finally {
      await nginx?.stop()
    }
  } finally {
    await Promise.all([served.stop(), origin.close()])
  }
}

const blocks = 'location = /short.json.gz { add_header Content-Encoding gzip; default_type application/json; }'

function asked(name: string, url: string, headers: readonly string[], watched: Contender['watched']): Contender {
  return {
    name,
    ...(watched === undefined ? {} : { watched }),
    turn: () => load({ url, connections: 8, seconds: 1, headers }),
  }
}

function readyFiles(bench: Bench, full: Uint8Array, short: Uint8Array): string {
  const folder = path.join(bench.folder, 'packument-files')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'full.json'), full)
  writeFileSync(path.join(folder, 'short.json.gz'), short)
  return folder
}
