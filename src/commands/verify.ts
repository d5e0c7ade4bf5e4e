// `pkgmirror verify`: proves again what is held, and mends what is damaged when asked to.

import { createReadStream, existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { HeldRef } from '../catalog/rows.ts'
import { type Verified, verify as verifyHeld } from '../engine/verify.ts'
import { MirrorError } from '../errors.ts'
import { errorFields, showFailures } from '../telemetry/lines.ts'
import { showProgress } from '../telemetry/progress.ts'
import { type Context, printJson, say } from './context.ts'
import { blobOf, mustBeDirectory, namesOf } from './elsewhere.ts'
import { print } from './print.ts'
import { rebuild } from './rebuild.ts'
import { shareOf } from './share.ts'
import { proofLine, type Verification, verificationLines } from './verify-text.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

export interface VerifyFlags {
  /** As it was given: `5%`. */
  readonly sample: string | undefined
  readonly repo: string | undefined
  readonly repair: boolean
  /** Every path with its proof. */
  readonly list: boolean
  /** Find again first what a lost catalog knew. */
  readonly rebuild: boolean
  /** Directories in which bytes and places are looked for: absolute. */
  readonly from: readonly string[]
  /** A rebuild places documents without a signature by what they say of themselves. */
  readonly recognise: boolean
}

/** The code of a run in which something was wrong. */
const WRONG = 4

/** Returns the exit code. Throws USAGE for a bad flag, CONFIG where there is no data directory, LOCKED when a repair meets a run. */
export async function verify(context: Context, flags: VerifyFlags): Promise<number> {
  const { settings } = context
  const sample = flags.sample === undefined ? 1 : shareOf(flags.sample)
  mustFit(flags)
  for (const directory of flags.from) mustBeDirectory(directory)
  if (flags.repair && settings.offline && flags.from.length === 0) {
    throw new MirrorError('USAGE', '--repair fetches from upstream, which --offline forbids', {
      hint: 'Leave out one of the two.',
    })
  }
  const workspace = flags.rebuild
    ? await rebuild(context, { ...flags, threads: availableParallelism() })
    : await openWorkspace(settings, { mustExist: true, ...(flags.repair ? { lock: true } : { offline: true }) })
  const hide = await show(context, workspace)
  const started = performance.now()
  const sum: Verification = { items: 0, bytes: 0, wrong: 0, repaired: 0, unnamed: 0, repositories: {} }
  try {
    mustExist(workspace, flags.repo)
    await verifyHeld(workspace.mirror, {
      sample,
      ...(flags.repo === undefined ? {} : { repo: flags.repo }),
      repair: flags.repair,
      ...(flags.repair && flags.from.length > 0 ? { elsewhere: elsewhereOf(workspace, flags.from) } : {}),
      signal: context.signal,
      threads: availableParallelism(),
      random: Math.random,
      item(item) {
        add(sum, item)
        tell(context, item, flags.list)
      },
    })
    hide()
    const milliseconds = Math.round(performance.now() - started)
    const code = sum.wrong > 0 ? WRONG : 0
    if (context.json) printJson('summary', { code, milliseconds, sample, ...sum })
    for (const line of verificationLines(sum, milliseconds, sample)) say(context, line)
    return code
  } finally {
    hide()
    await workspace.close()
  }
}

/** The files that may have the bytes of a damaged path, where they are there. */
const elsewhereOf =
  ({ mirror }: Workspace, from: readonly string[]) =>
  ({ repo, path, sha256 }: HeldRef) =>
    from
      .flatMap((directory) => [blobOf(directory, sha256), ...namesOf(mirror, directory, repo, path)])
      .filter((file) => existsSync(file))
      .map((file) => () => createReadStream(file))

function mustFit({ rebuild: rebuilds, repair, from, recognise }: VerifyFlags): void {
  if (rebuilds && repair) throw new MirrorError('USAGE', '--rebuild and --repair are two steps: rebuild first')
  if (from.length > 0 && !rebuilds && !repair) throw new MirrorError('USAGE', '--from needs --repair or --rebuild')
  if (recognise && !rebuilds) throw new MirrorError('USAGE', '--recognise needs --rebuild')
}

function show({ json }: Context, { events }: Workspace): () => void {
  if (json) return () => undefined
  return process.stderr.isTTY ? showProgress(events, process.stderr, Date.now) : showFailures(events, process.stderr)
}

function mustExist({ mirror, settings }: Workspace, repo: string | undefined): void {
  if (repo === undefined || mirror.repos.has(repo)) return
  const known = mirror.catalog.refs.totals().map((one) => one.repo)
  if (known.includes(repo)) return
  throw new MirrorError('USAGE', `there is no repository ${repo} at ${settings.data}`, {
    hint: `Held are: ${known.join(', ') || 'none'}.`,
  })
}

function add(sum: Verification, { repo, bytes, proof, unnamed, error, repaired }: Verified): void {
  const of = sum.repositories[repo] ?? { items: 0, bytes: 0, wrong: 0, proofs: {} }
  sum.repositories[repo] = of
  for (const one of [sum, of]) {
    one.items += 1
    one.bytes += bytes
  }
  if (repaired === true) sum.repaired += 1
  else if (error !== undefined) {
    sum.wrong += 1
    of.wrong += 1
  } else {
    of.proofs[proof] = (of.proofs[proof] ?? 0) + 1
    if (unnamed) sum.unnamed += 1
  }
}

/** What is wrong is told always, the rest only when it was asked for. Failures on a terminal are told by the progress. */
function tell(context: Context, item: Verified, list: boolean): void {
  const { error, ...rest } = item
  if (context.json && (error !== undefined || list))
    printJson('item', { ...rest, ...(error === undefined ? {} : { error: errorFields(error) }) })
  if (list && error === undefined) print(context, [proofLine(item)])
}
