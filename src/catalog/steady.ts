// Walks that found nothing to do: what each had looked at, so that the next one need not plan again when all of that is as it
// was. Triggers of the schema forget a row as soon as anything that it rests on is taken away or changed.

import type { HeldSum } from './catalog.ts'
import type { Connection } from './open.ts'

export interface Steady {
  readonly holder: string
  readonly repo: string
  /** The run that made the plan, by whose number its paths are held. */
  readonly run: number
  /** Of everything that the plan came from and that is not in the catalog. */
  readonly fingerprint: string
  /** Milliseconds since 1970: when it was made, and the first moment at which policy may show something else. */
  readonly made: number
  readonly until: number
  /** Facts that its own documents do not state count for it too. */
  readonly wide: boolean
  readonly documents: readonly SteadyDocument[]
  /** What the run said of it. */
  readonly items: number
  readonly bytes: number
  readonly proofs: Readonly<Record<string, number>>
  readonly sum: HeldSum | undefined
}

/** A document that was looked at; without a digest it is not there. */
export interface SteadyDocument {
  readonly path: string
  readonly sha256?: string
  /** What it says was in the catalog. */
  readonly read?: true
}

export interface SteadyWalks {
  get(repo: string, holder: string): Steady | undefined
  put(steady: Steady): void
  drop(repo: string, holder: string): void
}

export function steadyWalks(connection: Connection): SteadyWalks {
  type Row = Pick<Steady, 'run' | 'fingerprint' | 'made' | 'until'> & { readonly wide: number; readonly found: string }
  const get = connection.prepare<[string, string], Row>(
    'SELECT run, fingerprint, made, until, wide, found FROM steady WHERE repo = ? AND holder = ?',
  )
  const put = connection.prepare(
    `INSERT OR REPLACE INTO steady (repo, holder, run, fingerprint, made, until, wide, found)
     VALUES (@repo, @holder, @run, @fingerprint, @made, @until, @wide, @found)`,
  )
  const drop = connection.prepare('DELETE FROM steady WHERE repo = ? AND holder = ?')
  return {
    get(repo, holder) {
      const row = get.get(repo, holder)
      if (row === undefined) return undefined
      const { wide, found, ...rest } = row
      const more = JSON.parse(found) as Omit<Steady, keyof Row | 'repo' | 'holder'>
      return { repo, holder, ...rest, wide: wide === 1, ...more }
    },
    put: ({ repo, holder, run, fingerprint, made, until, wide, ...found }) =>
      void put.run({
        ...{ repo, holder, run, fingerprint, made },
        until: Math.min(until, Number.MAX_SAFE_INTEGER),
        wide: wide ? 1 : 0,
        found: JSON.stringify(found),
      }),
    drop: (repo, holder) => void drop.run(repo, holder),
  }
}
