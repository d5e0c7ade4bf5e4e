// The program as it is shipped: built to dist and laid out as the published package is, without the sources.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from '../scripts/build.ts'
import { type Lateness, latenessMonitor } from './lateness.ts'
import { type Core, type Run, run, type Started, start } from './process.ts'

const checkout = path.resolve(import.meta.dirname, '..')

/** Where a benchmark writes: the package, and a folder for each data directory. */
export interface Bench {
  readonly folder: string
  /** The executable with the Node that runs it. */
  readonly argv: readonly string[]
  /** Sizes that take minutes, instead of smaller ones. */
  readonly full: boolean
  remove(): void
}

/** Builds, and lays the package out in a temporary folder. */
export async function install(full: boolean): Promise<Bench> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pkgmirror-bench-'))
  await build(path.join(folder, 'package/dist'))
  for (const name of ['bin', 'package.json', 'keyrings'])
    cpSync(path.join(checkout, name), path.join(folder, 'package', name), { recursive: true })
  symlinkSync(path.join(checkout, 'node_modules'), path.join(folder, 'package/node_modules'))
  return {
    folder,
    full,
    argv: [process.execPath, path.join(folder, 'package/bin/pkgmirror.js')],
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

export interface Served extends Started {
  readonly url: string
}

/** With its event loop looked at, which costs it a little. */
export interface TimedServed extends Served {
  /** Since the start or the last call. */
  lateness(): Promise<Lateness>
}

export interface How {
  /** Further words of the command line. */
  readonly words?: readonly string[]
  readonly core?: Core
}

/** A data directory with its configuration: empty, and forgotten with the benchmark. */
export interface Place {
  serve(how?: How): Promise<Served>
  serveTimed(): Promise<TimedServed>
  /** Runs a sync of a manifest and returns the summary that `--json` ends with. */
  sync(manifest: unknown): Promise<SyncSummary>
  /** Runs another verb to its end. */
  command(words: readonly string[], core?: Core): Promise<Run>
  readonly data: string
}

export interface SyncSummary {
  readonly milliseconds: number
  readonly changed: boolean
  readonly repositories: Readonly<Record<string, { readonly requests: number; readonly fetched: number }>>
  /** From the start of the process to its end. */
  readonly whole: number
  readonly cpu: number | undefined
  readonly peak: number | undefined
}

/** `repositories` as the configuration has them. The file is JSON, which YAML includes. */
export function place({ folder, argv }: Bench, name: string, repositories: Readonly<Record<string, unknown>>): Place {
  const home = path.join(folder, name)
  const data = path.join(home, 'data')
  mkdirSync(data, { recursive: true })
  const config = path.join(home, 'pkgmirror.yaml')
  writeFileSync(config, JSON.stringify({ repositories, builtin: false }))
  const common = ['--data', data, '--config', config, '--json']
  const serve = async (program: readonly string[], { words = [], core = 0 }: How = {}): Promise<Served> => {
    const listen = ['serve', '--listen', '127.0.0.1:0']
    const started = await start([...program, ...listen, ...words, ...common], addressOf, core)
    return { ...started, url: started.said }
  }
  return {
    data,
    serve: (how) => serve(argv, how),
    async serveTimed() {
      const [node = '', ...program] = argv
      const monitor = latenessMonitor(home)
      const served = await serve([node, ...monitor.flags, ...program])
      return { ...served, lateness: () => monitor.read(served.pid) }
    },
    command: (words, core) => run([...argv, ...words, ...common], core),
    async sync(manifest) {
      const file = path.join(home, 'manifest.yaml')
      writeFileSync(file, JSON.stringify(manifest))
      const { out, milliseconds, cpu, peak } = await run([...argv, 'sync', file, ...common])
      const last = out.trim().split('\n').at(-1) ?? ''
      return { ...(JSON.parse(last) as SyncSummary), whole: milliseconds, cpu, peak }
    },
  }
}

function addressOf(line: string): string | undefined {
  const told = JSON.parse(line) as { readonly type?: string; readonly addresses?: readonly string[] }
  return told.type === 'ready' ? told.addresses?.[0] : undefined
}
