// Berksfile.lock: what is asked for and from where, then the graph with its versions. https://docs.chef.io/workstation/berkshelf/

import type { Locked, LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const berksfileLock: LockFormat = {
  id: 'berksfile-lock',
  names: ['Berksfile.lock'],
  sniff: (head) => /^DEPENDENCIES\r?\n/m.test(headText(head)) && !/^(?:GEM|PLATFORMS|GIT|PATH)$/m.test(headText(head)),
  async *read(input) {
    const sources = new Map<string, Map<string, string>>()
    let part = ''
    let asked = new Map<string, string>()
    for (const [text, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      if (text.trim() === '') continue
      if (!text.startsWith(' ')) part = text.trim()
      const [, name, rest = ''] = /^ {2}([\w.-]+)(?: \(([^()]*)\))?$/.exec(text) ?? []
      const [, key, value] = /^ {4}(\w+): (.*)$/.exec(text) ?? []
      if (part !== 'DEPENDENCIES' && part !== 'GRAPH') throw fault(at, 'is no part of a lockfile')
      else if (part === 'DEPENDENCIES' && name !== undefined) {
        asked = new Map()
        sources.set(name, asked)
      } else if (part === 'DEPENDENCIES' && key !== undefined && value !== undefined) asked.set(key, value)
      else if (part === 'GRAPH' && name !== undefined) {
        if (!/^\d/.test(rest)) throw fault(at, `${name} has no version`)
        yield locked(at, { ecosystem: 'chef', name, version: rest, ...sourceOf(sources.get(name)) })
      } else if (text.startsWith(' ') && !/^ {4}[\w.-]+(?: \(.*\))?$/.test(text) && key === undefined)
        throw fault(at, 'is no part of a lockfile')
    }
    if (part === '') throw fault({ file: input.name, line: 1 }, 'is no lockfile')
  },
}

function sourceOf(asked: ReadonlyMap<string, string> | undefined): Partial<Pick<Locked, 'source' | 'url'>> {
  const [git, path] = [asked?.get('git'), asked?.get('path')]
  if (git !== undefined) return { source: 'git', url: `git+${git}#${asked?.get('revision') ?? ''}` }
  return path === undefined ? {} : { source: 'link', url: path }
}
