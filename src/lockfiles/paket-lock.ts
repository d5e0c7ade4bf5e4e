// paket.lock: groups, in them kinds of sources, in them addresses, in them packages four blanks in.
// https://fsprojects.github.io/Paket/lock-file.html

import type { Locked, LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { nuget } from './nuget.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

const kinds = ['NUGET', 'GIT', 'GITHUB', 'GIST', 'HTTP']

export const paketLock: LockFormat = {
  id: 'paket-lock',
  names: ['paket.lock'],
  sniff: (head) => /^NUGET\r?\n {2}remote: /m.test(headText(head)),
  async *read(input) {
    const state = { kind: '', remote: '' }
    for (const [text, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      if (text.trim() === '') continue
      if (!text.startsWith(' ')) {
        // options of a group stand like `RESTRICTION: == net6.0`
        if (kinds.includes(text.trim())) state.kind = text.trim()
        else if (!/^(?:GROUP \S|[A-Z-]+: ?\S)/.test(text)) throw fault(at, 'is no part of a lockfile')
        else if (text.startsWith('GROUP ')) state.kind = ''
        continue
      }
      if (state.kind === '') throw fault(at, 'stands under no source')
      const [, remote] = /^ {2}(?:remote: )?(\S.*)$/.exec(text) ?? []
      if (remote !== undefined) state.remote = remote.trim()
      else yield* fromLine(text, at, state)
    }
    if (state.kind === '' && state.remote === '') throw fault({ file: input.name, line: 1 }, 'has no source')
  },
}

function* fromLine(
  text: string,
  at: At,
  { kind, remote }: { readonly kind: string; readonly remote: string },
): Generator<Locked> {
  const [, name = '', version = ''] = /^ {4,5}(?! )(?:(\S.*?) )?\(([^()]+)\)/.exec(text) ?? []
  if (version === '') {
    if (/^ {6}/.test(text)) return
    throw fault(at, 'is no package and version')
  }
  if (kind !== 'NUGET') {
    yield locked(at, {
      ecosystem: 'files',
      name: name === '' ? remote : `${remote}/${name}`,
      url: remote,
      source: kind === 'HTTP' ? 'url' : 'git',
    })
    return
  }
  const [, condition] = / - (?:restriction|framework): (.+)$/.exec(text) ?? []
  const isAddress = /^https?:/.test(remote)
  yield locked(at, {
    ecosystem: nuget,
    name: name.toLowerCase(),
    version,
    registry: isAddress ? remote : undefined,
    source: isAddress ? 'registry' : 'file',
    markers: condition,
  })
}
