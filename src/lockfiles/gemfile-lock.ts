// Gemfile.lock and gems.locked: sections by source, each with its gems two steps in, and since Bundler 2.5 their digests.
// https://bundler.io/guides/using_bundler_in_applications.html

import type { Digests, Locked, LockFormat } from '../contract.ts'
import { addTo } from '../formats/lists.ts'
import { locked, ofFileIf, statedDigest } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Section {
  readonly kind: string
  readonly values: Map<string, string[]>
}
interface Gem {
  readonly at: At
  readonly section: Section
  readonly name: string
  readonly version: string
  readonly platform?: string
}

const sources: Readonly<Record<string, Locked['source']>> = {
  GEM: 'registry',
  GIT: 'git',
  PATH: 'link',
  'PLUGIN SOURCE': 'url',
}
const others = ['PLATFORMS', 'DEPENDENCIES', 'RUBY VERSION', 'BUNDLED WITH', 'CHECKSUMS']

export const gemfileLock: LockFormat = {
  id: 'gemfile-lock',
  names: ['Gemfile.lock', 'gems.locked', '*.gemfile.lock'],
  sniff: (head) => /^(?:GEM|GIT|PATH)\r?\n {2}remote: /m.test(headText(head)),
  async *read(input) {
    const gems: Gem[] = []
    const checksums = new Map<string, Digests>()
    let section: Section | undefined
    for (const [text, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      if (text.trim() === '') continue
      if (/^[<=>]{7}/.test(text)) throw fault(at, 'holds a conflict of a merge')
      if (!text.startsWith(' ')) section = sectionOf(text, at)
      else if (section === undefined) throw fault(at, 'stands in no section')
      else if (section.kind === 'CHECKSUMS') readChecksum(text, at, checksums)
      else if (section.kind === 'BUNDLED WITH') gems.push({ at, section, name: 'bundler', version: text.trim() })
      else if (Object.hasOwn(sources, section.kind)) readLine(text, at, section, gems)
    }
    if (section === undefined) throw fault({ file: input.name, line: 1 }, 'has no section')
    for (const gem of gems) yield fromGem(gem, checksums)
  },
}

function sectionOf(text: string, at: At): Section {
  const kind = text.trim()
  if (!Object.hasOwn(sources, kind) && !others.includes(kind))
    throw fault(at, `the section ${JSON.stringify(kind.slice(0, 60))} is not known`)
  return { kind, values: new Map() }
}

function readLine(text: string, at: At, section: Section, gems: Gem[]): void {
  const [, key, value] = /^ {2}([a-z_]+): ?(.*)$/.exec(text) ?? []
  if (key !== undefined && value !== undefined) addTo(section.values, key, value)
  // four blanks are a gem, six what it needs
  const [, gem] = /^ {4}(\S.*)$/.exec(text) ?? []
  if (gem === undefined) return
  gems.push({ at, section, ...versioned(gem, at) })
}

/** `name (version)`, `name (version-platform)`. */
function versioned(text: string, at: At): Pick<Gem, 'name' | 'version' | 'platform'> {
  const [, name, version, platform] = /^(\S+) \(([^\s()-]+)(?:-([^\s()]+))?\)/.exec(text) ?? []
  if (name === undefined || version === undefined)
    throw fault(at, `${JSON.stringify(text.slice(0, 100))} is no gem and version`)
  return { name, version, ...(platform !== undefined && { platform }) }
}

function readChecksum(text: string, at: At, checksums: Map<string, Digests>): void {
  const stated = / ([a-z0-9]+=[0-9a-f]+(?:,[a-z0-9]+=[0-9a-f]+)*)\s*$/i.exec(text)?.[1]
  if (stated === undefined) return
  const { name, version, platform } = versioned(text.trim(), at)
  const digests = stated.split(',').map((one) => statedDigest(at, one))
  checksums.set(keyOf(name, version, platform), Object.assign({}, ...digests))
}

const keyOf = (name: string, version: string, platform = ''): string => `${name} ${version} ${platform}`

function fromGem({ at, section, name, version, platform }: Gem, checksums: ReadonlyMap<string, Digests>): Locked {
  const { kind, values } = section
  const remotes = values.get('remote') ?? []
  const [remote] = remotes
  const revision = values.get('revision')?.[0]
  const source = sources[kind] ?? 'registry'
  const isRegistry = source === 'registry'
  return locked(at, {
    ecosystem: 'rubygems',
    name,
    // the platform belongs to the version: each has a file, and a digest, of its own
    version: platform === undefined ? version : `${version}-${platform}`,
    registry: isRegistry && remotes.length === 1 ? remote : undefined,
    url: isRegistry ? undefined : kind === 'GIT' ? `git+${remote}@${revision ?? ''}` : remote,
    source,
    digests: isRegistry ? ofFileIf(checksums.get(keyOf(name, version, platform))) : [],
    markers: platform,
  })
}
