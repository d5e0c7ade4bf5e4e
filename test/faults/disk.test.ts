// Disks that fill up, turn read-only or fail, and limits of the system: a coded error for what cannot be done, service of
// what is held goes on, nothing good is lost, and it heals by itself.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { type Running, serve, until } from '../clients/mirror.ts'
import { environment, files, folder, found, type Island, mainland, root } from '../clients/place.ts'
import { bytesOf, startUpstream, type Upstream } from '../fakes/upstream.ts'
import { configuration, publish } from './archive.ts'
import { noTracer, tracer } from './killed.ts'
import { volume } from './volume.ts'

const KiB = 1024
/** Kept in memory by a server; read from the disk for each answer; and two that are not held when the fault begins. */
const sizes = { small: 100 * KiB, large: 1024 * KiB, cold: 900 * KiB, wanted: 800 * KiB }
type Name = keyof typeof sizes
const names = Object.keys(sizes) as Name[]
const bytes = Object.fromEntries(names.map((name, seed) => [name, bytesOf(sizes[name], seed + 1)])) as Record<
  Name,
  Uint8Array
>

interface Place extends Island {
  readonly upstream: Upstream
  readonly data: string
  readonly config: string
}

async function place(t: TestContext, data: string, { enter }: Island): Promise<Place> {
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  for (const name of names) publish(upstream, name, bytes[name])
  const at = files(folder(t), {
    'pkgmirror.yaml': `${configuration(upstream)}log: { level: error }\npolicy: { fresh_for: 0s }\n`,
    'wanted.yaml': 'packages: { npm: [small, wanted] }\n',
    'cold.yaml': 'packages: { npm: [cold] }\n',
  })
  return { upstream, data, config: `${at}/pkgmirror.yaml`, enter }
}

const fileOf = (name: Name): string => `/npm/${name}/-/${name}-1.0.0.tgz`

/** The status, and the code of a refusal; asserts that a body is whole and right, or known to be broken off. */
async function ask({ url }: Pick<Running, 'url'>, path: string, content?: Uint8Array): Promise<string> {
  const response = await fetch(`${url}${path}`, { headers: { connection: 'close' } }).catch(() => undefined)
  const body = await response?.arrayBuffer().catch(() => undefined)
  if (response === undefined || body === undefined) return 'broken off'
  if (response.status !== 200) assert.match(Buffer.from(body).toString(), /\S/, 'a refusal says why')
  else if (content !== undefined) assert.ok(Buffer.from(body).equals(content), `${path} is whole and right`)
  return `${response.status} ${response.headers.get('x-pkgmirror-error') ?? ''}`.trim()
}

const askFile = (running: Running, name: Name): Promise<string> => ask(running, fileOf(name), bytes[name])

/** What is held, by name and file, is answered as ever. */
async function isServed(running: Running, ...held: readonly Name[]): Promise<void> {
  for (const name of held) {
    assert.equal(await askFile(running, name), '200', `${name} is served`)
    assert.equal(await ask(running, `/npm/${name}`), '200', `the page of ${name} is served`)
  }
}

/** Runs a verb to its end; its code and the codes of its failures. */
async function ended(at: Place, ...args: readonly string[]): Promise<{ code: number; codes: readonly string[] }> {
  const { data, config } = at
  const argv = [process.execPath, `${root}/bin/pkgmirror.js`, ...args, '--data', data, '--config', config, '--json']
  const [program = '', ...rest] = [...at.enter, ...argv]
  const child = spawn(program, rest, { env: environment(home(at)), stdio: ['ignore', 'pipe', 'ignore'] })
  const [said, [code]] = (await Promise.all([text(child.stdout), once(child, 'exit')])) as [string, [number]]
  const codes = [...said.matchAll(/"code":"([A-Z_]+)"/g)].map(([, one]) => one ?? '')
  return { code, codes: [...new Set(codes)] }
}

const home = ({ config }: Place): string => config.replace(/\/[^/]*$/, '')
const manifest = ({ config }: Place): string => config.replace(/[^/]*$/, 'wanted.yaml')

interface Fault {
  readonly code: string
  /** With which a sync ends, where that is another: SQLite does not say why it cannot make a file. */
  readonly ends?: string
  begin(): void
  end(): void
}

