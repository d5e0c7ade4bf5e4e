// go.mod: what it requires after its replacements, without what it excludes, and its toolchain, which the module proxy
// serves too. https://go.dev/ref/mod#go-mod-file

import type { Locked, LockFormat } from '../contract.ts'
import { locked } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Directive {
  readonly at: At
  readonly verb: string
  readonly words: readonly string[]
}

export const goMod: LockFormat = {
  id: 'go-mod',
  names: ['go.mod', '*.mod'],
  sniff: (head) => /^module\s+\S+\s*(?:\/\/.*)?$/m.test(headText(head)) && /^go \d+\.\d+/m.test(headText(head)),
  async *read(input) {
    const all = [...directives(await readText(input), input.name)]
    if (!all.some(({ verb }) => verb === 'module')) throw fault({ file: input.name, line: 1 }, 'names no module')
    const excluded = new Set(all.filter(({ verb }) => verb === 'exclude').map(({ words }) => words.join(' ')))
    const replaced = replacements(all)
    for (const { at, verb, words } of all) {
      const [name = '', version = ''] = words
      if (verb === 'toolchain' && name !== 'default') yield toolchain(at, name)
      if (verb !== 'require') continue
      if (words.length !== 2 || !version.startsWith('v')) throw fault(at, 'requires no module and version')
      if (excluded.has(`${name} ${version}`)) continue
      const other = replaced.get(`${name} ${version}`) ?? replaced.get(name)
      yield other === undefined ? locked(at, { ecosystem: 'go', name, version }) : replacement(at, name, other)
    }
  },
}

/** The module that the proxy serves toolchains as; the platform is added to its version. */
const toolchain = (at: At, name: string): Locked =>
  locked(at, { ecosystem: 'go', name: 'golang.org/toolchain', version: `v0.0.1-${name}`, options: { toolchain: name } })

function replacement(at: At, name: string, [path = '', version]: readonly string[]): Locked {
  if (version === undefined) return locked(at, { ecosystem: 'go', name, url: path, source: 'link' })
  return locked(at, { ecosystem: 'go', name: path, version })
}

/** By `module` or `module version`: a path, or another module and its version. */
function replacements(all: readonly Directive[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const { at, verb, words } of all) {
    if (verb !== 'replace') continue
    const arrow = words.indexOf('=>')
    const target = words.slice(arrow + 1)
    if (arrow < 1 || arrow > 2 || target.length < 1 || target.length > 2) throw fault(at, 'is no replacement')
    found.set(words.slice(0, arrow).join(' '), target)
  }
  return found
}

function* directives(text: string, file: string): Generator<Directive> {
  let block: string | undefined
  let line = 0
  for (const [whole, number] of linesOf(text)) {
    line = number
    const at = { file, line }
    const words = wordsOf(whole, at)
    const [first, ...rest] = words
    if (first === undefined) continue
    if (block !== undefined) {
      if (first === ')') block = undefined
      else yield { at, verb: block, words }
    } else if (rest[0] === '(') block = first
    else yield { at, verb: first, words: rest }
  }
  if (block !== undefined) throw fault({ file, line }, `the block of ${block} does not end`)
}

/** Words of a line; a comment ends it. */
function wordsOf(text: string, at: At): readonly string[] {
  const words: string[] = []
  const word = /\s*(?:\/\/.*|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([^\s"`()]+)|([()]))/y
  while (word.lastIndex < text.length) {
    const from = word.lastIndex
    const found = word.exec(text)
    if (found === null) {
      if (text.slice(from).trim() !== '') throw fault(at, 'has a quote without its end')
      break
    }
    const [, quoted, raw, plain, bracket] = found
    const said = quoted ?? raw ?? plain ?? bracket
    if (said !== undefined) words.push(said)
  }
  return words
}
