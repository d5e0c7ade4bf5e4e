// requirements.txt, with and without hashes, and the files that it includes: `-r` adds requirements, `-c` pins what
// others require. https://pip.pypa.io/en/stable/reference/requirements-file-format/

import path from 'node:path'
import type { Locked, LockedDigest, LockFormat, LockInput } from '../contract.ts'
import { filenameOf, ofFileIf, statedDigest } from './locked.ts'
import { type At, fault } from './place.ts'
import { addressSource, fromRequirement, parseRequirement, pinned, pythonName, type Requirement } from './python.ts'
import { decoded, headText, readBytes } from './text.ts'

/** Files that one may include, itself counted. */
const mostFiles = 100

export const requirements: LockFormat = {
  id: 'requirements',
  names: ['requirements*.txt', '*requirements.txt', 'constraints*.txt', 'requirements*.in'],
  sniff: (head) => {
    const text = headText(head)
    return (
      /^[A-Za-z0-9][\w.-]*(?:\[[\w ,.-]*\])? *={2,3} *[\w.!+*-]+ *(?:[;#\\].*|--hash.*)?$/m.test(text) &&
      !/^[[{<]/m.test(text)
    )
  },
  async *read(input) {
    const found = await collect(input)
    const [index, ...more] = found.indexes
    const registry = more.length === 0 ? index : undefined
    const seen = new Set<string>()
    for (const line of found.requirements) {
      const constraint = found.constraints.get(pythonName(line.requirement.name))
      const one = entryOf(line, constraint, registry)
      const key = JSON.stringify([one.name, one.version, one.range, one.url, one.markers])
      if (!seen.has(key)) yield { ...one, ...(line.at.file !== input.name && { file: line.at.file }) }
      seen.add(key)
    }
  },
}

interface Line {
  readonly at: At
  readonly requirement: Requirement
  readonly digests: readonly LockedDigest[]
  readonly editable: boolean
}

interface Found {
  readonly requirements: Line[]
  readonly constraints: Map<string, Line>
  readonly indexes: string[]
}

function entryOf(
  { at, requirement, digests, editable }: Line,
  constraint: Line | undefined,
  registry: string | undefined,
): Locked {
  const isOpen = pinned(requirement.specifier) === undefined && requirement.url === undefined
  const specifier = isOpen ? (constraint?.requirement.specifier ?? requirement.specifier) : requirement.specifier
  const entry = fromRequirement(
    at,
    { ...requirement, specifier },
    {
      digests: digests.length > 0 ? digests : isOpen ? (constraint?.digests ?? []) : [],
      ...(registry !== undefined && requirement.url === undefined && { registry }),
    },
  )
  return editable && entry.source !== 'git' ? { ...entry, source: 'workspace' } : entry
}

/** All files, each read once. */
async function collect(input: LockInput): Promise<Found> {
  const found: Found = { requirements: [], constraints: new Map(), indexes: [] }
  const seen = new Set<string>()
  const waiting: { readonly name: string; readonly role: 'requirements' | 'constraints'; readonly from?: At }[] = [
    { name: '', role: 'requirements' },
  ]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { name, role, from } = next
    if (seen.size === seen.add(`${role} ${name}`).size) continue
    if (seen.size > mostFiles) throw fault(from ?? { file: input.name }, `includes more than ${mostFiles} files`)
    const bytes = from === undefined ? () => input.bytes() : nearBytes(input, name, from)
    const file = from === undefined ? input.name : path.join(path.dirname(input.name), name)
    const text = pythonText(await readBytes({ name: file, bytes }), file)
    for (const [line, number] of logicalLines(text)) {
      const at = { file, line: number }
      const included = includedBy(line)
      if (included === undefined) readLine(line, at, role, found)
      else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(included.target))
        throw fault(at, `includes ${included.target}, which is not read from here`)
      else
        waiting.push({
          name: path.join(path.dirname(name), included.target),
          role: role === 'constraints' ? role : included.role,
          from: at,
        })
    }
  }
  return found
}

function nearBytes(input: LockInput, name: string, from: At): () => AsyncIterable<Uint8Array> {
  const stream = input.near(name)
  if (stream === undefined)
    throw fault(from, `includes ${name}, which is not beside or below ${path.basename(input.name)}`)
  return () => stream
}

/** PEP 263: a mark, else a comment in the first two lines, else UTF-8. */
function pythonText(bytes: Uint8Array, file: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decoded(bytes, 'utf-16le', file)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decoded(bytes, 'utf-16be', file)
  const head = Buffer.from(bytes.subarray(0, 500)).toString('latin1').split('\n', 2)
  const named = head.map((line) => /^[ \t]*#.*?coding[:=][ \t]*([-\w.]{1,40})/.exec(line)?.[1]).find(Boolean)
  return decoded(bytes, webName(named ?? 'utf-8'), file)
}

/** Python's names of encodings as those of the web. */
const webName = (python: string): string =>
  python
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^latin-?/, 'latin')
    .replace(/^cp(?=\d)/, 'windows-')

/** Continued lines as one, without comments and empty ones, with the line they begin at. */
function* logicalLines(text: string): Generator<readonly [string, number]> {
  let joined = ''
  let begun = 0
  let number = 0
  for (const line of text.split(/\r\n|\r|\n/)) {
    number += 1
    if (joined === '') begun = number
    const isComment = /^\s*#/.test(line)
    if (line.endsWith('\\') && !isComment) {
      joined += `${line.slice(0, -1)} `
      continue
    }
    const whole = `${joined}${isComment ? ' ' : ''}${line}`
    joined = ''
    const said = withoutComment(whole).trim()
    if (said !== '') yield [said, begun]
  }
  const rest = withoutComment(joined).trim()
  if (rest !== '') yield [rest, begun]
}

/** A comment begins the line or follows a blank. */
function withoutComment(line: string): string {
  for (let at = line.indexOf('#'); at >= 0; at = line.indexOf('#', at + 1)) {
    if (at === 0 || /\s/.test(line[at - 1] ?? '')) return line.slice(0, at)
  }
  return line
}

function includedBy(
  line: string,
): { readonly role: 'requirements' | 'constraints'; readonly target: string } | undefined {
  const [, option, target] =
    /^(-r|-c|--requirements?|--constraints?)(?:\s*=\s*|\s+|(?<=^-[rc]))(\S.*)$/.exec(line) ?? []
  if (option === undefined || target === undefined) return undefined
  return { role: /^--?c/.test(option) ? 'constraints' : 'requirements', target: target.replace(/^["']|["']$/g, '') }
}

const options =
  /^(?:-i|--index-url|--pypi-url|--extra-index-url|--no-index|-f|--find-links|--no-binary|--only-binary|--prefer-binary|--require-hashes|--pre|--trusted-host|--use-feature|--no-use-wheel|--use-wheel|--always-unzip|-Z|--process-dependency-links|--all-releases|--only-final)(?:[\s=]|$)/

function readLine(line: string, at: At, role: 'requirements' | 'constraints', found: Found): void {
  const [, index] = /^(?:-i|--index-url|--pypi-url|--extra-index-url)(?:\s*=\s*|\s+)(\S+)/.exec(line) ?? []
  if (index !== undefined) found.indexes.push(index)
  if (options.test(line)) return
  const [, editable] = /^(?:-e|--editable)(?:\s*=\s*|\s+)(\S.*)$/.exec(line) ?? []
  if (editable === undefined && line.startsWith('-')) throw fault(at, `the option ${line.slice(0, 60)} is not known`)
  const [whole = ''] = [editable ?? line]
  const begin = whole.search(/\s--?[A-Za-z]/)
  const said = (begin < 0 ? whole : whole.slice(0, begin)).trim()
  const hashes =
    begin < 0 ? [] : [...whole.slice(begin).matchAll(/\s--hash(?:\s*=\s*|\s+)(\S+)/g)].map(([, hash = '']) => hash)
  const one: Line = {
    at,
    requirement: requirementOf(said, at),
    digests: [...hashes.flatMap((hash) => ofFileIf(statedDigest(at, hash))), ...fragmentDigests(said, at)],
    editable: editable !== undefined,
  }
  if (role === 'requirements') found.requirements.push(one)
  else found.constraints.set(pythonName(one.requirement.name), one)
}

/** A requirement, or an address or path that stands alone. */
function requirementOf(text: string, at: At): Requirement {
  const isAddress =
    /^(?:[a-z][a-z0-9+.-]*:|\.{0,2}\/|~|\$\{)/i.test(text) ||
    /^[^\s@=<>!~;[]+(?:\/|\.(?:whl|zip|tar\.gz|tgz)$)/.test(text)
  const known = isAddress ? undefined : parseRequirement(text)
  if (known !== undefined) return known
  if (!isAddress && text !== '.') throw fault(at, `${JSON.stringify(text.slice(0, 100))} is no requirement`)
  const [, url = text, markers] = /^(\S+)\s*;\s+(.+)$/.exec(text) ?? []
  const [bare = url, extras = ''] = /^(.*)\[([^\]]*)\]$/.exec(url)?.slice(1) ?? []
  return {
    name: nameOfAddress(bare),
    extras: extras
      .split(',')
      .map((extra) => extra.trim())
      .filter(Boolean),
    specifier: '',
    url: bare,
    ...(markers !== undefined && { markers }),
  }
}

/** `#egg=NAME`, else what the file is named after. */
function nameOfAddress(address: string): string {
  const egg = /[#&]egg=([A-Za-z0-9._-]+)/.exec(address)?.[1]
  if (egg !== undefined) return egg
  const last = filenameOf(address.replace(/\/+$/, '').replace(/@[^/]*$/, '')).replace(/\.git$/, '')
  if (addressSource(last) !== 'file') return last === '' || /^\.+$/.test(last) ? '.' : last
  return /^(.+?)-\d/.exec(last)?.[1] ?? last
}

/** `#sha256=HEX` of an address. */
const fragmentDigests = (text: string, at: At): readonly LockedDigest[] => {
  const [, algorithm, hex] = /[#&](md5|sha1|sha224|sha256|sha384|sha512)=([0-9a-fA-F]+)/.exec(text) ?? []
  return algorithm === undefined ? [] : ofFileIf(statedDigest(at, `${algorithm}:${hex}`))
}
