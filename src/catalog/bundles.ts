// The chains of bundles: those that were made here, each of which snapshot, and those that were taken here.

import type { Connection } from './open.ts'

export interface MadeBundle {
  readonly series: string
  readonly number: number
  /** Name of the snapshot that it was made of, and its id, which no other one is ever given. */
  readonly snapshot: string
  readonly state: number
  /** Sha256 of its header. */
  readonly header: string
  readonly made: number
  /** It was written whole. Of others nobody knows whether they went out. */
  readonly finished: boolean
}

export interface TakenBundle {
  readonly series: string
  readonly number: number
  readonly snapshot: string
  readonly header: string
  /** Number of the key that had signed it. */
  readonly key: string
  readonly taken: number
}

export interface Bundles {
  /** Oldest first; of the newest series when none is named. */
  made(series?: string): readonly MadeBundle[]
  make(bundle: MadeBundle): void
  finish(series: string, number: number): void
  /** The last of each series that was taken here, the newest first. */
  taken(): readonly TakenBundle[]
  take(bundle: TakenBundle): void
}

export function bundles(connection: Connection): Bundles {
  type Row = Omit<MadeBundle, 'finished'> & { readonly finished: number }
  const newest = connection
    .prepare<[], string>('SELECT series FROM bundle_made ORDER BY made DESC, number DESC LIMIT 1')
    .pluck()
  const made = connection.prepare<[string], Row>(
    'SELECT series, number, snapshot, state, header, made, finished FROM bundle_made WHERE series = ? ORDER BY number',
  )
  const make = connection.prepare(
    'INSERT INTO bundle_made (series, number, snapshot, state, header, made, finished) VALUES (@series, @number, @snapshot, @state, @header, @made, @finished)',
  )
  const finish = connection.prepare('UPDATE bundle_made SET finished = 1 WHERE series = ? AND number = ?')
  const taken = connection.prepare<[], TakenBundle>(
    `SELECT series, number, snapshot, header, key, taken FROM bundle_taken t
     WHERE number = (SELECT max(number) FROM bundle_taken o WHERE o.series = t.series) ORDER BY taken DESC, series`,
  )
  const take = connection.prepare(
    'INSERT INTO bundle_taken (series, number, snapshot, header, key, taken) VALUES (@series, @number, @snapshot, @header, @key, @taken)',
  )
  return {
    made(series = newest.get()) {
      return series === undefined ? [] : made.all(series).map((row) => ({ ...row, finished: row.finished === 1 }))
    },
    make: (bundle) => void make.run({ ...bundle, finished: bundle.finished ? 1 : 0 }),
    finish: (series, number) => void finish.run(series, number),
    taken: () => taken.all(),
    take: (bundle) => void take.run(bundle),
  }
}