/** A server and a sync through a fault and out of it. `leftovers` is where unfinished files would lie. */
async function suffers(at: Place, running: Running, fault: Fault, leftovers: string): Promise<void> {
  const refusal = new RegExp(`^50[37] ${fault.code}$`)
  await isServed(running, 'small', 'large')
  for (const name of ['small', 'large'] as const)
    await until(() => fetch(`${running.url}${fileOf(name)}`, { headers: { connection: 'close' } }), 'HIT')
  fault.begin()
  await isServed(running, 'small', 'large')
  assert.match(await askFile(running, 'cold'), refusal)
  assert.match(await ask(running, '/npm/cold'), refusal)
  const broken = await ended(at, 'sync', manifest(at))
  assert.deepEqual([broken.code, broken.codes.at(-1)], [1, fault.ends ?? fault.code])
  await isServed(running, 'small', 'large')
  fault.end()
  assert.equal(await askFile(running, 'cold'), '200', 'it heals by itself')
  await isServed(running, 'small', 'large', 'cold')
  assert.equal((await ended(at, 'sync', manifest(at))).code, 0, 'a sync goes on where it was')
  assert.deepEqual(await ended(at, 'verify'), { code: 0, codes: [] })
  assert.deepEqual(readdirSync(leftovers), [])
  await running.stop()
}

const noVolume = 'mount namespaces are not permitted here'

test('a full disk', async (t) => {
  const disk = await volume(t, 'size=16m')
  if (disk === undefined) return t.skip(noVolume)
  const at = await place(t, disk.at, disk)
  const fault = {
    code: 'DISK_FULL',
    begin: () => disk.run(`cat /dev/zero > ${disk.at}/filler 2>/dev/null || true`),
    end: () => disk.run(`rm ${disk.at}/filler`),
  }
  await suffers(at, await serve(t, at, [], disk), fault, `${disk.outside}/tmp`)
})

test('a disk that is full to the last byte', async (t) => {
  const disk = await volume(t, 'size=120m')
  if (disk === undefined) return t.skip(noVolume)
  const at = await place(t, disk.at, disk)
  assert.equal((await ended(at, 'sync', manifest(at))).code, 0)
  const running = await serve(t, at, [], disk)
  assert.equal(await ask(running, '/npm/cold'), '200')
  disk.run(`cat /dev/zero > ${disk.at}/filler 2>/dev/null || true`)
  // longer than an answer of the system counts
  await new Promise((resolve) => setTimeout(resolve, 1100))
  assert.equal(await askFile(running, 'cold'), '200', 'what its index states is passed on through memory')
  for (const name of ['small', 'wanted'] as const) assert.equal(await askFile(running, name), '200')
  await running.stop()
  const rule = ['--keep-unused-for', '1ms', '--keep-grace', '1ms', '--force']
  assert.deepEqual(await ended(at, 'gc', ...rule), { code: 0, codes: [] }, 'gc lets go of the reserve first')
  assert.equal(existsSync(`${disk.outside}/reserve`), false)
  assert.deepEqual(await ended(at, 'verify'), { code: 0, codes: [] })
})

test('no inodes left', async (t) => {
  const disk = await volume(t, 'size=64m,nr_inodes=400')
  if (disk === undefined) return t.skip(noVolume)
  const at = await place(t, disk.at, disk)
  const fault = {
    code: 'DISK_FULL',
    ends: 'DISK_FAILED',
    begin: () => disk.run(`mkdir ${disk.at}/filler; cd ${disk.at}/filler && touch $(seq 400) 2>/dev/null || true`),
    end: () => disk.run(`rm -r ${disk.at}/filler`),
  }
  await suffers(at, await serve(t, at, [], disk), fault, `${disk.outside}/tmp`)
})

test('a disk that turns read-only', async (t) => {
  const disk = await volume(t, 'size=64m')
  if (disk === undefined) return t.skip(noVolume)
  const at = await place(t, disk.at, disk)
  const fault = {
    code: 'DISK_FAILED',
    // what is open for writing stays so: the kernel refuses to turn the very mount
    begin: () => disk.run(`mount --bind ${disk.at} ${disk.at} && mount -o remount,bind,ro ${disk.at}`),
    end: () => disk.run(`mount -o remount,bind,rw ${disk.at}`),
  }
  await suffers(at, await serve(t, at, [], disk), fault, `${disk.outside}/tmp`)
})

test('a disk that fails to make bytes durable', async (t) => {
  const data = folder(t)
  const at = await place(t, data, mainland)
  const enter = [
    'env',
    `FSYNC_FAILS_WHILE=${home(at)}/failing`,
    `NODE_OPTIONS=--import=${root}/test/faults/fsync-fails.ts`,
  ]
  const fault = {
    code: 'DISK_FAILED',
    begin: () => writeFileSync(`${home(at)}/failing`, ''),
    end: () => rmSync(`${home(at)}/failing`),
  }
  await suffers({ ...at, enter }, await serve(t, at, [], { enter }), fault, `${data}/tmp`)
})

