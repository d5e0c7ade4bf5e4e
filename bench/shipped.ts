// The program as it is shipped: built to dist and laid out as the published package is, without the sources.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run, type Started, start } from './process.ts'

const checkout = path.resolve(import.meta.dirname, '..')

/** Where a benchmark writes: the package, and a folder for each data directory. */
export interface Bench {
  readonly folder: string
  /** The executable with the Node that runs it. */
  readonly argv: readonly string[]
  remove(): void
}

/** Builds, and lays the package out in a temporary folder. */
export function install(): Bench {
  const folder = mkdtempSync(path.join(tmpdir(), 'pkgmirror-bench-'))
  const build = path.join(folder, 'package/dist')
  const tsc = path.join(checkout, 'node_modules/typescript/bin/tsc')
  const argv = [tsc, '-p', path.join(checkout, 'tsconfig.build.json'), '--outDir', build]
  const { stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  // what does not type-check is written all the same; what is measured then is not what would be shipped
  if (stdout !== '') console.log(`the build has complaints:\n${stdout.slice(0, 2000)}`)
  for (const name of ['bin', 'package.json', 'keyrings'])
    cpSync(path.join(checkout, name), path.join(folder, 'package', name), { recursive: true })
  symlinkSync(path.join(checkout, 'node_modules'), path.join(folder, 'package/node_modules'))
  return {
    folder,
    argv: [process.execPath, path.join(folder, 'package/bin/pkgmirror.js')],
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

export interface Served extends Started {
  readonly url: string
}

/** A data directory with its configuration: empty, and forgotten with the benchmark. */
export interface Place {
  /** With more flags, where there are any. */
  serve(...flags: readonly string[]): Promise<Served>
  /** Runs a sync of a manifest and returns the summary that `--json` ends with. */
  sync(manifest: unknown): Promise<SyncSummary>
  readonly data: string
}

export interface SyncSummary {
  readonly milliseconds: number
  readonly changed: boolean
  readonly repositories: Readonly<Record<string, { readonly requests: number; readonly fetched: number }>>
  /** From the start of the process to its end. */
  readonly whole: number
}

/** `repositories` as the configuration has them. The file is JSON, which YAML includes. */
export function place({ folder, argv }: Bench, name: string, repositories: Readonly<Record<string, unknown>>): Place {
  const home = path.join(folder, name)
  const data = path.join(home, 'data')
  mkdirSync(data, { recursive: true })
  const config = path.join(home, 'pkgmirror.yaml')
  writeFileSync(config, JSON.stringify({ repositories, builtin: false }))
  const common = ['--data', data, '--config', config, '--json']
  return {
    data,
    async serve(...flags) {
      const started = await start([...argv, 'serve', '--listen', '127.0.0.1:0', ...common, ...flags], addressOf)
      return { ...started, url: started.said }
    },
    async sync(manifest) {
      const file = path.join(home, 'manifest.yaml')
      writeFileSync(file, JSON.stringify(manifest))
      const { out, milliseconds } = await run([...argv, 'sync', file, ...common])
      const last = out.trim().split('\n').at(-1) ?? ''
      return { ...(JSON.parse(last) as SyncSummary), whole: milliseconds }
    },
  }
}

function addressOf(line: string): string | undefined {
  const told = JSON.parse(line) as { readonly type?: string; readonly addresses?: readonly string[] }
  return told.type === 'ready' ? told.addresses?.[0] : undefined
}
