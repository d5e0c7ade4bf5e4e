// A small real mirror for tests of verbs: an upstream of every ecosystem on loopback, a manifest that wants a part of
// each, and what a verb says. The clock stands still at noon.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { mock } from 'node:test'
import type { Context } from '../../src/commands/context.ts'
import { sync } from '../../src/commands/sync.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/types.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { asMirrorError } from '../../src/errors.ts'
import { noon } from '../builders/mirror.ts'
import { fixtures as cargo } from '../ecosystems/cargo/fixtures.ts'
import { fixtures as debian } from '../ecosystems/debian/fixtures.ts'
import { fixtures as npm } from '../ecosystems/npm/fixtures.ts'
import { startUpstream, type Upstream } from '../fakes/upstream.ts'

const small = { npm, cargo, debian }
export type Small = keyof typeof small

export interface Said {
  /** The exit code, of a failure too. */
  readonly code: number
  /** What people read on standard output, and on standard error. */
  readonly out: string
  readonly err: string
  /** The last JSON document on standard output. */
  readonly document: Readonly<Record<string, unknown>>
}

export interface Speaking {
  readonly json?: boolean
  readonly quiet?: boolean
  /** Manifests and configuration, absolute; the workbench's own when left out. */
  readonly files?: readonly string[]
  readonly flags?: Readonly<Record<string, unknown>>
}

export interface Workbench {
  readonly folder: string
  readonly upstreams: Readonly<Record<Small, Upstream>>
  /** The manifest; its text, with what is handed in over it. */
  readonly manifest: string
  text(more?: object): string
  /** Writes a file below the folder and returns its path. */
  write(name: string, text: string): string
  load(files: readonly string[], flags?: Readonly<Record<string, unknown>>): Promise<Settings>
  say(verb: (context: Context) => Promise<number>, speaking?: Speaking): Promise<Said>
  close(): Promise<void>
}

const wants = { npm: ['@acme/kit@7.2.30202'], cargo: ['kit@3'], debian: ['kit'] }

/** Starts it with a manifest that nothing has synced yet. */
export async function openWorkbench(): Promise<Workbench> {
  mock.timers.enable({ apis: ['Date'], now: noon })
  const folder = mkdtempSync(path.join(tmpdir(), 'workbench-'))
  const upstreams = { npm: await startUpstream(), cargo: await startUpstream(), debian: await startUpstream() }
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  const repositories: Record<string, object> = {}
  for (const [name, upstream] of Object.entries(upstreams) as [Small, Upstream][]) {
    const { files, keyring, options } = await small[name].archive(upstream.url)
    for (const [at, source] of Object.entries(files)) upstream.set(source.at ?? at, { ...source, etag: true })
    const keys = keyring === undefined ? undefined : path.join(folder, keyring.name)
    if (keyring !== undefined) writeFileSync(path.join(folder, keyring.name), keyring.bytes)
    const own = (options?.(keys ?? '') ?? {}) as object
    repositories[name] = { upstream: upstream.url, ...own, ...(keys === undefined ? {} : { keyring: keys }) }
  }
  const text = (more: object = {}) => JSON.stringify({ repositories, packages: wants, ...more })
  const manifest = write('manifest.yaml', text())

  const load: Workbench['load'] = (files, flags = {}) =>
    loadSettings({
      files,
      flags: { data: path.join(folder, 'mirror'), ...flags },
      env: {},
      cwd: folder,
      home: folder,
      ecosystems,
    })

  return {
    folder,
    upstreams,
    manifest,
    text,
    write,
    load,
    async say(verb, { json = false, quiet = false, files = [manifest], flags } = {}) {
      const heard = listen()
      try {
        const settings = await load(files, flags)
        const context: Context = { settings, json, quiet, signal: new AbortController().signal, files }
        return { code: await verb(context), ...heard.end() }
      } catch (error) {
        const failure = asMirrorError(error)
        const { out, err, document } = heard.end()
        return { code: failure.failure.exit, out, err: `${err}${failure.located}\n  ${failure.hint}\n`, document }
      } finally {
        heard.end()
      }
    },
    async close() {
      mock.timers.reset()
      for (const upstream of Object.values(upstreams)) await upstream.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The same with everything synced that the manifest wants. */
export async function openSynced(): Promise<Workbench> {
  const bench = await openWorkbench()
  const { code, err } = await bench.say((context) => sync(context, { dryRun: false }), { quiet: true })
  assert.equal(code, 0, err)
  for (const upstream of Object.values(bench.upstreams)) upstream.reset()
  return bench
}

/** Takes the texts that are written to the standard streams; what the test runner writes is no text and goes through. */
function listen() {
  const heard = { out: '', err: '' }
  const streams = [
    ['out', process.stdout],
    ['err', process.stderr],
  ] as const
  const undo = streams.map(([name, stream]) => {
    const write = stream.write
    stream.write = ((...args: Parameters<typeof write>) => {
      if (typeof args[0] !== 'string') return write.apply(stream, args)
      heard[name] += args[0]
      return true
    }) as typeof write
    return () => {
      stream.write = write
    }
  })
  return {
    end() {
      for (const one of undo) one()
      const last = heard.out.trimEnd().split('\n').at(-1) ?? ''
      return { ...heard, document: last.startsWith('{') ? (JSON.parse(last) as Said['document']) : {} }
    },
  }
}
