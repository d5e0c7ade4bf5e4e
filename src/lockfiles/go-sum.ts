// go.sum and go.work.sum: the digest of a module's tree, and of its go.mod, a line each. Of a module whose go.mod alone is
// listed only the requirements are looked at. https://go.dev/ref/mod#go-sum-files

import type { LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const goSum: LockFormat = {
  id: 'go-sum',
  names: ['go.sum', 'go.work.sum'],
  sniff: (head) => /^\S+ v\d\S* h1:[A-Za-z0-9+/]{43}=\s*$/m.test(headText(head)),
  async *read(input) {
    for (const [text, line] of linesOf(await readText(input))) {
      if (text.trim() === '') continue
      const at = { file: input.name, line }
      const [, name = '', version = '', mod, hash = ''] =
        /^(\S+) (v\S+?)(\/go\.mod)? (h\d+:[A-Za-z0-9+/]{43}=)$/.exec(text.trim()) ?? []
      if (name === '') throw fault(at, 'is no module, version and hash')
      yield locked(at, {
        ecosystem: 'go',
        name,
        version,
        digests: [
          {
            // of a go.mod it is not of the module's tree
            of: mod === undefined ? 'tree' : 'content',
            digests: { [hash.slice(0, hash.indexOf(':'))]: hash },
            filename: `${version}.${mod === undefined ? 'zip' : 'mod'}`,
          },
        ],
        options: { files: mod === undefined ? ['zip', 'info'] : ['mod'] },
      })
    }
  },
}
