// Generations of chained repos: which set of refs is current, which wait, which were before; and what checks remember.

import type { Connection } from './open.ts'
import type { Generation, GenerationState } from './rows.ts'

interface Row extends Omit<Generation, 'flipped'> {
  readonly flipped: number | null
}
const decode = (row: Row): Generation => ({ ...row, flipped: row.flipped ?? undefined })

export interface Generations {
  make(repo: string, key: string, time: number): number
  /** Newest first. */
  of(repo: string, key: string): readonly Generation[]
  current(repo: string, key: string): Generation | undefined
  byId(id: number): Generation | undefined
  all(): readonly Generation[]
  mark(id: number, state: GenerationState): void
  /** In one transaction: `id` becomes current, what was current becomes previous, and what is older than it and waited is dropped. */
  flip(id: number, time: number): void
  /** Removes a generation with its refs. */
  drop(id: number): void
  recall(repo: string, key: string): string | undefined
  remember(repo: string, key: string, value: string): void
}

type Writes = Pick<Generations, 'make' | 'mark' | 'flip' | 'drop' | 'remember'>

export const generations = (connection: Connection): Generations => ({
  ...generationReads(connection),
  ...generationWrites(connection),
})

const columns = 'id, repo, key, state, made, flipped'

export function generationReads(connection: Connection): Omit<Generations, keyof Writes> {
  const of = connection.prepare<[string, string], Row>(
    `SELECT ${columns} FROM generation WHERE repo = ? AND key = ? ORDER BY id DESC`,
  )
  const current = connection.prepare<[string, string], Row>(
    `SELECT ${columns} FROM generation WHERE repo = ? AND key = ? AND state = 'current' ORDER BY id DESC LIMIT 1`,
  )
  const byId = connection.prepare<[number], Row>(`SELECT ${columns} FROM generation WHERE id = ?`)
  const all = connection.prepare<[], Row>(`SELECT ${columns} FROM generation ORDER BY repo, key, id`)
  const recall = connection.prepare<[string, string], { value: string }>(
    'SELECT value FROM remembered WHERE repo = ? AND key = ?',
  )
  const decoded = (row: Row | undefined) => (row === undefined ? undefined : decode(row))
  return {
    of: (repo, key) => of.all(repo, key).map(decode),
    current: (repo, key) => decoded(current.get(repo, key)),
    byId: (id) => decoded(byId.get(id)),
    all: () => all.all().map(decode),
    recall: (repo, key) => recall.get(repo, key)?.value,
  }
}

function generationWrites(connection: Connection): Writes {
  const { of, current, byId } = generationReads(connection)
  const make = connection.prepare("INSERT INTO generation (repo, key, state, made) VALUES (?, ?, 'staging', ?)")
  const mark = connection.prepare('UPDATE generation SET state = ? WHERE id = ?')
  const retire = connection.prepare(
    "UPDATE generation SET state = 'previous', flipped = ? WHERE repo = ? AND key = ? AND state = 'current'",
  )
  const enthrone = connection.prepare("UPDATE generation SET state = 'current', flipped = ? WHERE id = ?")
  const modified = connection.prepare('UPDATE ref SET modified = ? WHERE generation = ? AND modified < ? AND kind = ?')
  const dropRefs = connection.prepare('DELETE FROM ref WHERE generation = ?')
  const drop = connection.prepare('DELETE FROM generation WHERE id = ?')
  const remember = connection.prepare(
    'INSERT INTO remembered (repo, key, value) VALUES (?, ?, ?) ON CONFLICT (repo, key) DO UPDATE SET value = excluded.value',
  )
  const dropOne = connection.transaction((id: number) => {
    dropRefs.run(id)
    drop.run(id)
  })
  return {
    make: (repo, key, time) => Number(make.run(repo, key, time).lastInsertRowid),
    mark: (id, state) => void mark.run(state, id),
    flip: connection.transaction((id: number, time: number) => {
      const made = byId(id)
      if (made === undefined) return
      const before = current(made.repo, made.key)
      for (const other of of(made.repo, made.key)) {
        if (other.state === 'waiting' && other.id < id) dropOne(other.id)
      }
      retire.run(time, made.repo, made.key)
      enthrone.run(time, id)
      // a roll-back to an older generation must not show older dates than clients have seen
      if (before !== undefined && before.id > id) modified.run(time, id, time, 'index')
    }),
    drop: dropOne,
    remember: (repo, key, value) => void remember.run(repo, key, value),
  }
}
