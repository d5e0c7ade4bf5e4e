// The checksums of an exported tree: of every file, and of every list that lies above one.

import type { Entry, Repo } from '../../contract.ts'
import { algorithms } from './layout.ts'

/** Files come in the order of their paths, so that the folders above them are told once. */
export async function* made(_repo: Repo, held: AsyncIterable<Entry>): AsyncGenerator<string> {
  let last: readonly string[] = []
  for await (const { path } of held) {
    const folders = foldersOf(path)
    for (const folder of folders) {
      if (last.includes(folder)) continue
      for (const algorithm of algorithms) yield `${folder}/maven-metadata.xml.${algorithm}`
    }
    last = folders
    for (const algorithm of algorithms) yield `${path}.${algorithm}`
  }
}

/** `/a`, `/a/b`, `/a/b/1.0` for `/a/b/1.0/b-1.0.jar`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}
