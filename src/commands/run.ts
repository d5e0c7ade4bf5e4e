// A run that brings things in: `sync` and `seed` are this with different wants.

import type { Selector } from '../contract.ts'
import type { EngineEvent } from '../engine/events.ts'
import { type Fault, type Walked, walk } from '../engine/walk.ts'
import { exitCode, MirrorError } from '../errors.ts'
import type { Context } from './context.ts'
import { record, type Workspace } from './workspace.ts'

export interface RunOptions {
  readonly command: string
  /** Who holds what is brought in: the manifest's or lockfile's path. */
  readonly holder: string
  readonly dryRun: boolean
  readonly wants: ReadonlyMap<string, readonly Selector[]>
}

export interface RepoSummary {
  readonly items: number
  readonly bytes: number
  readonly fetched: number
  readonly fetchedBytes: number
  readonly planned: number
  readonly plannedBytes: number
  readonly requests: number
  readonly proofs: Readonly<Record<string, number>>
  readonly hosts: readonly string[]
  readonly flipped: readonly string[]
}

export interface Summary {
  readonly code: number
  readonly milliseconds: number
  readonly changed: boolean
  readonly repositories: Readonly<Record<string, RepoSummary>>
  readonly faults: readonly Fault[]
  readonly cleaned: { readonly files: number; readonly bytes: number }
}

/** Artifacts of one repository under way at once; the client's own queues bound the requests. */
const CONCURRENCY = 32

export async function run(context: Context, workspace: Workspace, options: RunOptions): Promise<Summary> {
  const { mirror, events } = workspace
  const started = mirror.now()
  const id = mirror.catalog.runs.start(options.command, started)
  const requests = new Map<string, number>()
  const stop = events.subscribe((event: EngineEvent) => {
    if (event.type === 'asked') requests.set(event.repo, (requests.get(event.repo) ?? 0) + 1)
  })
  const walks = [...options.wants].map(([name, wants]) => {
    const mounted = mirror.repos.get(name)
    if (mounted === undefined) throw new MirrorError('CONFIG', `there is no repository ${name}`)
    return walk(mirror, mounted, wants, {
      platforms: mirror.platforms,
      started,
      dryRun: options.dryRun,
      signal: context.signal,
      concurrency: CONCURRENCY,
    })
  })
  const walked = await Promise.all(walks)
  stop()
  await mirror.holder.settle()
  if (!options.dryRun) {
    record(mirror, options.wants.keys())
    hold(workspace, options.holder, id, walked)
  }
  const summary = summarise(walked, requests, mirror.now() - started, workspace)
  mirror.catalog.runs.end(id, mirror.now(), summary.code, forHistory(summary))
  return summary
}

function hold({ mirror }: Workspace, holder: string, id: number, walked: readonly Walked[]): void {
  for (const { repo, held } of walked) {
    const paths = [...held]
    for (let at = 0; at < paths.length; at += 1000) {
      mirror.catalog.holds.put(
        holder,
        id,
        paths.slice(at, at + 1000).map((path) => ({ repo, path })),
      )
    }
  }
  if (walked.every(({ faults }) => faults.length === 0)) mirror.catalog.holds.settle(holder, id)
}

function summarise(
  walked: readonly Walked[],
  requests: ReadonlyMap<string, number>,
  milliseconds: number,
  workspace: Workspace,
): Summary {
  const repositories: Record<string, RepoSummary> = {}
  const faults = walked.flatMap((one) => one.faults)
  for (const { repo, items, flipped, plannedBytes } of walked) {
    const proofs: Record<string, number> = {}
    const hosts = new Set<string>()
    let [bytes, fetched, fetchedBytes, planned] = [0, 0, 0, 0]
    for (const item of items) {
      bytes += item.bytes
      if (item.proof !== undefined) proofs[item.proof] = (proofs[item.proof] ?? 0) + 1
      if (item.outcome === 'missing') planned += 1
      if (item.outcome !== 'fetched') continue
      fetched += 1
      fetchedBytes += item.bytes
      if (item.url !== undefined && URL.canParse(item.url)) hosts.add(new URL(item.url).host)
    }
    repositories[repo] = {
      items: items.length,
      bytes,
      fetched,
      fetchedBytes,
      planned,
      plannedBytes,
      requests: requests.get(repo) ?? 0,
      proofs,
      hosts: [...hosts].sort(),
      flipped,
    }
  }
  const changed = Object.values(repositories).some((one) => one.fetched > 0 || one.flipped.length > 0)
  return {
    code: exitCode(faults.map((fault) => fault.error)),
    milliseconds,
    changed,
    repositories,
    faults,
    cleaned: workspace.cleaned,
  }
}

const forHistory = ({ faults, ...rest }: Summary) => ({
  ...rest,
  faults: faults.slice(0, 100).map(({ error, ...fault }) => ({ ...fault, code: error.code, message: error.message })),
})
