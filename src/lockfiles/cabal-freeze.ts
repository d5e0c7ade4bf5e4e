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
        const said = part.trim().slice(0, 1000)
        const [, of, range = ''] = /^(?:any\.|setup\.)?([A-Za-z0-9-]+) ?([<>=^].*)$/.exec(said) ?? []
        const [, version] = /^==(\d+(?:\.\d+)*)$/.exec(range) ?? []
        if (of !== undefined)
          yield locked(at, { ecosystem: 'hackage', name: of, ...(version === undefined ? { range } : { version }) })
        // flags, and versions that come with the compiler, are no packages to fetch
        else if (!/^$|^(?:any\.|setup\.|\w+:)?[\w.-]+ (?:[+-][\w-]+ ?|installed|source|test|bench)+$/.test(said))
          throw fault(at, `${JSON.stringify(said.slice(0, 100))} is no constraint`)
      }
    }
    if (!known) throw fault({ file: input.name, line: 1 }, 'has no constraints')
  },
}
