// The corpus of lockfiles: test/fixtures/lockfiles/FORMAT/CASE/FILE as its tool wrote it, and in `holds.txt` beside it what
// it locks, one a line: `LINE NAME@VERSION SOURCE ALGORITHMS…`, with the ecosystem before the name where it is not the
// first one's.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Locked, LockInput } from '../../src/contract.ts'

export const corpus = path.join(import.meta.dirname, '../fixtures/lockfiles')

export interface CorpusCase {
  /** `FORMAT/CASE/FILE`. */
  readonly file: string
  readonly format: string
  /** What it holds, a line each. */
  readonly holds: string
  readonly content: Buffer
}

/** Files beside a lockfile that are no lockfile themselves. */
const beside = /(?:^|\/)(?:holds\.txt|included-.*)$/

export const corpusCases = (): readonly CorpusCase[] =>
  readdirSync(corpus, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(corpus, path.join(entry.parentPath, entry.name)))
    .filter((file) => !beside.test(file))
    .sort()
    .map((file) => {
      const [format = '', name = ''] = file.split('/')
      const holds = path.join(corpus, format, name, 'holds.txt')
      return {
        file,
        format,
        holds: existsSync(holds) ? readFileSync(holds, 'utf8') : '',
        content: readFileSync(path.join(corpus, file)),
      }
    })

/** Input of a corpus file, with what lies beside it. */
export function corpusInput({ file, content }: CorpusCase): LockInput {
  const folder = path.dirname(path.join(corpus, file))
  return {
    name: file,
    async *bytes() {
      for (let at = 0; at < content.length; at += 1000) yield content.subarray(at, at + 1000)
    },
    near(name) {
      const found = path.join(folder, name)
      return existsSync(found) && found.startsWith(folder) ? one(readFileSync(found)) : undefined
    },
  }
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** The form of `holds.txt`. */
export function holdsText(all: readonly Locked[]): string {
  const [first] = all
  return all
    .map(({ ecosystem, line, name, version, range, source, digests, markers, file }) => {
      const kinds = new Map<string, number>()
      for (const { of, digests: some } of digests) {
        for (const algorithm of Object.keys(some)) {
          const kind = of === 'file' ? algorithm : `${of}:${algorithm}`
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        }
      }
      const where = file === undefined ? `${line ?? '-'}` : `${path.basename(file)}:${line ?? '-'}`
      const what = `${ecosystem === first?.ecosystem ? '' : `${ecosystem}:`}${name}@${version ?? range ?? '-'}`
      const stated = [...kinds].map(([kind, count]) => (count === 1 ? kind : `${kind}×${count}`))
      return `${[where, what, source, ...stated, ...(markers === undefined ? [] : [`(${markers})`])].join(' ')}\n`
    })
    .join('')
}
