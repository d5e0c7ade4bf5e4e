// What a state sees of the tables `ref` and `past`, as queries: a snapshot by its number, the newest state by 0. The numbers are
// the catalog's own, never a client's. Tables are named with their schema: a connection may have views before them.

import { columns } from './refs.ts'

const within = (id: number): string =>
  `(+generation = 0 OR +generation IN (SELECT generation FROM main.snapshot_generation WHERE snapshot = ${id}))`

/** What a snapshot sees of `ref` and `past`: a query of its own for each, so that their indexes are used. */
export const seenBy = (id: number, wanted = columns): string =>
  `SELECT ${wanted} FROM main.ref WHERE sha256 IS NOT NULL AND since < ${id} AND ${within(id)}
    UNION ALL SELECT ${wanted} FROM main.past WHERE since < ${id} AND until >= ${id} AND ${within(id)}`

/** The same of the newest state, which 0 stands for. */
const seenNow = `SELECT ${columns}, since FROM main.ref WHERE sha256 IS NOT NULL
  AND (+generation = 0 OR +generation IN (SELECT id FROM main.generation WHERE state = 'current'))`

/** The rows of a state, as a query; with another state only those that are not rows of it too. */
export function sideOf(id: number, other?: number): string {
  const wanted = `${columns}, since`
  if (other === undefined) return id === 0 ? seenNow : seenBy(id, wanted)
  const low = Math.min(...[id, other].filter((one) => one !== 0))
  // generations that both states have: their refs are compared by number, as those of none are
  const shared = [id, other].map((one) =>
    one === 0
      ? `generation IN (SELECT id FROM main.generation WHERE state = 'current')`
      : `generation IN (SELECT generation FROM main.snapshot_generation WHERE snapshot = ${one})`,
  )
  const both = `(generation = 0 OR (${shared.join(' AND ')}))`
  if (id === other) return `SELECT ${wanted} FROM main.ref WHERE 0`
  if (id === 0) return `${seenNow} AND NOT (since < ${low} AND ${both})`
  const also = other === 0 ? '' : ` AND NOT (since < ${low} AND until >= ${Math.max(id, other)} AND ${both})`
  return `SELECT ${wanted} FROM main.ref WHERE sha256 IS NOT NULL AND since < ${id} AND ${within(id)} AND NOT (since < ${low} AND ${both})
    UNION ALL SELECT ${wanted} FROM main.past WHERE since < ${id} AND until >= ${id} AND ${within(id)}${also}`
}
