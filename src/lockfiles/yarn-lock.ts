// yarn.lock of yarn 1: blocks of patterns, each with fields two blanks in.
// https://classic.yarnpkg.com/lang/en/docs/yarn-lock/

import type { Digests, Locked, LockFormat } from '../contract.ts'
import { locked, ofFileIf, sriDigests } from './locked.ts'
import { npm, packageIn, specSource, splitAt, whereItFits } from './npm.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Block {
  readonly at: At
  readonly patterns: readonly string[]
  readonly fields: Map<string, string>
}

export const yarnLock: LockFormat = {
  id: 'yarn-lock',
  names: ['yarn.lock'],
  sniff: (head) => /^# yarn lockfile v1\s*$/m.test(headText(head)),
  async *read(input) {
    const text = await readText(input)
    const [, version] = /^# yarn lockfile v(\d+)\s*$/m.exec(text.slice(0, 4096)) ?? []
    const at = { file: input.name, line: 1 }
    if (version !== undefined && version !== '1') throw fault(at, `lockfile version ${version} is not known`)
    let count = 0
    for (const block of blocks(text, input.name)) {
      count += 1
      yield fromBlock(block)
    }
    // other tools write none of its comments, but packages
    if (version === undefined && count === 0) throw fault(at, 'does not say that it is of yarn 1, and locks nothing')
  },
}

function* blocks(text: string, file: string): Generator<Block> {
  let block: Block | undefined
  for (const [whole, line] of linesOf(text)) {
    const at = { file, line }
    if (whole.trim() === '' || whole.trimStart().startsWith('#')) continue
    if (/^[<=>]{7}/.test(whole)) throw fault(at, 'holds a conflict of a merge')
    if (!whole.startsWith(' ')) {
      if (block !== undefined) yield block
      block = { at, patterns: patternsOf(whole, at), fields: new Map() }
      continue
    }
    const [, name, value] = /^ {2}("[^"]*"|[^\s":]+)(?: (.*)|:)$/.exec(whole) ?? []
    if (block === undefined) throw fault(at, 'stands in no block')
    if (name !== undefined && value !== undefined) block.fields.set(unquoted(name, at), unquoted(value, at))
    else if (!/^ {4}|^ {2}\S+:$/.test(whole)) throw fault(at, 'is no field')
  }
  if (block !== undefined) yield block
}

/** `a@^1, "b@>= 1":`. */
function patternsOf(line: string, at: At): readonly string[] {
  if (!line.endsWith(':')) throw fault(at, 'is no pattern')
  const found = [...line.slice(0, -1).matchAll(/\s*("(?:[^"\\]|\\.)*"|[^",\s][^,]*)\s*(?:,|$)/g)].map(([, one = '']) =>
    unquoted(one, at),
  )
  if (found.length === 0 || found.some((one) => splitAt(one) === undefined)) throw fault(at, 'is no pattern')
  return found
}

function unquoted(text: string, at: At): string {
  if (!text.startsWith('"')) return text
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') return value
  } catch {}
  throw fault(at, 'has a quote without its end')
}

function fromBlock({ at, patterns: [pattern = ''], fields }: Block): Locked {
  const [key = '', spec = ''] = splitAt(pattern) ?? []
  // an alias: `num@npm:is-number@6.0.0`
  const [aliased = key] =
    splitAt(spec.replace(/^npm:/, '')) !== undefined && spec.startsWith('npm:') ? (splitAt(spec.slice(4)) ?? []) : []
  const version = fields.get('version')
  if (version === undefined) throw fault(at, 'has no version')
  const resolved = fields.get('resolved')
  const [address, fragment] = resolved?.split('#', 2) ?? []
  const source =
    specSource(spec) ??
    (/^[\w.-]+\/[\w.-]+(?:#.*)?$/.test(spec) || specSource(resolved ?? '') === 'git' ? 'git' : 'registry')
  // what a project's resolutions put in the place of another package is named by its address alone
  const name = source === 'registry' && address !== undefined ? (packageIn(address) ?? aliased) : aliased
  return locked(at, {
    ecosystem: npm,
    options: whereItFits,
    name,
    version,
    // an address without scheme is a file of an offline mirror
    url:
      source === 'git'
        ? resolved
        : address !== undefined && /^https?:/.test(address)
          ? address
          : source === 'registry'
            ? undefined
            : spec,
    source,
    digests: source === 'git' ? [] : ofFileIf(digestsOf(at, fields.get('integrity'), fragment)),
  })
}

function digestsOf(at: At, integrity: string | undefined, fragment: string | undefined): Digests {
  const sha1 = fragment !== undefined && /^[0-9a-f]{40}$/.test(fragment) ? { sha1: fragment } : {}
  return { ...sha1, ...(integrity !== undefined && sriDigests(at, integrity)) }
}
