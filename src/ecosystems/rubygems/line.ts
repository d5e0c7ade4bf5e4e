// One line of an info page: one file of a gem, `VERSION[-PLATFORM] DEPENDENCIES|REQUIREMENTS`.
// https://guides.rubygems.org/rubygems-org-compact-index-api/#get---infogem_name

import { joinVersion, splitVersion } from '../../versions/gem.ts'
import { isGemName } from './paths.ts'

export interface Dependency {
  readonly name: string
  /** `>= 1, < 3` */
  readonly range: string
}

/** What an entry carries beyond its file: plain JSON. */
export interface Release {
  /** What it needs at run time; what its own development needs is not told. */
  readonly deps: readonly Dependency[]
  /** Requirements on Ruby and on RubyGems itself. */
  readonly ruby?: string
  readonly rubygems?: string
}

export interface Line {
  /** With the platform, as file names have it. */
  readonly version: string
  /** sha256, hex; registries without the newer form of the page state none. */
  readonly checksum?: string
  /** Milliseconds since 1970; left out when the line has none. */
  readonly published?: number
  readonly release: Release
}

/** `2026-11-24T09:14:46Z` (RFC 3339, UTC). What is there but is no time counts as "not published yet", so that a cooldown holds it. */
export function timeOf(text: unknown): number {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text))
    return Number.MAX_SAFE_INTEGER
  const time = Date.parse(text)
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time
}

/** `name:a&b` → the name and `a, b`; undefined without a name. */
function pair(text: string): readonly [name: string, range: string] | undefined {
  const colon = text.indexOf(':')
  return colon < 1
    ? undefined
    : [
        text.slice(0, colon),
        text
          .slice(colon + 1)
          .split('&')
          .join(', '),
      ]
}

function dependencies(text: string): readonly Dependency[] | undefined {
  const found: Dependency[] = []
  for (const part of text.split(',')) {
    if (part === '') continue
    const [name, range] = pair(part) ?? []
    if (name === undefined || range === undefined || !isGemName(name)) return undefined
    found.push({ name, range })
  }
  return found
}

/** Null-prototype, because the keys are the registry's; undefined when a key is stated twice, for clients differ over which counts. */
function requirements(text: string): Readonly<Record<string, string>> | undefined {
  const found: Record<string, string> = Object.create(null)
  for (const part of text.split(',')) {
    if (part === '') continue
    const [key, range] = pair(part) ?? []
    if (key === undefined || range === undefined || key in found) return undefined
    found[key] = range
  }
  return found
}

/** Undefined when the text is not such a line. */
export function parseLine(text: string): Line | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
  const space = text.indexOf(' ')
  const split = splitVersion(space === -1 ? text : text.slice(0, space))
  if (split === undefined) return undefined
  const rest = space === -1 ? '' : text.slice(space + 1)
  const bar = rest.indexOf('|')
  const deps = dependencies((bar === -1 ? rest : rest.slice(0, bar)).trim())
  const stated = requirements(bar === -1 ? '' : rest.slice(bar + 1))
  if (deps === undefined || stated === undefined) return undefined
  const { checksum, created_at, ruby, rubygems } = stated
  if (checksum !== undefined && !/^[0-9a-fA-F]{64}$/.test(checksum)) return undefined
  return {
    version: joinVersion(split),
    ...(checksum === undefined ? {} : { checksum: checksum.toLowerCase() }),
    ...(created_at === undefined ? {} : { published: timeOf(created_at) }),
    release: {
      deps,
      ...(ruby === undefined ? {} : { ruby }),
      ...(rubygems === undefined ? {} : { rubygems }),
    },
  }
}
