// Lists of packages of Linux distributions, one a line: apt's `name:arch=version`, apk's `name=version` (its world file),
// pacman's `name version` (what `pacman -Q` prints). A line may pin nothing.

import type { LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Form {
  readonly id: string
  readonly ecosystem: string
  readonly names: readonly string[]
  /** Name, version with what stands before it, architecture. */
  readonly line: RegExp
  /** Lines by which a file of no known name is taken for one; all of them have to fit. */
  readonly pinned: RegExp
}

const forms: readonly Form[] = [
  {
    id: 'apk-list',
    ecosystem: 'alpine',
    names: ['world', 'apk-packages.txt', '*.apk-list'],
    line: /^(?<name>[a-zA-Z0-9][\w.+-]*)(?:@[\w-]+)?(?:(?<operator>[<>=~]{1,2})(?<version>[\w.+-]+))?$/,
    pinned: /^[a-z0-9][\w.+-]*=[\w.]+-r\d+$/,
  },
  {
    id: 'apt-list',
    ecosystem: 'debian',
    names: ['apt-packages.txt', '*.apt-list', 'Aptfile'],
    line: /^(?<name>[a-z0-9][a-z0-9+.-]+)(?::(?<architecture>[a-z0-9-]+))?(?:(?<operator>=)(?<version>[A-Za-z0-9.+:~-]+))?$/,
    pinned: /^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?=[A-Za-z0-9.+:~-]+$/,
  },
  {
    id: 'pacman-list',
    ecosystem: 'arch',
    names: ['pacman-packages.txt', '*.pacman-list', 'pkglist.txt'],
    line: /^(?<name>[a-zA-Z0-9@_+][\w@.+-]*)(?:(?<operator>[ =])(?<version>[\w.:+~]+-[\d.]+))?$/,
    pinned: /^[a-zA-Z0-9@_+][\w@.+-]* [\w.:+~]+-[\d.]+$/,
  },
]

export const packageLists: readonly LockFormat[] = forms.map(({ id, ecosystem, names, line: form, pinned }) => ({
  id,
  names,
  direct: true,
  sniff: (head) => {
    const lines = [...linesOf(headText(head))]
      .map(([text]) => text.trim())
      .filter((text) => text !== '' && !text.startsWith('#'))
    // the last one may be cut
    const whole = lines.length > 1 && head.length >= 4096 ? lines.slice(0, -1) : lines
    return whole.length > 0 && whole.every((text) => text.length < 500 && pinned.test(text))
  },
  async *read(input) {
    for (const [whole, number] of linesOf(await readText(input))) {
      const at = { file: input.name, line: number }
      const text = whole.replace(/(?:^|\s)#.*$/, '').trim()
      if (text === '') continue
      const groups = text.length < 1000 ? form.exec(text)?.groups : undefined
      const { name, operator, version, architecture } = groups ?? {}
      if (name === undefined) throw fault(at, `${JSON.stringify(text.slice(0, 100))} is no package`)
      const isExact = operator === '=' || operator === ' '
      yield locked(at, {
        ecosystem,
        name,
        version: isExact ? version : undefined,
        range: isExact || version === undefined ? undefined : `${operator}${version}`,
        markers: architecture,
        options: architecture === undefined ? undefined : { architectures: [architecture] },
      })
    }
  },
}))
