// go.sum and go.work.sum: a digest of each module's tree, and of its go.mod. A module whose go.mod alone is listed is only
// looked at for its requirements. https://go.dev/ref/mod#go-sum-files

import type { LockedDigest, LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Module {
  readonly at: At
  readonly name: string
  readonly version: string
  readonly digests: LockedDigest[]
}

export const goSum: LockFormat = {
  id: 'go-sum',
  names: ['go.sum', 'go.work.sum'],
  sniff: (head) => /^\S+ v\d\S* h1:[A-Za-z0-9+/]{43}=\s*$/m.test(headText(head)),
  async *read(input) {
    const modules = new Map<string, Module>()
    for (const [text, line] of linesOf(await readText(input))) {
      if (text.trim() === '') continue
      const at = { file: input.name, line }
      const [, name = '', version = '', mod, hash = ''] =
        /^(\S+) (v\S+?)(\/go\.mod)? (h\d+:[A-Za-z0-9+/]{43}=)$/.exec(text.trim()) ?? []
      if (name === '') throw fault(at, 'is no module, version and hash')
      const key = `${name} ${version}`
      const known = modules.get(key) ?? { at, name, version, digests: [] }
      modules.set(key, known)
      const algorithm = hash.slice(0, hash.indexOf(':'))
      const filename = mod === undefined ? `${version}.zip` : `${version}.mod`
      known.digests.push({ of: 'tree', digests: { [algorithm]: hash }, filename })
    }
    for (const { at, name, version, digests } of modules.values()) {
      const isWhole = digests.some(({ filename }) => filename?.endsWith('.zip'))
      yield locked(at, { ecosystem: 'go', name, version, digests, options: isWhole ? undefined : { files: ['mod'] } })
    }
  },
}
