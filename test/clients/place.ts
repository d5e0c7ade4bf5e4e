// Where a client is tried: a temporary home with nothing in it, an environment without this machine's settings, and, where
// the machine permits it, a network namespace that has nothing but loopback.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

export const root = path.resolve(import.meta.dirname, '../..')

/** A directory that goes with the test. */
export function folder(t: TestContext, name = 'pkgmirror-'): string {
  const made = mkdtempSync(path.join(tmpdir(), name))
  t.after(() => rmSync(made, { recursive: true, force: true, maxRetries: 3 }))
  return made
}

/** Writes files by path below a folder, and returns the folder. */
export function files(at: string, contents: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(contents)) {
    const to = path.join(at, name)
    mkdirSync(path.dirname(to), { recursive: true })
    writeFileSync(to, content)
  }
  return at
}

/** Which authorities this machine trusts is the one setting that stays: real registries may stand behind its own. */
const trusted = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name === 'NODE_EXTRA_CA_CERTS' || name === 'SSL_CERT_FILE'),
)

/** Nothing of the user's own: no proxies, no registries, no caches, no agents. */
export function environment(home: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const PATH = [path.dirname(process.execPath), process.env.PATH ?? ''].join(path.delimiter)
  return { PATH, HOME: home, TMPDIR: tmpdir(), LC_ALL: 'C.UTF-8', CI: 'true', ...trusted, ...more }
}

/** The absolute path of a program, when the machine has it. */
export function found(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

export interface Command {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** Milliseconds after which a client hangs. */
const PATIENCE = 120_000

/** Runs a client to its end; throws with everything it said when it fails. Returns standard output. */
export async function execute({ argv, cwd, env }: Command): Promise<string> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE })
  let said = ''
  let out = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    out += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code ?? signal}\n${said}`)
  return out
}

/** A network of its own, or mounts. */
export interface Island {
  /** What to put before a command to run it there. */
  readonly enter: readonly string[]
}

/** Nowhere in particular: the ordinary network. */
export const mainland: Island = { enter: [] }

interface Apart extends Island {
  /** Of the process that holds it. */
  readonly pid: string
}

/** A namespace with loopback alone; undefined where the machine does not permit one. */
export const island = (t: TestContext): Promise<Island | undefined> => apart(t, 'n', 'ip link set lo up')

/**
 * A network (`n`) or a tree of mounts (`m`) of its own for as long as the test lasts, made ready by a shell command; undefined where
 * the machine does not permit one.
 */
export async function apart(t: TestContext, kind: 'n' | 'm', ready: string): Promise<Apart | undefined> {
  if (process.platform !== 'linux') return undefined
  const mine = process.getuid?.() === 0
  const script = `${ready} && echo up && exec sleep 1000`
  const argv = [mine ? `-${kind}` : `-r${kind}`, 'sh', '-c', script]
  const child = spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'ignore'] })
  const up = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'close').then(() => false),
    once(child, 'error').then(() => false),
  ])
  if (!up) return undefined
  t.after(() => child.kill('SIGKILL'))
  const pid = String(child.pid)
  const enter = ['nsenter', '-t', pid, `-${kind}`, ...(mine ? [] : ['-U', '--preserve-credentials'])]
  return { enter, pid }
}
