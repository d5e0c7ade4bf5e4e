// `pkgmirror prove LOCKFILE…`: replays lockfiles against the mirror, offline: is every file there, allowed, and what is locked?

import { errorFields } from '../telemetry/lines.ts'
import { type Context, printJson, say } from './context.ts'
import { lockInputOf } from './lockfile-input.ts'
import { createProver, type Proof, proofCode } from './proof.ts'
import { closingLine, gapLines, sumLine, sumsOf } from './prove-text.ts'
import { mustBeLockfile } from './wanted.ts'
import { openWorkspace } from './workspace.ts'

export interface ProveOptions {
  /** Lockfiles, absolute. */
  readonly files: readonly string[]
  /** The format of all of them, for names that do not tell. */
  readonly as: string | undefined
  /** Every line, not only those with gaps. */
  readonly list: boolean
}

/** Lines with gaps that are told of one by one. */
const MOST_TOLD = 200

/** Returns the exit code: 0 all is there, 3 gaps, 4 wrong bytes, 5 denied. Throws LOCKFILE, and CONFIG where there is no data directory. */
export async function prove(context: Context, { files, as, list }: ProveOptions): Promise<number> {
  // before anything is opened: a file that is no lockfile is told of first
  const formats = await Promise.all(files.map(async (file) => ({ file, format: await mustBeLockfile(file, as) })))
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true })
  const started = performance.now()
  try {
    const proveLine = createProver(workspace.mirror)
    const lockfiles: { readonly file: string; readonly format: string; readonly proofs: readonly Proof[] }[] = []
    for (const { file, format } of formats) {
      const proofs: Proof[] = []
      for await (const locked of format.read(lockInputOf(file))) {
        context.signal.throwIfAborted()
        proofs.push(await proveLine(locked, file, format.direct === true))
      }
      lockfiles.push({ file, format: format.id, proofs })
    }
    const milliseconds = Math.round(performance.now() - started)
    const all = lockfiles.flatMap(({ proofs }) => proofs)
    const code = proofCode(all)
    if (context.json) {
      printJson('proof', {
        code,
        milliseconds,
        ...sumsOf(all),
        lockfiles: lockfiles.map(({ file, format, proofs }) => ({ file, format, ...sumsOf(proofs) })),
        entries: all.filter(({ state }) => list || state === 'gap' || state === 'skipped').map(entryFields),
      })
      return code
    }
    const gaps = all.flatMap(gapLines)
    for (const line of gaps.slice(0, MOST_TOLD)) process.stderr.write(`${line}\n`)
    if (gaps.length > MOST_TOLD) say(context, `… and ${gaps.length - MOST_TOLD} more gaps; --json lists all.`)
    for (const { file, proofs } of lockfiles) say(context, sumLine(file, sumsOf(proofs)))
    say(context, closingLine(code, milliseconds))
    return code
  } finally {
    await workspace.close()
  }
}

const entryFields = ({ gaps, ...rest }: Proof) => ({
  ...rest,
  ...(gaps.length === 0 ? {} : { gaps: gaps.map(({ path, error }) => ({ path, error: errorFields(error) })) }),
})
