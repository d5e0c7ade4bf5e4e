// An export of a test's mirror into a directory.

import { type Exported, type ExportOptions, exportTree } from '../../src/engine/export.ts'
import type { Mirror } from '../../src/engine/mirror.ts'
import { directorySink } from '../../src/sinks/directory.ts'

export const exportOptions: ExportOptions = {
  baseUrl: 'http://site.test',
  letterCase: 'folded',
  dryRun: false,
  force: false,
  grace: 0,
  now: 0,
  signal: new AbortController().signal,
  changed: () => {},
}

export const exportTo = (
  root: string,
  { mirror }: { readonly mirror: Mirror },
  more: Partial<ExportOptions> = {},
): Promise<Exported> => exportTree(mirror, directorySink(root, mirror.store), { ...exportOptions, ...more })
