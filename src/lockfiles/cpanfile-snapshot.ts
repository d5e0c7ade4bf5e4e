// cpanfile.snapshot, carton's list of distributions. https://metacpan.org/pod/Carton

import type { LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const cpanfileSnapshot: LockFormat = {
  id: 'cpanfile-snapshot',
  names: ['cpanfile.snapshot'],
  sniff: (head) => /^# carton snapshot format: version 1/m.test(headText(head)),
  async *read(input) {
    let open: { readonly at: At; readonly text: string; path?: string } | undefined
    let begun = false
    for (const [text, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      if (text.trim() === '' || text.startsWith('#')) continue
      const [, distribution] = /^ {2}(\S+)$/.exec(text) ?? []
      const [, path] = /^ {4}pathname: (\S+)$/.exec(text) ?? []
      if (text === 'DISTRIBUTIONS') begun = true
      else if (!begun) throw fault(at, 'stands before DISTRIBUTIONS')
      else if (distribution !== undefined) {
        if (open !== undefined) yield fromDistribution(open)
        open = { at, text: distribution }
      } else if (path !== undefined && open !== undefined) open.path = path
      else if (!/^ {4,}\S/.test(text)) throw fault(at, 'is no part of a snapshot')
    }
    if (open !== undefined) yield fromDistribution(open)
    if (!begun) throw fault({ file: input.name, line: 1 }, 'has no DISTRIBUTIONS')
  },
}

function fromDistribution({ at, text, path }: { readonly at: At; readonly text: string; readonly path?: string }) {
  const [, name, version] = /^(.+)-(v?\d[\w.]*(?:-TRIAL\d*)?)$/.exec(text) ?? []
  if (name === undefined || version === undefined)
    throw fault(at, `${JSON.stringify(text.slice(0, 100))} is no distribution and version`)
  return locked(at, { ecosystem: 'cpan', name, version, options: path === undefined ? undefined : { path } })
}
