// Whole clients: pip with 20 wheels and the go command with 20 modules, direct from upstream, through the mirror with nothing
// held, and again with everything held; each time with an empty cache of the client's own.

import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { moduleZip } from '../test/replica/module-zip.ts'
import { zip } from '../test/replica/zip.ts'
import { report } from './figures.ts'
import { noise } from './made.ts'
import { type Origin, startOrigin } from './origin.ts'
import { found, run } from './process.ts'
import { type Bench, place, type Served } from './shipped.ts'

const ROUNDS = 3
const COUNT = 20
/** Bytes of each package. */
const SIZE = 500_000

const numbers = Array.from({ length: COUNT }, (_, at) => at)

export async function clients(bench: Bench): Promise<void> {
  const origin = await startOrigin()
  await putWheels(origin)
  await putModules(origin)
  const repositories = {
    pypi: { ecosystem: 'pypi', upstream: `${origin.url}/simple` },
    go: { ecosystem: 'go', upstream: `${origin.url}/go`, sumdb: { enabled: false } },
  }
  const served = await place(bench, 'clients', repositories).serve()
  try {
    if (found('python3') === undefined) console.log('\npython3 is not installed: pip is left out')
    else await compare(`pip, ${COUNT} wheels`, origin, served, ['/simple/', '/pypi/simple/'], pip(bench))
    if (found('go') === undefined) console.log('\ngo is not installed: it is left out')
    else await compare(`go mod download, ${COUNT} modules`, origin, served, ['/go', '/go'], goCommand(bench))
  } finally {
    await Promise.all([served.stop(), origin.close()])
  }
}

/** Milliseconds that a client takes for the packages of a round, from an address. */
type Client = (url: string, round: number) => Promise<number>

async function compare(
  title: string,
  origin: Origin,
  served: Served,
  [from, at]: readonly [string, string],
  client: Client,
): Promise<void> {
  for (const state of ['nothing held', 'everything held']) {
    await report({
      title: `${title}, ${state}`,
      unit: 'ms',
      rounds: ROUNDS,
      contenders: [
        { name: 'direct', turn: async (round) => ({ value: await client(origin.url + from, round) }) },
        {
          name: 'pkgmirror',
          watched: served,
          turn: async (round) => ({ value: await client(served.url + at, round) }),
        },
      ],
    })
  }
}

const wheelName = (round: number, at: number): string => `parcel_${round}_${at}`
const moduleName = (round: number, at: number): string => `example.test/parcel${round}/part${at}`

async function putWheels(origin: Origin): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const at of numbers) {
      const name = wheelName(round, at)
      const project = name.replaceAll('_', '-')
      const file = `${name}-1.0-py3-none-any.whl`
      const info = `${name}-1.0.dist-info`
      const bytes = zip({
        [`${name}/data.bin`]: noise(SIZE, round * COUNT + at),
        [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: 1.0\n`,
        [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
        [`${info}/RECORD`]: '',
      })
      const digest = createHash('sha256').update(bytes).digest('hex')
      await origin.put(`/files/${file}`, 'application/octet-stream', bytes)
      const page = `<!DOCTYPE html><html><body><a href="../../files/${file}#sha256=${digest}">${file}</a></body></html>`
      await origin.put(`/simple/${project}/`, 'text/html', Buffer.from(page))
    }
  }
}

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

/** Runs a client in a home of its own, on the core of the load. */
async function timed(bench: Bench, command: (home: string) => readonly string[]): Promise<number> {
  const home = mkdtempSync(path.join(bench.folder, 'client-'))
  try {
    const { milliseconds } = await run(['env', `HOME=${home}`, ...command(home)], 1)
    return milliseconds
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const pip =
  (bench: Bench): Client =>
  (url, round) =>
    timed(bench, (home) => [
      ...['python3', '-m', 'pip', 'download', '-q', '--no-deps', '--no-cache-dir', '--disable-pip-version-check'],
      ...['--trusted-host', '127.0.0.1', '--index-url', url, '-d', home],
      ...numbers.map((at) => wheelName(round, at)),
    ])

const goCommand =
  (bench: Bench): Client =>
  (url, round) =>
    timed(bench, (home) => {
      const project = path.join(home, 'project')
      mkdirSync(project)
      const needs = numbers.map((at) => `\t${moduleName(round, at)} v1.0.0\n`).join('')
      writeFileSync(path.join(project, 'go.mod'), `module example.test/project\n\ngo 1.21\n\nrequire (\n${needs})\n`)
      return [
        ...[`GOPROXY=${url}`, 'GOSUMDB=off', 'GOTOOLCHAIN=local', 'GOFLAGS=-modcacherw -mod=mod'],
        ...[`GOPATH=${home}/go`, 'go', '-C', project, 'mod', 'download'],
      ]
    })
