// `prove --install`: the real client installs a lockfile in a scratch folder from the mirror, offline, on a network that has
// nothing but loopback where the system permits one.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import type { Repository } from '../config/types.ts'
import type { Setup } from '../contract.ts'
import { ecosystems } from '../ecosystems/index.ts'
import { MirrorError } from '../errors.ts'
import { createAddresses } from '../server/addresses.ts'
import { createApp } from '../server/app.ts'
import { createHits } from '../server/hits.ts'
import { type Listening, listen } from '../server/listen.ts'
import { createResponder } from '../server/respond.ts'
import { newest } from '../server/states.ts'
import { addressMap, rewritten } from './addresses.ts'
import type { Context } from './context.ts'
import { type LedgerLine, openLedger } from './ledger.ts'
import type { LockedFile } from './locked-file.ts'
import { textAt } from './new-file.ts'
import { type TrialClient, trialClients } from './trial-clients.ts'
import type { Workspace } from './workspace.ts'

export interface Trial {
  readonly file: string
  readonly client?: string
  readonly state: 'installed' | 'failed' | 'untried'
  readonly milliseconds: number
  /** Why it was not tried, or the end of what the client said. */
  readonly reason?: string
}

/** How this process was started. */
export interface Started {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** Set for the process that runs on the network without anything. */
const APART = 'PKGMIRROR_APART'
/** How long a program may take to tell its version, milliseconds: JVMs are slow to start. */
const LOOK = 60_000
/** Milliseconds that a client may take. */
const PATIENCE = 1_800_000
/** Bytes of what a client said that are kept. */
const KEPT = 4000

/** Runs this very command again where there is no network; its exit code. Undefined where it runs there, or the system permits none. */
export async function elsewhere({ argv: own, env }: Started): Promise<number | undefined> {
  if (env[APART] !== undefined || process.platform !== 'linux') return undefined
  const flags = process.getuid?.() === 0 ? ['-n'] : ['-rn']
  if (spawnSync('unshare', [...flags, 'sh', '-c', 'ip link set lo up'], { stdio: 'ignore' }).status !== 0)
    return undefined
  const script = 'ip link set lo up && exec "$@"'
  const argv = [...flags, 'sh', '-c', script, 'sh', ...own]
  const child = spawn('unshare', argv, { stdio: 'inherit', env: { ...env, [APART]: '1' } })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

export const isApart = ({ env }: Started): boolean => env[APART] !== undefined

/** One after the other. The workspace is offline. */
export async function tryAll(
  context: Context,
  workspace: Workspace,
  files: readonly LockedFile[],
  { env }: Started,
): Promise<readonly Trial[]> {
  const { mirror } = workspace
  const responder = createResponder(mirror.store)
  const hits = createHits(mirror.catalog.refs.used, mirror.now)
  let listening: Listening | undefined
  try {
    const addresses = createAddresses(undefined, [], () => listening?.ports ?? [])
    listening = await listen(createApp(mirror, newest(mirror), responder, addresses, hits), ['127.0.0.1:0'])
    const base = listening.addresses[0] ?? ''
    const trials: Trial[] = []
    const tried = new Set<string>()
    for (const file of files) {
      context.signal.throwIfAborted()
      const client = trialClients.find(({ formats }) => formats.includes(file.format.id))
      // go.mod and go.sum are one installation
      const key = `${client?.client} ${path.dirname(file.file)}`
      if (client !== undefined && client.formats.length > 1 && tried.size === tried.add(key).size) continue
      trials.push(await tryOne(context, workspace, file, client, { base, env }))
    }
    return trials
  } finally {
    await listening?.close(0)
    hits.close()
    responder.close()
  }
}

/** Where the mirror answers, and the environment that programs are looked for in. */
interface Around {
  readonly base: string
  readonly env: NodeJS.ProcessEnv
}

async function tryOne(
  context: Context,
  workspace: Workspace,
  file: LockedFile,
  client: TrialClient | undefined,
  around: Around,
): Promise<Trial> {
  const untried = (reason: string): Trial => ({
    file: file.file,
    ...(client === undefined ? {} : { client: client.client }),
    state: 'untried',
    milliseconds: 0,
    reason,
  })
  if (client === undefined) return untried(`no client is known that installs ${file.format.id}`)
  if (client.unless !== undefined) return untried(client.unless)
  const [program = ''] = client.argv
  const look = { encoding: 'utf8', cwd: tmpdir(), env: outer(around.env), timeout: LOOK } as const
  const version = spawnSync(program, ['--version'], look)
  // some know another word for it
  if (version.signal !== null) return untried(`${program} does not tell its version`)
  if (version.error !== undefined) return untried(`${program} is not on this machine`)
  if (client.version !== undefined && !client.version.test(version.stdout.trim()))
    return untried(`${program} is ${version.stdout.trim().slice(0, 40)}, which does not read ${file.format.id}`)
  const { needs, bars } = client
  if (needs !== undefined) {
    const { stdout } = spawnSync(program, [...needs.argv], look)
    if (!stdout.includes(needs.text)) return untried(needs.reason)
  }
  if (bars?.text.test((await textAt(path.join(path.dirname(file.file), bars.file))) ?? '')) return untried(bars.reason)
  const scratch = await mkdtemp(path.join(tmpdir(), 'pkgmirror-prove-'))
  const started = performance.now()
  try {
    const { project, home, env } = await prepared(workspace, file, client, scratch, around)
    const argv = client.argv.map((word) => word.replace(/^HOME/, home).replace(/^FILE$/, path.basename(file.file)))
    const { code, said } = await ran(argv, project, env, context.signal)
    const milliseconds = Math.round(performance.now() - started)
    const about = { file: file.file, client: client.client, milliseconds }
    return code === 0 ? { ...about, state: 'installed' } : { ...about, state: 'failed', reason: said.trim() }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Folders that are no part of a project, or that a client writes anew. */
const notCopied = new Set(['node_modules', '.git', '.venv', 'venv', 'target', '__pycache__', '.yarn', '.gradle'])

interface Prepared {
  readonly project: string
  readonly home: string
  readonly env: NodeJS.ProcessEnv
}

/** The project beside the lockfile, pointed at the mirror; the lockfile with the addresses of the mirror. */
async function prepared(
  { mirror, settings }: Workspace,
  file: LockedFile,
  client: TrialClient,
  scratch: string,
  { base, env }: Around,
): Promise<Prepared> {
  const [home, project] = [path.join(scratch, 'home'), path.join(scratch, 'project')]
  await mkdir(home)
  await cp(path.dirname(file.file), project, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) =>
      from === path.dirname(file.file) || (from !== settings.data && !notCopied.has(path.basename(from))),
  })
  const lockfile = path.join(project, path.basename(file.file))
  const ledger = openLedger(mirror, [file])
  const map = addressMap(mirror, base, ledger.lines.get(file) ?? [])
  if (!file.file.endsWith('.lockb')) await writeFile(lockfile, rewritten(await readFile(lockfile, 'utf8'), map))
  const variables: Record<string, string> = {}
  for (const repository of settings.repositories.filter((one) => one.ecosystem === client.ecosystem)) {
    const own = pointing(client, repository, base, ledger.lines.get(file) ?? [])
    // of several repositories the first is a client's registry
    for (const [variable, value] of Object.entries(own.env ?? {})) variables[variable] ??= value
    for (const { path: at, text } of own.files ?? []) {
      const to = at.startsWith('~/') ? path.join(home, at.slice(2)) : path.join(project, at)
      await mkdir(path.dirname(to), { recursive: true })
      // what the project says itself stands before; clients take the last
      await appendFile(to, existsSync(to) ? `\n${text}` : text)
    }
  }
  const its = Object.entries(client.env ?? {}).map(([variable, value]) => [variable, value.replace(/\bHOME\b/, home)])
  const all = { ...outer(env), HOME: home, CI: 'true', ...variables, ...Object.fromEntries(its) }
  return { project, home, env: all }
}

/** What points the client at a repository: variables where they do, since files may be there that say something else. */
function pointing(
  client: TrialClient,
  { name, upstreams, options, mount }: Repository,
  base: string,
  lines: readonly LedgerLine[],
): Pick<Setup, 'env' | 'files'> {
  const ecosystem = ecosystems.find(({ id }) => id === client.ecosystem)
  const address = `${base}${mount}`
  if (client.pointed !== undefined) {
    const [known] = ecosystem?.repos ?? []
    const own = new Set([...(known?.upstreams ?? []), ...(known?.also ?? [])])
    const named = lines.flatMap(({ mounted, locked: { url } }) =>
      mounted?.settings.name === name && url !== undefined ? [url] : [],
    )
    const others = new Set(named.filter((one) => !own.has(one)))
    return client.pointed({ name, address, others: [...others], isOwn: named.some((one) => own.has(one)) })
  }
  const setups = ecosystem?.setup({ repo: { name, upstreams, options }, base: address }) ?? []
  const its = setups.filter((one) => one.client === client.client)
  const { env, files } = its.find((one) => one.env !== undefined) ?? its[0] ?? {}
  return env === undefined ? { ...(files !== undefined && { files }) } : { env }
}

/** Of the user's own environment what tells where programs are; a home that is another would hide toolchains. */
function outer(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'LANG', 'JAVA_HOME', 'GOROOT', 'GOCACHE', 'TMPDIR']
  const own = Object.fromEntries(kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
  const toolchains: readonly (readonly [string, string])[] = [
    ['RUSTUP_HOME', '.rustup'],
    ['PYENV_ROOT', '.pyenv'],
  ]
  const found = toolchains.flatMap(([name, folder]) => {
    const at = env[name] ?? path.join(homedir(), folder)
    return existsSync(at) ? [[name, at]] : []
  })
  // nothing answers there: where the network is not cut off, at least what heeds proxies does not reach it
  const nowhere = 'http://127.0.0.1:9'
  return {
    ...own,
    ...Object.fromEntries(found),
    http_proxy: nowhere,
    https_proxy: nowhere,
    no_proxy: '127.0.0.1,localhost',
  }
}

function ran(
  argv: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ code: number; said: string }> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT)
    })
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new MirrorError('FAULT', `${program} cannot be started`, { cause })))
    child.once('close', (code) => resolve({ code: code ?? 1, said }))
  })
}
