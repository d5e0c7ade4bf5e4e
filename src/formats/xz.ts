// xz (https://tukaani.org/xz/xz-file-format.txt), by the WebAssembly decoder inside `xz-decompress`, with an instance for
// each stream. Its public class is passed by: that one allows a single decompression at a time in the process, so that one
// slow reader stops all others, and whoever reads two files in step waits for ever.
// What the decoder reads: LZMA2 with a dictionary of at most 64 MiB; no check, CRC32 or CRC64; several streams in a row.

import { setImmediate } from 'node:timers/promises'
import { MirrorError } from '../errors.ts'

interface Decoder {
  readonly memory: { readonly buffer: ArrayBuffer }
  create_context(): number
  /** No bytes mean that there are no more to come. */
  supply_input(context: number, length: number): void
  get_next_output(context: number): number
}

/** What `xz-decompress` 0.2 makes its streams from. */
interface Source {
  _getModuleInstance(): Promise<void>
  readonly _moduleInstance: { readonly exports: Decoder }
}

const going = 0
const streamEnd = 1
const reasons: Readonly<Record<number, string>> = {
  2: 'its kind of check is not supported',
  3: 'there is not enough memory for it',
  4: 'its dictionary is larger than 64 MiB',
  5: 'it is not of this format',
  6: 'it uses a filter or a check that is not supported',
  7: 'it is damaged',
  8: 'it is damaged or ends too early',
}

async function newDecoder(): Promise<Decoder> {
  const { default: xz } = await import('xz-decompress')
  const source = xz.XzReadableStream as unknown as Source
  await source._getModuleInstance()
  return source._moduleInstance.exports
}

/** @throws MirrorError UNREADABLE */
export async function* inflateXz(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = await newDecoder()
  const context = decoder.create_context()
  /** Six words: buffer size; input pointer, position, size; output pointer, size. Growing memory moves them. */
  const words = (): Uint32Array => new Uint32Array(decoder.memory.buffer, context, 6)
  const [bufferSize = 0, input = 0, , , output = 0] = words()

  function step(): { readonly state: number; readonly piece: Uint8Array; readonly hungry: boolean } {
    const state = decoder.get_next_output(context)
    if (state !== going && state !== streamEnd) {
      throw new MirrorError('UNREADABLE', `the xz stream is malformed: ${reasons[state] ?? `error ${state}`}`)
    }
    const now = words()
    const [, , position, size, , filled = 0] = now
    now[5] = 0
    const piece = new Uint8Array(decoder.memory.buffer, output, filled).slice()
    return { state, piece, hungry: position === size && filled < bufferSize }
  }

  for await (const piece of bytes) {
    for (let from = 0; from < piece.length; from += bufferSize) {
      const part = piece.subarray(from, from + bufferSize)
      new Uint8Array(decoder.memory.buffer, input, bufferSize).set(part)
      decoder.supply_input(context, part.length)
      for (let hungry = false; !hungry; ) {
        const made = step()
        hungry = made.hungry
        if (made.piece.length > 0) yield made.piece
        await setImmediate()
      }
    }
  }
  decoder.supply_input(context, 0)
  for (let state = going; state !== streamEnd; ) {
    const made = step()
    state = made.state
    if (made.piece.length > 0) yield made.piece
  }
}
