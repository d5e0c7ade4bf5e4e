// A registry of gems in memory: info pages, lists and specifications made from a few words.

import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { Doc, Entry, Repo, Show } from '../../../src/contract.ts'
import { formatSpecs } from '../../../src/ecosystems/rubygems/specs.ts'
import type { GemOptions } from '../../../src/ecosystems/rubygems/want.ts'
import { collect } from '../../../src/formats/bytes.ts'
import { hashers } from '../../../src/formats/digest.ts'
import { formatMarshal } from '../../../src/formats/ruby-marshal-write.ts'
import { type RubyValue, rubyString } from '../../../src/formats/ruby-values.ts'
import { splitVersion } from '../../../src/versions/gem.ts'

export interface Gem {
  readonly name: string
  /** With the platform, as file names have it. */
  readonly version: string
  /** `rack >= 1&< 3`, one each. */
  readonly deps?: readonly string[]
  readonly ruby?: string
  /** RFC 3339; no time when left out. */
  readonly created?: string
}

export const contentOf = ({ name, version }: Gem): string => `the files of ${name} as of ${version}\n`
export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
export const md5 = (content: string | Uint8Array): string => createHash('md5').update(content).digest('hex')

/** A line of an info page, as the public registry writes it. */
function infoLine(gem: Gem): string {
  const deps = (gem.deps ?? []).map((dep) => dep.replace(' ', ':')).join(',')
  const requirements = [
    `checksum:${sha256(contentOf(gem))}`,
    ...(gem.ruby === undefined ? [] : [`ruby:${gem.ruby}`]),
    ...(gem.created === undefined ? [] : [`created_at:${gem.created}`]),
  ]
  return `${gem.version} ${deps}|${requirements.join(',')}`
}

export const infoPage = (gems: readonly Gem[]): string => `---\n${gems.map(infoLine).join('\n')}\n`

const array = (items: readonly RubyValue[]): RubyValue => ({ type: 'array', items })
const version = (number: string): RubyValue => ({
  type: 'marshalled',
  class: 'Gem::Version',
  value: array([rubyString(number)]),
})

/** `>= 1&< 3` */
function requirement(text: string): RubyValue {
  const bounds = text.split('&').map((bound) => {
    const [operator = '', number = ''] = bound.split(' ')
    return array([rubyString(operator), version(number)])
  })
  return { type: 'marshalled', class: 'Gem::Requirement', value: array([array(bounds)]) }
}

function dependency(text: string, type = 'runtime'): RubyValue {
  const [, name = '', range = ''] = /^(\S+) (.*)$/.exec(text) ?? []
  return {
    type: 'object',
    class: 'Gem::Dependency',
    variables: [
      ['@name', rubyString(name)],
      ['@requirement', requirement(range)],
      ['@type', { type: 'symbol', name: type }],
      ['@prerelease', false],
    ],
  }
}

/** What `Marshal.dump` makes of a specification. */
export function specification({ name, version: full, deps = [], ruby = '>= 0' }: Gem): Uint8Array {
  const { number = '', platform = 'ruby' } = splitVersion(full) ?? {}
  const fields: readonly RubyValue[] = [
    rubyString('3.3.15'),
    4,
    rubyString(name),
    version(number),
    null,
    rubyString('summary'),
    requirement(ruby),
    requirement('>= 0'),
    rubyString(platform),
    array([...deps.map((dep) => dependency(dep)), dependency('rspec >= 3', 'development')]),
  ]
  return formatMarshal({
    type: 'dumped',
    class: 'Gem::Specification',
    bytes: formatMarshal(array(fields)),
    variables: [['E', false]],
  })
}

export const quick = (gem: Gem): Uint8Array => deflateSync(specification(gem))

/** Compressed, as the mirror writes it. */
export const specs = async (gems: readonly Gem[]): Promise<Uint8Array> => collect(formatSpecs(gems), 1e6)

export function versionsFile(byName: ReadonlyMap<string, readonly Gem[]>, created: string): string {
  const lines = [...byName].map(
    ([name, gems]) => `${name} ${gems.map((gem) => gem.version).join(',')} ${md5(infoPage(gems))}`,
  )
  return `created_at: ${created}\n---\n${lines.join('\n')}\n`
}

/** A document that arrives in pieces of seven bytes, so that lines never come whole. */
export function doc(path: string, content: string | Uint8Array, beside: readonly Doc[] = []): Doc {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    path,
    url: `https://registry.example.org${path}`,
    type: 'text/plain',
    size: bytes.length,
    digests: { sha256: sha256(bytes) },
    headers: {},
    beside: new Map(beside.map((one) => [one.path, one])),
    bytes: async () => bytes,
    async *stream() {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
    },
  }
}

export const repo = (options: Partial<GemOptions> = {}): Repo<GemOptions> => ({
  name: 'rubygems',
  upstreams: ['https://registry.example.org'],
  options: { times: 'info', ...options },
})

/** Shows what `allows` lets through, and the pages that are handed in. */
export function show(
  allows: (entry: Entry) => boolean = () => true,
  more: {
    readonly pages?: Readonly<Record<string, string>>
    readonly held?: readonly Entry[]
    readonly docs?: readonly Doc[]
  } = {},
): Show {
  return {
    base: 'https://mirror.example.org/gem',
    query: {},
    type: 'text/plain',
    allows,
    sees: allows,
    document: async (path) => more.docs?.find((one) => one.path === path),
    states() {},
    async render(path) {
      const page = more.pages?.[path]
      if (page === undefined) return undefined
      const bytes = Buffer.from(page)
      const hash = hashers(['md5', 'sha256'])
      hash.update(bytes)
      return {
        size: bytes.length,
        digests: hash.digests(),
        async *bytes() {
          yield bytes
        },
      }
    },
    async *holdings() {
      yield* more.held ?? []
    },
  }
}

export async function gather<T>(items: Iterable<T> | AsyncIterable<T> | undefined): Promise<T[]> {
  const all: T[] = []
  if (items !== undefined) for await (const item of items) all.push(item)
  return all
}
