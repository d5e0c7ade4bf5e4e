// cabal.project.freeze: constraints with exact versions. https://cabal.readthedocs.io/en/stable/cabal-commands.html#cabal-freeze

import type { LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const cabalFreeze: LockFormat = {
  id: 'cabal-freeze',
  names: ['cabal.project.freeze', 'cabal.config', '*.project.freeze'],
  sniff: (head) => /^constraints: ?(?:any\.)?[\w-]+ ?(?:==|[+-])/m.test(headText(head)),
  async *read(input) {
    let field = ''
    let known = false
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.replace(/(?:^|\s)--.*$/, '')
      if (text.trim() === '') continue
      const [, name, value] = /^([A-Za-z][A-Za-z-]*):(.*)$/.exec(text) ?? []
      if (name === undefined && !/^\s/.test(text)) throw fault(at, 'is no field')
      if (name !== undefined) field = name.toLowerCase()
      known ||= field === 'constraints'
      if (field !== 'constraints') continue
      for (const part of (value ?? text).split(',')) {
        // flags, and versions that come with the compiler, are no packages to fetch
        const [, of, version] = /^(?:any\.|setup\.)?([A-Za-z0-9-]+) ?==(\d+(?:\.\d+)*)$/.exec(part.trim()) ?? []
        if (of !== undefined && version !== undefined) yield locked(at, { ecosystem: 'hackage', name: of, version })
        else if (
          !/^$|^(?:any\.|setup\.|\w+:)?[\w.-]+ (?:[+-][\w-]+ ?|installed|source|test|bench|[<>=^].*)+$/.test(
            part.trim().slice(0, 1000),
          )
        ) {
          throw fault(at, `${JSON.stringify(part.trim().slice(0, 100))} is no constraint`)
        }
      }
    }
    if (!known) throw fault({ file: input.name, line: 1 }, 'has no constraints')
  },
}
