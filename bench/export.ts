// `export` of a mirror of many small files, the first time, with nothing new and with a hundredth of them new, against `cp -al` and
// rsync of the same tree.

import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { openCatalog } from '../src/catalog/catalog.ts'
import { openDiskStore } from '../src/store/disk.ts'
import { report } from './figures.ts'
import { found, run } from './process.ts'
import { type Bench, place } from './shipped.ts'

const ROUNDS = 3
const BATCH = 1000

export async function exportTree(bench: Bench): Promise<void> {
  const count = bench.full ? 100_000 : 10_000
  const upstream = 'http://127.0.0.1:1'
  const mirror = place(bench, 'export', { parcels: { ecosystem: 'files', upstream, mount: '/parcels' } })

  /** Holds files `from` and later, as if they had been fetched. */
  async function hold(from: number, to: number): Promise<void> {
    const catalog = openCatalog(path.join(mirror.data, 'catalog.db'))
    const store = await openDiskStore(mirror.data)
    for (let at = from; at < to; at += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, to - at) }, (_, index) => at + index)
      const held = await Promise.all(
        numbers.map((number) => store.put(once(createHash('sha512').update(String(number)).digest()))),
      )
      catalog.atomically(() => {
        for (const [index, { sha256, size }] of held.entries()) {
          const number = at + index
          const file = `/pool/${number >> 8}/parcel-${number}.bin`
          catalog.blobs.put(sha256, size, {}, 1.7e12)
          catalog.refs.put({
            ...{ repo: 'parcels', path: file, variant: '', generation: 0, kind: 'artifact', sha256, size, status: 200 },
            ...{ type: 'application/octet-stream', url: `${upstream}${file}`, headers: {}, fetched: 1.7e12 },
            ...{ checked: 1.7e12, modified: 1.7e12, name: undefined, version: undefined, proof: 'first-seen' },
            ...{ proven: 'pinned at first sight', hits: 0, used: 0 },
          })
        }
      })
    }
    await store.flush()
    await store.close()
    catalog.close()
  }

  await hold(0, count)
  const tree = path.join(mirror.data, '../tree')
  const copy = path.join(mirror.data, '../copy')
  const remove = (at: string): void => rmSync(at, { recursive: true, force: true })
  let held = count

  /** Throws where the export did not write as many files as are new. */
  async function exported(fresh: number) {
    const { out, milliseconds, cpu, peak } = await mirror.command(['export', tree], 'both')
    const { linked, copied, code } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, number>
    // documents at the top name every file
    const few = fresh === 0 ? copied === 0 : (copied ?? 0) < 30
    const errors = code === 0 && linked === fresh && few ? 0 : 1
    return { value: milliseconds, cpu, peak, errors }
  }

  const commands = async (words: string) => {
    const { milliseconds, cpu, peak } = await run(['sh', '-c', words], 'both')
    return { value: milliseconds, cpu, peak }
  }
  const files = count.toLocaleString('en')
  await report({
    title: `a tree of ${files} files of 64 bytes: the first time`,
    unit: 'ms',
    rounds: ROUNDS,
    contenders: [
      {
        name: 'cp -al of the blobs',
        async turn() {
          remove(copy)
          return commands(`cp -al ${mirror.data}/blobs ${copy}`)
        },
      },
      {
        name: 'pkgmirror export',
        async turn() {
          remove(tree)
          return exported(held)
        },
      },
    ],
  })
  const again = [
    { name: 'pkgmirror export, nothing new', turn: () => exported(0) },
    {
      name: 'pkgmirror export, a hundredth new',
      async turn() {
        const fresh = count / 100
        await hold(held, held + fresh)
        held += fresh
        return exported(fresh)
      },
    },
  ]
  const rsync = { name: 'rsync -aH, nothing new', turn: () => commands(`rsync -aH --delete-after ${tree}/ ${copy}/`) }
  if (found('rsync') !== undefined) {
    remove(copy)
    await rsync.turn()
  } else console.log('rsync is not installed: nothing is compared with it')
  await report({
    title: `a tree of ${files} files of 64 bytes: again`,
    unit: 'ms',
    rounds: ROUNDS,
    contenders: found('rsync') === undefined ? again : [rsync, ...again],
  })
  remove(path.dirname(mirror.data))
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
