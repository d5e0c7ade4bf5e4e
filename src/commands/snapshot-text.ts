// Snapshots in words and as JSON.

import type { Snapshot, SnapshotGeneration } from '../catalog/snapshots.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { columns, jsonTime, pastText } from './print.ts'

export const snapshotFields = ({ name, made, tags, note, automatic, id }: Snapshot, shown: number | undefined) => ({
  name,
  made: jsonTime(made),
  tags,
  note,
  automatic,
  shown: id === shown,
})

/** Newest first, as people look for them. */
export function listLines(all: readonly Snapshot[], shown: number | undefined, now: number): readonly string[] {
  if (all.length === 0)
    return [
      'There is no snapshot yet: a sync that changes something makes one, and so does `pkgmirror snapshot create`.',
    ]
  return columns(
    all
      .toReversed()
      .map(({ id, name, made, tags, note, automatic }) => [
        name,
        pastText(made, now),
        automatic ? 'by a sync' : 'by hand',
        [
          ...(id === shown ? ['shown now'] : []),
          ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
          ...(note === '' ? [] : [note]),
        ].join('; '),
      ]),
  )
}

export function showLines(
  { id, name, made, tags, note, automatic }: Snapshot,
  shown: number | undefined,
  totals: readonly { readonly repo: string; readonly files: number; readonly bytes: number }[],
  generations: readonly SnapshotGeneration[],
  now: number,
): readonly string[] {
  return [
    `${name}, made ${pastText(made, now)} ${automatic ? 'by a sync' : 'by hand'}${id === shown ? ', shown now' : ''}`,
    ...(note === '' ? [] : [note]),
    ...(tags.length === 0 ? [] : [`Tags: ${tags.join(', ')}`]),
    ...columns(
      totals.map(({ repo, files, bytes }) => [repo, countText(files, 'file'), bytesText(bytes)]),
      2,
    ),
    ...(generations.length === 0
      ? []
      : [`${countText(generations.length, 'suite or other set')} that changes as one.`]),
    `Served at /at/${name}/ and written by \`pkgmirror export DIR --snapshot ${name}\`.`,
  ]
}
