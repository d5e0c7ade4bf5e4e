// A list of our own, for `sha256sum -c` in an exported tree and for whoever fetches through the mirror: what is held, by the digests
// that it was kept under. Lists of upstream's stay beside it as they are, and so do their signatures.

import type { Bytes, Entry, Show } from '../../contract.ts'

/** No name that upstream's lists have. */
export const sumsPath = '/SHA256SUMS.mirror'

/** In the form of coreutils, sorted by name; paths hold nothing that would have to be escaped. */
export async function viewSums(show: Show): Promise<Bytes | undefined> {
  const held = show.holdings()[Symbol.asyncIterator]()
  const first = await held.next()
  return first.done === true ? undefined : linesOf(first.value, held)
}

async function* linesOf(first: Entry, rest: AsyncIterator<Entry>): AsyncGenerator<Uint8Array> {
  let lines = [lineOf(first)]
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    lines.push(lineOf(next.value))
    if (lines.length < 500) continue
    yield Buffer.from(lines.join(''))
    lines = []
  }
  yield Buffer.from(lines.join(''))
}

const lineOf = ({ path, digests }: Entry): string => `${digests?.sha256 ?? ''}  ${path.slice(1)}\n`
