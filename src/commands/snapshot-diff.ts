// `pkgmirror snapshot diff A [B]`: what changed, by package.

import type { Snapshot } from '../catalog/snapshots.ts'
import { changedFiles, changedPackages, type Side } from '../engine/changes.ts'
import type { Mirror } from '../engine/mirror.ts'
import { openSnapshot } from '../engine/snapshot.ts'
import { type Context, printJson } from './context.ts'
import { print } from './print.ts'
import { createCounts, fileLine, packageLines, totalLines } from './snapshot-diff-text.ts'

/** Files without a package that people are told of one by one. */
const MOST_FILES = 50

/** `after` is the newest state when left out. */
export async function snapshotDiff(
  context: Context,
  mirror: Mirror,
  before: Snapshot,
  after: Snapshot | undefined,
): Promise<void> {
  const closing: (() => Promise<void>)[] = []
  const side = (of: Snapshot): Side => {
    const opened = openSnapshot(mirror, of)
    closing.push(opened.close)
    return { id: of.id, mirror: opened.mirror }
  }
  const counts = createCounts()
  try {
    const [one, two] = [side(before), after === undefined ? { id: 0, mirror } : side(after)]
    for await (const change of changedPackages(mirror, one, two, context.signal)) {
      counts.addPackage(change)
      if (context.json) printJson('package-change', { ...change })
      else print(context, packageLines(change))
    }
    let told = 0
    for await (const { document, ...change } of changedFiles(mirror, one.id, two.id, context.signal)) {
      counts.addFile(change, document)
      if (document) continue
      told += 1
      if (context.json) printJson('file-change', { ...change })
      else if (told <= MOST_FILES) print(context, [fileLine(change)])
    }
    if (context.json)
      printJson('snapshot-diff', { before: before.name, after: after?.name, repositories: counts.repositories() })
    else
      print(context, [
        ...(told > MOST_FILES ? [`… and ${told - MOST_FILES} more files; --json lists all.`] : []),
        ...totalLines(counts.repositories()),
      ])
  } finally {
    for (const close of closing) await close()
  }
}