test('a limit of file sizes', async (t) => {
  const prlimit = found('prlimit')
  if (prlimit === undefined) return t.skip('there is no prlimit')
  const data = folder(t)
  const at = await place(t, data, mainland)
  // what is asked before the fault begins has to fit; the hard limit stays, so that the soft one can be raised again
  const limited = { ...at, enter: [prlimit, `--fsize=${850 * KiB}:unlimited`] }
  const running = await serve(t, at, [], limited)
  await isServed(running, 'small', 'wanted')
  // what had arrived before the limit is on its way already
  assert.match(await askFile(running, 'cold'), /^503 DISK_FAILED$|^broken off$/)
  assert.equal((await ended(limited, 'sync', `${home(at)}/cold.yaml`)).codes.at(-1), 'DISK_FAILED')
  await isServed(running, 'small', 'wanted')
  spawnSync(prlimit, ['--fsize=unlimited', '--pid', String(running.pid)])
  assert.equal(await askFile(running, 'cold'), '200', 'it heals by itself')
  assert.deepEqual(await ended(at, 'verify'), { code: 0, codes: [] })
  assert.deepEqual(readdirSync(`${data}/tmp`), [])
  await running.stop()
})

test('a limit of 64 open files', async (t) => {
  const prlimit = found('prlimit')
  if (prlimit === undefined) return t.skip('there is no prlimit')
  const data = folder(t)
  const at = await place(t, data, mainland)
  const many = Array.from({ length: 70 }, (_, number) => `many-${number}`)
  for (let number = 0; number < 30; number += 1) publish(at.upstream, `more-${number}`, bytesOf(20 * KiB, number + 200))
  const wanted = Array.from({ length: 30 }, (_, number) => `more-${number}`)
  files(home(at), { 'many.yaml': `packages: { npm: [${wanted.join()}] }\n` })
  const whole = many.map((name, number) => {
    const content = bytesOf(300 * KiB, number + 100)
    return { path: `/npm${publish(at.upstream, name, content)}`, content }
  })
  const running = await serve(t, at, [], { enter: [prlimit, '--nofile=64:64'] })
  const get = ({ path, content }: (typeof whole)[number]): Promise<string> => ask(running, path, content)
  // one after another more than can be open at once, so that what is kept open has to be let go of
  for (const one of [...whole, ...whole]) assert.equal(await get(one), '200')
  // a crowd of misses and hits, with more connections than there are descriptors
  const crowd = await Promise.all([...names.map((name) => askFile(running, name)), ...whole.map(get)])
  for (const one of crowd) assert.match(one, /^200$|^503 TOO_MANY_FILES$|^broken off$/)
  assert.ok(crowd.includes('200'), 'some are answered')
  for (const one of whole) assert.equal(await get(one), '200', 'it heals by itself')
  await isServed(running, ...names)
  // a run that has too few says so, and goes on where it was when it has enough
  const few = await ended({ ...at, enter: [prlimit, '--nofile=30:30'] }, 'sync', `${home(at)}/many.yaml`)
  assert.equal(few.code, 1)
  // SQLite does not say why it cannot open a file
  assert.match(few.codes.at(-1) ?? '', /^TOO_MANY_FILES$|^DISK_FAILED$/)
  assert.equal((await ended(at, 'sync', `${home(at)}/many.yaml`)).code, 0)
  assert.deepEqual(await ended(at, 'verify'), { code: 0, codes: [] })
  assert.deepEqual(readdirSync(`${data}/tmp`), [])
  await running.stop()
})

test('a catalog that cannot be written for a while', async (t) => {
  const strace = await tracer()
  if (strace === undefined) return t.skip(noTracer)
  const data = folder(t)
  const at = await place(t, data, mainland)
  const catalog = ['-P', `${data}/catalog.db-wal`, '-P', `${data}/catalog.db`]
  // the tables are there before
  await (await serve(t, at)).stop()
  const failing = ['-e', 'trace=pwrite64', '-e', 'inject=pwrite64:error=EIO:when=3..28']
  const running = await serve(t, at, [], { enter: [strace, '-D', '-o', '/dev/null', ...catalog, ...failing] })
  const answers: string[] = []
  for (let round = 0; round < 20; round += 1)
    for (const name of names) answers.push(await ask(running, `/npm/${name}`), await askFile(running, name))
  assert.deepEqual([...new Set(answers)].sort(), ['200', '503 DISK_FAILED'])
  assert.ok(answers.lastIndexOf('503 DISK_FAILED') < answers.length / 2, 'it heals by itself')
  assert.deepEqual(await ended(at, 'verify'), { code: 0, codes: [] })
  assert.deepEqual(readdirSync(`${data}/tmp`), [])
  await running.stop()
})

