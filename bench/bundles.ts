// Bundles written and taken, against tar and rsync on the same bytes, which verify nothing: neither a digest nor a signature.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Contender, report } from './figures.ts'
import { integrityOf, noise, packument, tarballPath, type Version } from './made.ts'
import { startOrigin } from './origin.ts'
import { found, run } from './process.ts'
import { type Bench, place } from './shipped.ts'

const SIZE = 2_000_000
/** Files: 200 MB of them, or 2 GB. */
const countOf = ({ full }: Bench): number => (full ? 1000 : 100)

export async function bundles(bench: Bench): Promise<void> {
  const count = countOf(bench)
  const origin = await startOrigin()
  const repositories = { npm: { ecosystem: 'npm', upstream: origin.url } }
  const near = place(bench, 'near', repositories)
  const bytesOf = (at: number): Buffer => Buffer.alloc(SIZE, noise(65_536, at + 1))
  const versions: Version[] = Array.from({ length: count }, (_, at) => ({
    version: `1.0.${at}`,
    integrity: integrityOf(bytesOf(at)),
  }))
  await origin.put('/carried', 'application/json', packument('carried', origin.url, versions, 10))
  for (const [at, { version }] of versions.entries())
    await origin.put(tarballPath('carried', version), 'application/octet-stream', bytesOf(at))
  await near.sync({ packages: { npm: [{ name: 'carried', version: '*', keep: count, dependencies: false }] } })
  await origin.close()
  await near.command(['keys', 'create'])
  const { out } = await near.command(['keys', 'show'])
  const { public: key } = JSON.parse(out) as { public: string }
  const folder = path.join(bench.folder, 'carried')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'near.pub'), key)
  const at = (name: string): string => path.join(folder, name)
  const size = `${((count * SIZE) / 1e6).toFixed(0)} MB in ${count} files`

  const tool = (name: string, words: (to: string) => string): Contender => ({
    name,
    async turn(round) {
      const to = at(`${name.replace(/\W/g, '')}${round}`)
      const { milliseconds, cpu, peak } = await run(['sh', '-c', words(to)], 'both')
      rmSync(to, { recursive: true, force: true })
      return { value: milliseconds, cpu, peak }
    },
  })
  const rsync = found('rsync') === undefined ? [] : ['rsync -a']
  const writes = (name: string, end: string): Contender => ({
    name,
    async turn(round) {
      const to = at(`bundle${round}${end}`)
      const { milliseconds, cpu, peak } = await near.command(['export', '--bundle', to], 'both')
      rmSync(to, { recursive: true })
      return { value: milliseconds, cpu, peak }
    },
  })
  await report({
    title: `a bundle written: ${size}`,
    unit: 'ms',
    rounds: 3,
    contenders: [
      tool('tar cf', (to) => `tar cf ${to} -C ${near.data} blobs && sync ${to}`),
      ...rsync.map((name) => tool(name, (to) => `rsync -a ${near.data}/blobs ${to}`)),
      writes('pkgmirror export --bundle, one file', '.tar'),
      writes('pkgmirror export --bundle, a directory of hard links', ''),
    ],
  })

  await near.command(['export', '--bundle', at('last')])
  await near.command(['export', '--bundle', at('last.tar')])
  const takes = (name: string, from: string): Contender => ({
    name,
    async turn(round) {
      const far = place(bench, `far-${path.extname(from)}${round}`, repositories)
      await far.command(['keys', 'trust', at('near.pub')])
      const { milliseconds, cpu, peak } = await far.command(['import', from], 'both')
      rmSync(far.data, { recursive: true })
      return { value: milliseconds, cpu, peak }
    },
  })
  await report({
    title: `a bundle taken: ${size}`,
    unit: 'ms',
    rounds: 3,
    contenders: [
      tool('tar xf', (to) => `mkdir ${to} && tar xf ${at('last.tar')} -C ${to} && sync -f ${to}`),
      ...rsync.map((name) => tool(name, (to) => `rsync -a ${at('last')}/ ${to} && sync -f ${to}`)),
      takes('pkgmirror import of a directory', at('last')),
      takes('pkgmirror import of one file', at('last.tar')),
    ],
  })
  rmSync(folder, { recursive: true })
  rmSync(near.data, { recursive: true })
}
