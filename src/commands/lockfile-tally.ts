// What a lockfile says, counted: lines by ecosystem and by source.

import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { Locked, LockFormat } from '../contract.ts'
import { lockFormats, recognise } from '../lockfiles/index.ts'
import { countText } from '../telemetry/words.ts'

export interface Tally {
  readonly format: string
  readonly lines: number
  /** Of those from a registry, how many carry a digest of the file. */
  readonly digests: number
  readonly ecosystems: Readonly<Record<string, Readonly<Partial<Record<Locked['source'], number>>>>>
}

/** What formats are recognised by. */
const HEAD = 4096

/** The format that is named, else the one that the file's name or beginning tells; undefined when it is no lockfile. */
export async function lockFormatOf(file: string, as?: string): Promise<LockFormat | undefined> {
  if (as !== undefined) return lockFormats.find(({ id }) => id === as)
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
  return recognise(path.basename(file), buffer.subarray(0, bytesRead))
}

/** Reads the whole file; throws LOCKFILE with its line where it is malformed. */
export async function tallyOf(file: string, format: LockFormat): Promise<Tally> {
  const ecosystems: Record<string, Partial<Record<Locked['source'], number>>> = Object.create(null)
  let lines = 0
  let digests = 0
  const near = (name: string) => createReadStream(path.resolve(path.dirname(file), name))
  for await (const locked of format.read({ name: file, bytes: () => createReadStream(file), near })) {
    lines += 1
    if (locked.digests.some(({ of }) => of === 'file')) digests += 1
    const sources = ecosystems[locked.ecosystem] ?? {}
    sources[locked.source] = (sources[locked.source] ?? 0) + 1
    ecosystems[locked.ecosystem] = sources
  }
  return { format: format.id, lines, digests, ecosystems }
}

/** `package-lock: npm 812 registry, 2 git; 812 with digests`. */
export function tallyText({ format, digests, ecosystems }: Tally): string {
  const parts = Object.entries(ecosystems).map(([ecosystem, sources]) => {
    const counts = Object.entries(sources).map(([source, count]) => `${count} ${source}`)
    return `${ecosystem} ${counts.join(', ')}`
  })
  return `${format}: ${parts.length === 0 ? 'no packages' : parts.join('; ')}; ${countText(digests, 'line')} with a digest`
}