test('an export to a place that is full, or read-only, keeps what was there, and the next one completes it', async (t) => {
  const disk = await volume(t, 'size=2m')
  if (disk === undefined) return t.skip(noVolume)
  const at = { ...(await place(t, folder(t), mainland)), enter: disk.enter }
  const brought = await serve(t, { data: at.data, config: at.config })
  for (const name of ['small', 'large'] as const) assert.equal(await askFile(brought, name), '200')
  await brought.stop()
  const tree = `${disk.at}/tree`
  const first = await ended(at, 'export', tree)
  assert.equal(first.code, 0)
  const list = readFileSync(`${disk.outside}/tree/.pkgmirror/paths`)
  const more = await serve(t, { data: at.data, config: at.config })
  for (const name of ['cold', 'wanted'] as const) assert.equal(await askFile(more, name), '200')
  await more.stop()
  const full = await ended(at, 'export', tree)
  assert.deepEqual([full.code, full.codes], [1, ['DISK_FULL']])
  assert.deepEqual(readFileSync(`${disk.outside}/tree/.pkgmirror/paths`), list)
  assert.match(readFileSync(`${disk.outside}/tree/npm/large/index.json`, 'utf8'), /large/)
  assert.ok(!existsSync(`${disk.outside}/tree/npm/cold/index.json`), 'documents come after what they name')
  disk.run(`mount -o remount,size=16m ${disk.at}`)
  disk.run(`mount --bind ${disk.at} ${disk.at} && mount -o remount,bind,ro ${disk.at}`)
  const refused = await ended(at, 'export', tree)
  assert.deepEqual([refused.code, refused.codes], [2, ['CONFIG']])
  disk.run(`mount -o remount,bind,rw ${disk.at}`)
  assert.equal((await ended(at, 'export', tree)).code, 0)
  assert.ok(existsSync(`${disk.outside}/tree/npm/cold/index.json`))
  assert.deepEqual(readdirSync(`${disk.outside}/tree/.pkgmirror`).sort(), ['about', 'paths', 'servers'])
})

test('what gc forgets is on the disk before the files go, so that a power cut leaves garbage and never a lie', async (t) => {
  const strace = await tracer()
  if (strace === undefined) return t.skip(noTracer)
  const at = await place(t, folder(t), mainland)
  files(home(at), { 'pkgmirror.yaml': `${configuration(at.upstream)}snapshots: { auto: false }\n` })
  assert.equal((await ended(at, 'sync', manifest(at))).code, 0)
  files(home(at), { 'wanted.yaml': 'packages: { npm: [small] }\n' })
  assert.equal((await ended(at, 'sync', manifest(at))).code, 0)
  const told = `${home(at)}/told`
  const enter = [strace, '-f', '-y', '-o', told, '-e', 'trace=pwrite64,fdatasync,fsync,unlink']
  const rule = ['--keep-unused-for', '1ms', '--keep-grace', '1ms', '--force']
  assert.equal((await ended({ ...at, enter }, 'gc', ...rule)).code, 0)
  let [volatile, gone] = [false, 0]
  for (const line of readFileSync(told, 'utf8').split('\n')) {
    if (line.includes('catalog.db-wal')) volatile = line.includes('pwrite64(')
    if (!/unlink\(".*\/blobs\//.test(line)) continue
    gone += 1
    assert.ok(!volatile, line)
  }
  assert.ok(gone > 0, 'files went')
})

test('a log, and an output, on a full disk', {
  skip: !existsSync('/dev/full') && 'there is no /dev/full',
}, async (t) => {
  const data = folder(t)
  const at = await place(t, data, mainland)
  const into = (stream: 1 | 2): Island => ({ enter: ['sh', '-c', `exec "$@" ${stream}> /dev/full`, 'sh'] })
  const running = await serve(t, at, ['--log-level', 'debug'], into(2))
  for (let round = 0; round < 3; round += 1) {
    await isServed(running, 'small', 'large')
    assert.equal(await ask(running, '/npm/..%2f'), '400 BAD_PATH')
  }
  await running.stop()
  assert.deepEqual(await ended({ ...at, ...into(1) }, 'sync', manifest(at)), { code: 1, codes: [] })
  assert.deepEqual(await ended(at, 'verify'), { code: 0, codes: [] })
})
