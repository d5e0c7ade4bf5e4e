// Whole clients: pip and uv with 20 wheels, the go command with 20 modules; devpi beside pip, nginx's proxy_cache beside all.

import { createHash } from 'node:crypto'
import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { moduleZip } from '../test/replica/module-zip.ts'
import { zip } from '../test/replica/zip.ts'
import { startDevpi } from './devpi.ts'
import { noise } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { type Origin, startOrigin } from './origin.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { atHome, type Client, coldAndWarm, through, type Way } from './whole.ts'

const ROUNDS = 3
const COUNT = 20
/** Bytes of each package. */
const SIZE = 500_000

const numbers = Array.from({ length: COUNT }, (_, at) => at)

export async function clients(bench: Bench): Promise<void> {
  const python = found('python3')
  const uv = found('uv')
  for (const { name, program, client } of [
    { name: 'pip', program: python, client: pip(bench) },
    { name: 'uv', program: python === undefined ? undefined : uv, client: uvCommand(bench) },
  ]) {
    if (program === undefined) console.log(`\n${name} is not installed: it is left out`)
    else await compareWheels(bench, `${name}, ${COUNT} wheels`, client)
  }
  if (found('go') === undefined) console.log('\ngo is not installed: it is left out')
  else await compareModules(bench)
}

async function compareWheels(bench: Bench, title: string, client: Client): Promise<void> {
  const origin = await startOrigin()
  await putWheels(origin)
  const index = `${origin.url}/simple/`
  const served = await place(bench, title, { pypi: { ecosystem: 'pypi', upstream: index } }).serve()
  const devpi = await startDevpi(path.join(bench.folder, title), index)
  const nginx = await startNginxCache(bench.folder, origin.url)
  const ways: readonly Way[] = [
    { name: 'direct', url: () => index },
    ...through('nginx proxy_cache', nginx, (base) => `${base}/simple/`),
    ...through('devpi', devpi, (base) => `${base}/root/bench/+simple/`),
    { name: 'pkgmirror', url: () => `${served.url}/pypi/simple/`, watched: served },
  ]
  try {
    await coldAndWarm({ title, rounds: ROUNDS, origin, ways, client })
  } finally {
    await Promise.all([served.stop(), devpi?.stop(), nginx?.stop(), origin.close()])
  }
}

async function compareModules(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  await putModules(origin)
  const repositories = { go: { ecosystem: 'go', upstream: `${origin.url}/go`, sumdb: { enabled: false } } }
  const served = await place(bench, 'modules', repositories).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const ways: readonly Way[] = [
    { name: 'direct', url: () => `${origin.url}/go` },
    ...through('nginx proxy_cache', nginx, (base) => `${base}/go`),
    { name: 'pkgmirror', url: () => `${served.url}/go`, watched: served },
  ]
  try {
    const title = `go mod download, ${COUNT} modules`
    await coldAndWarm({ title, rounds: ROUNDS, origin, ways, client: goCommand(bench) })
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}

const wheelName = (round: number, at: number): string => `parcel_${round}_${at}`
const moduleName = (round: number, at: number): string => `example.test/parcel${round}/part${at}`

async function putWheels(origin: Origin): Promise<void> {
  const projects: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const at of numbers) {
      const name = wheelName(round, at)
      const project = name.replaceAll('_', '-')
      const file = `${name}-1.0-py3-none-any.whl`
      const info = `${name}-1.0.dist-info`
      const data = noise(SIZE, round * COUNT + at)
      const described = `Metadata-Version: 2.1\nName: ${project}\nVersion: 1.0\n`
      const tags = 'Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
      const members = { [`${name}/data.bin`]: data, [`${info}/METADATA`]: described, [`${info}/WHEEL`]: tags }
      const recorded = Object.entries(members).map(([at, bytes]) => `${at},${digestOf(bytes)},${bytes.length}\n`)
      const bytes = zip({ ...members, [`${info}/RECORD`]: `${recorded.join('')}${info}/RECORD,,\n` })
      const digest = createHash('sha256').update(bytes).digest('hex')
      await origin.put(`/files/${file}`, 'application/octet-stream', bytes)
      const page = `<!DOCTYPE html><html><body><a href="../../files/${file}#sha256=${digest}">${file}</a></body></html>`
      await origin.put(`/simple/${project}/`, 'text/html', Buffer.from(page))
      projects.push(project)
    }
  }
  const list = projects.map((name) => `<a href="${name}/">${name}</a>`).join('\n')
  await origin.put('/simple/', 'text/html', Buffer.from(`<!DOCTYPE html><html><body>${list}</body></html>`))
}

const digestOf = (bytes: string | Uint8Array): string =>
  `sha256=${createHash('sha256').update(bytes).digest('base64url')}`

async function putModules(origin: Origin): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const at of numbers) {
      const name = moduleName(round, at)
      const file = `module ${name}\n\ngo 1.21\n`
      const data = noise(SIZE, 1000 + round * COUNT + at).toString('base64')
      const bytes = moduleZip(`${name}@v1.0.0/`, { 'go.mod': file, 'part.go': `package part\n\n// ${data}\n` })
      const base = `/go/${name}/@v`
      await origin.put(`${base}/list`, 'text/plain', Buffer.from('v1.0.0\n'))
      await origin.put(`${base}/v1.0.0.mod`, 'text/plain', Buffer.from(file))
      const info = JSON.stringify({ Version: 'v1.0.0', Time: '2024-01-02T03:04:05Z' })
      await origin.put(`${base}/v1.0.0.info`, 'application/json', Buffer.from(info))
      await origin.put(`${base}/v1.0.0.zip`, 'application/zip', bytes)
    }
  }
}

/** Both clients compare what they get with the digest that the index states. */
function brought(home: string, pattern: string): void {
  const count = globSync(pattern, { cwd: home }).length
  if (count !== COUNT) throw new Error(`${count} of ${COUNT} packages came`)
}

const pip =
  (bench: Bench): Client =>
  (url, round) =>
    atHome(
      bench,
      (home) => [
        ...['python3', '-m', 'pip', 'download', '-q', '--no-deps', '--no-cache-dir', '--disable-pip-version-check'],
        ...['--trusted-host', '127.0.0.1', '--index-url', url, '-d', home],
        ...numbers.map((at) => wheelName(round, at)),
      ],
      (home) => brought(home, '*.whl'),
    )

const uvCommand =
  (bench: Bench): Client =>
  (url, round) =>
    atHome(
      bench,
      (home) => [
        ...['uv', 'pip', 'install', '-q', '--no-deps', '--cache-dir', `${home}/cache`, '--no-config'],
        ...['--index-url', url, '--target', `${home}/target`],
        ...numbers.map((at) => wheelName(round, at)),
      ],
      (home) => brought(home, 'target/*.dist-info'),
    )

const goCommand =
  (bench: Bench): Client =>
  (url, round) =>
    atHome(
      bench,
      (home) => {
        const project = path.join(home, 'project')
        mkdirSync(project)
        const needs = numbers.map((at) => `\t${moduleName(round, at)} v1.0.0\n`).join('')
        writeFileSync(path.join(project, 'go.mod'), `module example.test/project\n\ngo 1.21\n\nrequire (\n${needs})\n`)
        return [
          ...[`GOPROXY=${url}`, 'GOSUMDB=off', 'GOTOOLCHAIN=local', 'GOFLAGS=-modcacherw -mod=mod'],
          ...[`GOPATH=${home}/go`, 'go', '-C', project, 'mod', 'download'],
        ]
      },
      (home) => brought(home, 'go/pkg/mod/cache/download/**/*.zip'),
    )
