// Small tools over streams of bytes: all of them at once (within a limit), line by line, or a stream made from one piece.

import { MirrorError } from '../errors.ts'

/**
 * All bytes of a stream in one array.
 * @throws MirrorError TOO_LARGE when more than `limit` bytes come.
 */
export async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of stream) {
    size += piece.length
    if (size > limit) throw new MirrorError('TOO_LARGE', `more than ${limit} bytes came`, { limit })
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

/**
 * Lines ended by LF, without it; a last line may lack it. Invalid UTF-8 is replaced, a carriage return is kept.
 * @throws MirrorError TOO_LARGE when a line is longer than `limit` bytes.
 */
export async function* lines(
  stream: AsyncIterable<Uint8Array>,
  { limit }: { readonly limit: number },
): AsyncGenerator<string> {
  let begun: Uint8Array[] = []
  let length = 0
  const lengthen = (bytes: number): void => {
    length += bytes
    if (length > limit) throw new MirrorError('TOO_LARGE', `a line is longer than ${limit} bytes`, { limit })
  }
  for await (const piece of stream) {
    const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    let from = 0
    for (let end = buffer.indexOf(10); end !== -1; end = buffer.indexOf(10, from)) {
      lengthen(end - from)
      if (begun.length === 0) yield buffer.toString('utf8', from, end)
      else yield Buffer.concat([...begun, buffer.subarray(from, end)]).toString('utf8')
      begun = []
      length = 0
      from = end + 1
    }
    if (from === buffer.length) continue
    lengthen(buffer.length - from)
    begun.push(buffer.subarray(from))
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8')
}

/** A stream of one piece. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
