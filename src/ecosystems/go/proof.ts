// Which tiles a client reads to prove a record under the head that it is shown.

import type { Doc } from '../../contract.ts'
import { edgeTiles, type Head, tileAt, tilePath } from '../../trust/tile-log.ts'
import type { Log } from './options.ts'
import { headIn, openHead, splitLookup } from './record.ts'

function pathsUnder(head: Head, id: number, log: Log): readonly string[] {
  const tiles = [...edgeTiles(head)]
  for (let level = 0, index = Math.floor(id / 256); ; level += 1, index = Math.floor(index / 256)) {
    const tile = tileAt(head, level, index)
    if (tile === undefined) break
    tiles.push(tile)
  }
  return [...new Set(tiles.map((tile) => `/sumdb/${log.name}/tile/${tilePath(tile)}`))]
}

/** Paths of the tiles under the newest head, and under the lookup's own one where that is newer. */
export async function provingTiles(lookup: Doc, latest: Doc | undefined, log: Log): Promise<readonly string[]> {
  const { id, note } = await splitLookup(lookup)
  const own = openHead(note, log, lookup.path)
  const head = latest === undefined ? undefined : await headIn(latest, log)
  if (head !== undefined && own.size <= head.size) return pathsUnder(head, id, log)
  return [...pathsUnder(own, id, log), ...(head === undefined ? [] : pathsUnder(head, 0, log))]
}
