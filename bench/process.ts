// Processes under measurement: started on a core of their own, watched through /proc where the system has one.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'

export interface Watched {
  /** Processor time so far, milliseconds, threads included; undefined where nothing tells. */
  cpu(): number | undefined
  /** The most memory it has had at once, bytes (VmHWM), of the largest process; undefined where nothing tells. */
  peak(): number | undefined
  /** What it has in memory now, bytes (VmRSS); undefined where nothing tells. */
  resident(): number | undefined
  /** Makes `peak` begin anew with what it has now, where the system can. */
  forgetPeak(): void
}

export interface Started extends Watched {
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** The path of a program, when the machine has it. */
export function found(program: string): string | undefined {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  })
  return status === 0 ? stdout.trim() : undefined
}

const canPin = process.platform === 'linux' && availableParallelism() > 1 && found('taskset') !== undefined

/** Core 0 is for what is measured, core 1 for what loads it; both, for what uses two: not that of the load where there are more. */
export type Core = 0 | 1 | 'both'

const both = availableParallelism() > 2 ? '0,2' : '0,1'
const pinned = (core: Core, argv: readonly string[]): readonly string[] =>
  canPin ? ['taskset', '-c', core === 'both' ? both : String(core), ...argv] : argv

/** Moves this process, and so its children, to the core of the load. Tells whether that could be done. */
export function pinOurselves(): boolean {
  return canPin && spawnSync('taskset', ['-a', '-cp', '1', String(process.pid)]).status === 0
}

/** Nothing of the user's own: no proxies, no configuration. */
const environment = { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' }

export interface Run {
  readonly out: string
  readonly milliseconds: number
  readonly code: number | null
  /** As of `Watched`, seen every 20 ms: what happens in the last of them is missed. */
  readonly cpu: number | undefined
  readonly peak: number | undefined
}

/** Runs a program to its end, on the core of what is measured unless told otherwise. */
export async function run(argv: readonly string[], core: Core = 0): Promise<Run> {
  const [program = '', ...args] = pinned(core, argv)
  const started = performance.now()
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const seen = glances(child)
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const milliseconds = performance.now() - started
  const { cpu, peak } = seen()
  if (code !== 0) throw new Error(`${argv.join(' ').slice(0, 300)} ended with ${code}\n${said}${out.slice(-4000)}`)
  return { out, milliseconds, code, cpu, peak }
}

/** Looks at a process while it runs; returns what ends that and tells what was seen. */
function glances(child: ChildProcess): () => Pick<Run, 'cpu' | 'peak'> {
  let cpu: number | undefined
  let peak: number | undefined
  const timer = setInterval(() => {
    const pids = child.pid === undefined ? [] : family(child.pid)
    cpu = sum(pids.map(processorTime)) ?? cpu
    peak = largest([peak, ...pids.map((pid) => memoryOf(pid, 'VmHWM'))])
  }, 20)
  return () => {
    clearInterval(timer)
    return { cpu, peak }
  }
}

/**
 * Starts a server, on the core of what is measured unless told otherwise. With `ready` it waits for a line of standard output of which `ready`
 * makes something, and hands that on.
 */
export async function start<T>(
  argv: readonly string[],
  ready: (line: string) => T | undefined,
  core: Core = 0,
): Promise<Started & { readonly said: T }> {
  const [program = '', ...args] = pinned(core, argv)
  // An access log is written as in real use, to where it costs no disk.
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const said = ready(line)
    if (said === undefined) continue
    child.stdout.resume()
    return { ...watched(child), said }
  }
  throw new Error(`${argv.join(' ')} did not start`)
}

/** Starts a server that says nothing; the caller finds out when it answers. */
export function startSilent(argv: readonly string[], core: Core = 0): Started {
  const [program = '', ...args] = pinned(core, argv)
  return watched(spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] }))
}

/** Processes that do the work with each other. */
export const together = (...all: readonly Watched[]): Watched => ({
  cpu: () => sum(all.map((one) => one.cpu())),
  peak: () => largest(all.map((one) => one.peak())),
  resident: () => largest(all.map((one) => one.resident())),
  forgetPeak() {
    for (const one of all) one.forgetPeak()
  },
})

const running = new Set<Started>()

/** Ends what a part that failed has left behind. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((one) => one.stop()))
}

function watched(child: ChildProcess): Started {
  const gone = once(child, 'exit')
  const pids = (): readonly number[] => (child.pid === undefined ? [] : family(child.pid))
  const started: Started = {
    pid: child.pid,
    cpu: () => sum(pids().map(processorTime)),
    peak: () => largest(pids().map((pid) => memoryOf(pid, 'VmHWM'))),
    resident: () => largest(pids().map((pid) => memoryOf(pid, 'VmRSS'))),
    forgetPeak() {
      for (const pid of pids()) resetPeak(pid)
    },
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
  running.add(started)
  void gone.then(() => running.delete(started))
  return started
}

const known = (values: readonly (number | undefined)[]): readonly number[] => values.filter((one) => one !== undefined)

function sum(values: readonly (number | undefined)[]): number | undefined {
  const all = known(values)
  return all.length === 0 ? undefined : all.reduce((total, one) => total + one, 0)
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const all = known(values)
  return all.length === 0 ? undefined : Math.max(...all)
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'latin1')
  } catch {
    // not Linux, or the process has ended
    return undefined
  }
}

/** Writing 5 to /proc/PID/clear_refs makes VmHWM what VmRSS is. proc(5). */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // not Linux, or the process has ended
  }
}

/** A process and all below it. proc(5). */
function family(pid: number): readonly number[] {
  const children = readProc(`${pid}/task/${pid}/children`)?.trim() ?? ''
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(family)]
}

/** Its own time and that of children that have ended: fields 14 to 17 of /proc/PID/stat, in ticks of 10 ms on every Linux that Node runs on. */
export function processorTime(pid: number): number | undefined {
  const stat = readProc(`${pid}/stat`)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0) * 10
}

export function memoryOf(pid: number, field: 'VmHWM' | 'VmRSS'): number | undefined {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readProc(`${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}
