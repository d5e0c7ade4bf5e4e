// `pkgmirror prove LOCKFILE…`: replays lockfiles against the mirror, offline: is every file there, allowed, and what is locked?

import { exitCode } from '../errors.ts'
import { errorFields, errorText } from '../telemetry/lines.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { type Context, printJson, say } from './context.ts'
import { readLockfiles } from './locked-file.ts'
import { print } from './print.ts'
import { createProver, type Proof } from './proof.ts'
import { closes, closingLine, gapLines, proofTable, sumsOf, trialLines } from './prove-text.ts'
import { elsewhere, isApart, type Started, tryAll } from './trial.ts'
import { openWorkspace } from './workspace.ts'

export interface ProveOptions {
  /** Lockfiles, absolute. */
  readonly files: readonly string[]
  /** The format of all of them, for names that do not tell. */
  readonly as: string | undefined
  /** Every line, not only those with gaps. */
  readonly list: boolean
  /** Have the real clients install them too. */
  readonly install: Started | undefined
}

/** As for what is not held. */
const NOT_INSTALLED = 3
/** Lines with gaps that are told of one by one. */
const MOST_TOLD = 200

/** Returns the exit code: 0 all is there, 3 gaps, 4 wrong bytes, 5 denied. Throws LOCKFILE, and CONFIG where there is no data directory. */
export async function prove(context: Context, { files, as, list, install }: ProveOptions): Promise<number> {
  if (install !== undefined) {
    const code = await elsewhere(install)
    if (code !== undefined) return code
    if (!isApart(install))
      say(context, 'No network of its own is permitted here: clients are only told of proxies that do not answer.')
  }
  // before anything is opened: a file that is no lockfile is told of first
  const { files: read, faults } = await readLockfiles(files, as)
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true })
  const started = performance.now()
  try {
    const proveLine = createProver(workspace.mirror)
    const lockfiles: { readonly file: string; readonly format: string; readonly proofs: readonly Proof[] }[] = []
    for (const { file, format, lines } of read) {
      const proofs: Proof[] = []
      for (const locked of lines) {
        context.signal.throwIfAborted()
        proofs.push(await proveLine(locked, file, format.direct === true))
      }
      lockfiles.push({ file, format: format.id, proofs })
    }
    const all = lockfiles.flatMap(({ proofs }) => proofs)
    const trials = install === undefined ? [] : await tryAll(context, workspace, read, install)
    const proven = exitCode([...faults, ...all.flatMap(({ gaps }) => gaps.map(({ error }) => error))])
    const code = proven === 0 && trials.some(({ state }) => state === 'failed') ? NOT_INSTALLED : proven
    const milliseconds = Math.round(performance.now() - started)
    if (context.json) {
      printJson('proof', {
        code,
        milliseconds,
        ...sumsOf(all),
        faults: faults.map(errorFields),
        ...(install === undefined ? {} : { trials }),
        lockfiles: lockfiles.map(({ file, format, proofs }) => ({ file, format, ...sumsOf(proofs) })),
        entries: all.filter(({ state }) => list || state === 'gap' || state === 'skipped').map(entryFields),
      })
      return code
    }
    for (const error of faults) process.stderr.write(`failed: ${errorText(error)}\n`)
    const gaps = all.flatMap(gapLines)
    for (const line of gaps.slice(0, MOST_TOLD)) process.stderr.write(`${shownText(line)}\n`)
    if (gaps.length > MOST_TOLD) say(context, `… and ${gaps.length - MOST_TOLD} more gaps; --json lists all.`)
    print(context, proofTable(lockfiles))
    print(context, trials.flatMap(trialLines))
    say(context, closingLine(code, milliseconds))
    return code
  } finally {
    await workspace.close()
  }
}

const entryFields = (proof: Proof) => {
  const { gaps, ...rest } = proof
  const told = gaps.map((gap) => ({ path: gap.path, error: errorFields(gap.error), closes: closes(proof, gap) }))
  return { ...rest, ...(gaps.length === 0 ? {} : { gaps: told }) }
}
