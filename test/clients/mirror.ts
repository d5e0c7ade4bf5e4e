// The shipped executable, run as users run it: sync, serve on a free port, export, and plain file servers for what it wrote.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, execute, type Island, mainland, root } from './place.ts'

const checkout = `${root}/bin/pkgmirror.js`

export interface Running {
  /** Address without a trailing slash. */
  readonly url: string
  readonly pid: number
  /** What it has said on standard error. */
  said(): string
  /** Of a server that starts when its tree is there. */
  ready?(): Promise<void>
  stop(): Promise<void>
}

export interface Mirror {
  /** Data directory, made when it is missing. */
  readonly data: string
  /** The configuration file. */
  readonly config: string
  /** Another executable than this checkout's. */
  readonly bin?: string
}

/** Runs a verb to its end; throws with everything it said when it fails. */
export const pkgmirror = (mirror: Mirror, ...args: readonly string[]): Promise<string> =>
  pkgmirrorWith({}, mirror, ...args)

/** The same with more in its environment. */
export function pkgmirrorWith(
  more: Readonly<Record<string, string>>,
  { data, config, bin = checkout }: Mirror,
  ...args: readonly string[]
): Promise<string> {
  return execute({
    argv: [process.execPath, bin, ...args, '--data', data, '--config', config],
    cwd: data,
    env: environment(data, more),
  })
}

/** `pkgmirror serve` on a free port. */
export function serve(
  t: TestContext,
  { data, config, bin = checkout }: Mirror,
  more: readonly string[] = [],
  at: Island = mainland,
): Promise<Running> {
  const args = [bin, 'serve', '--json', '--listen', '127.0.0.1:0', '--data', data, '--config', config, ...more]
  const child = spawnAt(at, [process.execPath, ...args], data)
  return started(t, child, (line) => addressOf(line))
}

/** An exported tree behind a web server that knows nothing of packages. */
export const fileServers = {
  python(t: TestContext, directory: string, at: Island): Promise<Running> {
    const argv = ['python3', '-u', '-m', 'http.server', '0', '--bind', '127.0.0.1', '--directory', directory]
    return started(t, spawnAt(at, argv, directory), (line) => {
      const [, port] = /port (\d+)/.exec(line) ?? []
      return port === undefined ? undefined : `http://127.0.0.1:${port}`
    })
  },
  handler(t: TestContext, directory: string, at: Island): Promise<Running> {
    const argv = [process.execPath, `${root}/test/clients/file-server.ts`, directory]
    return started(t, spawnAt(at, argv, directory), (line) => line)
  },
}

function spawnAt({ enter }: Island, argv: readonly string[], home: string): ChildProcess {
  const [program = '', ...args] = [...enter, ...argv]
  return spawn(program, args, { cwd: home, env: environment(home), stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Waits until a line of standard output tells the address. */
async function started(
  t: TestContext,
  child: ChildProcess,
  read: (line: string) => string | undefined,
): Promise<Running> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const gone = once(child, 'exit')
  t.after(() => void child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('standard output is not ours')
  const url = await firstOf(createInterface(child.stdout), read)
  if (url === undefined) throw new Error(`${child.spawnargs.join(' ')} did not start\n${said}`)
  child.stdout.resume()
  return {
    url,
    pid: child.pid ?? 0,
    said: () => said,
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}

async function firstOf(
  lines: AsyncIterable<string>,
  read: (line: string) => string | undefined,
): Promise<string | undefined> {
  for await (const line of lines) {
    const found = read(line)
    if (found !== undefined) return found
  }
  return undefined
}

function addressOf(line: string): string | undefined {
  const document = JSON.parse(line) as { readonly type?: string; readonly addresses?: readonly string[] }
  return document.type === 'ready' ? document.addresses?.[0] : undefined
}

/** Asks until the answer is of that state: a file is held a little after its last byte. */
export async function until(ask: () => Promise<Response>, state: string): Promise<Response> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await ask()
    await answer.arrayBuffer()
    if (answer.headers.get('x-cache') === state) return answer
    await sleep(20)
  }
  throw new Error(`it never was a ${state}`)
}
