// rebar.lock: terms of Erlang; digests of packages stand apart, `pkg_hash_ext` those of the files.
// https://rebar3.org/docs/workflow/deps_compilers/#lock-file

import type { Digests, Locked, LockFormat } from '../contract.ts'
import { hexDigest, locked, ofFileIf } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const rebarLock: LockFormat = {
  id: 'rebar-lock',
  names: ['rebar.lock'],
  sniff: (head) => /^\{"\d+\.\d+\.\d+",\s*\n?\s*\[\{<<"|^\[\{<<"[\w-]+">>,\s*\{(?:pkg|git)/m.test(headText(head)),
  async *read(input) {
    const found: { readonly at: At; readonly text: string }[] = []
    const apart: Record<'pkg_hash' | 'pkg_hash_ext', Map<string, Digests>> = {
      pkg_hash: new Map(),
      pkg_hash_ext: new Map(),
    }
    let part: keyof typeof apart | undefined
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.trim()
      const [, named] = /^\[?\s*\{(pkg_hash|pkg_hash_ext),\s*\[/.exec(text) ?? []
      if (named === 'pkg_hash' || named === 'pkg_hash_ext') part = named
      const [, name, hash] = /\{<<"([^"]+)">>,\s*<<"([0-9A-Fa-f]{64})">>\}/.exec(text) ?? []
      if (name !== undefined && hash !== undefined && part !== undefined)
        apart[part].set(name, hexDigest(at, 'sha256', hash))
      else if (/\{<<"[^"]+">>/.test(text) && part === undefined) found.push({ at, text })
      else if (text !== '' && !/^(?:\{"[\d.]+",|\[?\{pkg_hash(?:_ext)?,\s*\[|\[|\]\}?[\],]*\}?\.?|\[\]\.)$/.test(text))
        throw fault(at, 'is no part of a lockfile')
    }
    for (const { at, text } of found) yield fromTerm(text, at, apart)
  },
}

function fromTerm(
  text: string,
  at: At,
  apart: Readonly<Record<'pkg_hash' | 'pkg_hash_ext', ReadonlyMap<string, Digests>>>,
): Locked {
  const [, name = ''] = /\{<<"([^"]+)">>/.exec(text) ?? []
  const [, own, version] = /\{pkg,\s*<<"([^"]+)">>,\s*<<"([^"]+)">>/.exec(text) ?? []
  if (version === undefined) {
    const [, url, revision] = /\{(?:git|hg|git_subdir),\s*"([^"]+)",\s*\{\w+,\s*"([^"]+)"/.exec(text) ?? []
    if (url === undefined) throw fault(at, `the source of ${name.slice(0, 100)} is not known`)
    return locked(at, { ecosystem: 'hex', name, url: `git+${url}#${revision}`, source: 'git' })
  }
  const inner = apart.pkg_hash.get(name)
  return locked(at, {
    ecosystem: 'hex',
    name: own ?? name,
    version,
    digests: [
      ...ofFileIf(apart.pkg_hash_ext.get(name)),
      ...(inner === undefined ? [] : [{ of: 'content' as const, digests: inner }]),
    ],
  })
}
