// The index of pdiffs, patches from earlier states of an index. They are passed on as upstream has them.
// https://wiki.debian.org/DebianRepository/Format#indices_diffs

import type { Doc, Entry } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseStanza } from '../../formats/deb822.ts'
import { safePath } from '../../formats/safe-path.ts'

/** The compressed patches that a `….diff/Index` names, in its own folder. */
export async function* readPatches(doc: Doc): AsyncGenerator<Entry> {
  const fields = parseStanza(Buffer.from(await doc.bytes()).toString('utf8'))
  const folder = doc.path.slice(0, doc.path.lastIndexOf('/') + 1)
  for (const line of fields.get('sha256-download')?.split('\n') ?? []) {
    if (line.trim() === '') continue
    const [sha256 = '', size = '', name = ''] = line.trim().split(/\s+/)
    if (!/^[0-9a-fA-F]{64}$/.test(sha256) || !/^\d{1,15}$/.test(size) || name.includes('/')) {
      throw new MirrorError('UNREADABLE', `${doc.path}: a line of SHA256-Download is not "digest size name"`)
    }
    yield { path: safePath(`${folder}${name}`), digests: { sha256: sha256.toLowerCase() }, size: Number(size) }
  }
}
