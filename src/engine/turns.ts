// Long work in short turns: pages of rows, with a turn of the event loop after each, so that whoever else works in this
// process is not kept waiting.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { MirrorError } from '../errors.ts'

/** Throws STOPPED when the run is to end. */
export async function turn(signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new MirrorError('STOPPED', 'the run was stopped')
  await nextTurn()
}

/** Pages until one is empty; `next` is given the last row of the page before. */
export async function* pages<T>(
  signal: AbortSignal,
  next: (after: T | undefined) => readonly T[],
): AsyncGenerator<readonly T[]> {
  let last: T | undefined
  for (;;) {
    const rows = next(last)
    if (rows.length === 0) return
    yield rows
    last = rows.at(-1)
    await turn(signal)
  }
}
