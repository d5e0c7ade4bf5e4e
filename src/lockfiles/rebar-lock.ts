// rebar.lock: terms of Erlang; digests of packages stand apart, `pkg_hash_ext` those of the files.
// https://rebar3.org/docs/workflow/deps_compilers/#lock-file

import type { Digests, Locked, LockFormat } from '../contract.ts'
import { hexDigest, locked, ofFileIf } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, lineCounter, readText } from './text.ts'

export const rebarLock: LockFormat = {
  id: 'rebar-lock',
  names: ['rebar.lock'],
  sniff: (head) => /^(?:\{"\d+\.\d+\.\d+",\s*)?\[\{<<"[\w-]+">>,\s*\{(?:pkg|git)/m.test(headText(head)),
  async *read(input) {
    const text = await readText(input)
    const file = input.name
    if (!/^\s*(?:\{"[\d.]+",\s*)?\[/.test(text)) throw fault({ file, line: 1 }, 'is no list of Erlang')
    if (!/\]\}?\.\s*$/.test(text)) throw fault({ file }, 'does not end')
    const apart = text.search(/\{pkg_hash(?:_ext)?,/)
    const lineAt = lineCounter(text)
    const inner = hashesOf(text, 'pkg_hash', file)
    const outer = hashesOf(text, 'pkg_hash_ext', file)
    const terms = (apart < 0 ? text : text.slice(0, apart)).matchAll(
      /\{<<"([^"\n]{1,500})">>,\s*\{(\w+),([^{}]{0,2000}(?:\{[^{}]{0,500}\})?)/g,
    )
    for (const { index, 1: name = '', 2: kind = '', 3: rest = '' } of terms) {
      const at = { file, line: lineAt(index) }
      const source = kind === 'pkg' ? undefined : gitOf(rest)
      if (kind === 'pkg') yield fromPackage(at, name, rest, inner, outer)
      else if (source === undefined) throw fault(at, `the source of ${name.slice(0, 100)} is not known`)
      else yield locked(at, { ecosystem: 'hex', name, url: source, source: 'git' })
    }
  },
}

/** The list that a name stands before. */
function hashesOf(text: string, name: string, file: string): ReadonlyMap<string, Digests> {
  const begin = text.indexOf(`{${name},`)
  const end = text.indexOf(']', begin)
  const part = begin < 0 || end < 0 ? '' : text.slice(begin, end)
  const found = part.matchAll(/\{<<"([^"\n]{1,500})">>,\s*<<"([^"\n]{1,500})">>\}/g)
  return new Map([...found].map(([, key = '', hash = '']) => [key, hexDigest({ file }, 'sha256', hash)]))
}

function fromPackage(
  at: At,
  name: string,
  rest: string,
  inner: ReadonlyMap<string, Digests>,
  outer: ReadonlyMap<string, Digests>,
): Locked {
  const [, own, version] = /^\s*<<"([^"]+)">>,\s*<<"([^"]+)">>/.exec(rest) ?? []
  if (version === undefined) throw fault(at, `${name.slice(0, 100)} has no version`)
  const content = inner.get(name)
  return locked(at, {
    ecosystem: 'hex',
    name: own ?? name,
    version,
    digests: [
      ...ofFileIf(outer.get(name)),
      ...(content === undefined ? [] : [{ of: 'content' as const, digests: content }]),
    ],
  })
}

function gitOf(rest: string): string | undefined {
  const [, url, revision] = /^\s*"([^"]+)",\s*\{\w+,\s*"([^"]+)"/.exec(rest) ?? []
  return url === undefined ? undefined : `git+${url}#${revision}`
}
