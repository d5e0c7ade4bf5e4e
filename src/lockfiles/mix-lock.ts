// mix.lock: an Elixir map, a package a line. Of the two digests the last is of the file, the other of what is in it.
// https://hexdocs.pm/mix/Mix.Tasks.Deps.Get.html; the forms are those of Hex's own encoder.

import type { Locked, LockFormat } from '../contract.ts'
import { hexDigest, locked, ofFile } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const mixLock: LockFormat = {
  id: 'mix-lock',
  names: ['mix.lock'],
  sniff: (head) => /^%\{\s*\n?\s*"[\w@]+": \{:(?:hex|git|path),/m.test(headText(head)),
  async *read(input) {
    let begun = false
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.trim()
      if (text === '' || text === '}' || text.startsWith('#')) continue
      if (!begun && !text.startsWith('%{')) throw fault(at, 'is no map of Elixir')
      begun = true
      // before Elixir 1.5 the map began and ended within the first and the last line
      const entry = text.replace(/^%\{\}?/, '').replace(/\}\}$/, '}')
      if (entry !== '') yield fromLine(entry, at)
    }
  },
}

function fromLine(text: string, at: At): Locked {
  const [head, name = '', kind, rest = ''] = /^"([A-Za-z0-9_]+)": \{:(hex|git|path), (.*)\},?$/.exec(text) ?? []
  if (head === undefined) throw fault(at, 'is no package')
  if (kind !== 'hex') {
    const [, url, revision] = /^"([^"]*)"(?:, "([^"]*)")?/.exec(rest) ?? []
    const address = kind === 'git' ? `git+${url ?? ''}#${revision ?? ''}` : url
    return locked(at, { ecosystem: 'hex', name, url: address, source: kind === 'git' ? 'git' : 'link' })
  }
  const [, own, version, inner] = /^:(?:"([^"]+)"|\w+), "([^"]+)", "([0-9a-fA-F]{64})"/.exec(rest) ?? []
  if (version === undefined || inner === undefined) throw fault(at, `${name} has no version and digest`)
  const [, atom] = /^:(\w+)/.exec(rest) ?? []
  const [, repository, outer] = /, "([^"]+)"(?:, "([0-9a-fA-F]{64})")?$/.exec(rest) ?? []
  return locked(at, {
    ecosystem: 'hex',
    name: own ?? atom ?? name,
    version,
    options:
      repository === undefined || repository === 'hexpm' || /^[0-9a-f]{64}$/i.test(repository)
        ? undefined
        : { repository },
    digests: [
      ...(outer === undefined ? [] : [ofFile(hexDigest(at, 'sha256', outer))]),
      { of: 'content', digests: hexDigest(at, 'sha256', inner) },
    ],
  })
}
