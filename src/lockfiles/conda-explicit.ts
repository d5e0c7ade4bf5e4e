// Lists of addresses, each with a digest: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html

import type { LockFormat } from '../contract.ts'
import { fromAddress } from './conda.ts'
import { ofFileIf, statedDigest } from './locked.ts'
import { fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const condaExplicit: LockFormat = {
  id: 'conda-explicit',
  names: ['spec-file.txt', 'conda-explicit*.txt', 'conda-*.lock'],
  sniff: (head) => /^@EXPLICIT\s*$/m.test(headText(head)),
  async *read(input) {
    let begun = false
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.trim()
      if (text === '' || text.startsWith('#')) continue
      if (text === '@EXPLICIT') begun = true
      else if (!begun) throw fault(at, 'stands before @EXPLICIT')
      else {
        const [, url = '', stated] = /^(\S+?)(?:#(\S+))?$/.exec(text) ?? []
        if (url === '') throw fault(at, 'is no address of a package')
        const hash =
          stated !== undefined && /^[0-9a-f]{32}$/i.test(stated)
            ? `md5:${stated}`
            : stated && /^[0-9a-f]{64}$/i.test(stated)
              ? `sha256:${stated}`
              : stated
        yield fromAddress(at, url, hash === undefined ? [] : ofFileIf(statedDigest(at, hash)))
      }
    }
    if (!begun) throw fault({ file: input.name, line: 1 }, 'has no @EXPLICIT')
  },
}
