// A gem's specification as Ruby's own objects, deflated: `/quick/Marshal.4.8/NAME-VERSION.gemspec.rz`. Nothing states its
// digest. What can be held against it is the info page: name, version, platform and all that a resolver goes by must be the
// same in both. https://guides.rubygems.org/specification-reference/

import type { Doc, Entry } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { inflateZlib } from '../../formats/compress.ts'
import { parseMarshal } from '../../formats/ruby-marshal-read.ts'
import { isKind, type RubyValue, textOf, type Variables } from '../../formats/ruby-values.ts'
import { anyRuby } from '../../versions/gem.ts'
import type { Release } from './line.ts'

/** Specifications without their lists of files have some kilobytes. */
const largest = 4 * 1024 * 1024

export interface Specification {
  readonly name: string
  readonly number: string
  readonly platform: string
  readonly release: Required<Release>
}

const unreadable = (why: string): MirrorError => new MirrorError('UNREADABLE', `the specification ${why}`)

/** Places in what `Gem::Specification#_dump` writes. */
const places = { name: 2, version: 3, ruby: 6, rubygems: 7, platform: 8, dependencies: 9 } as const

const variable = (all: Variables, name: string): RubyValue | undefined => all.find(([key]) => key === name)?.[1]

function numberOf(value: RubyValue | undefined): string | undefined {
  if (isKind(value, 'marshalled') && value.class === 'Gem::Version' && isKind(value.value, 'array'))
    return textOf(value.value.items[0])
  return isKind(value, 'object') && value.class === 'Gem::Version'
    ? textOf(variable(value.variables, '@version'))
    : undefined
}

/** `>= 1, < 3`, in the order of the specification. */
function rangeOf(value: RubyValue | undefined): string {
  const listed = isKind(value, 'marshalled')
    ? isKind(value.value, 'array')
      ? value.value.items[0]
      : undefined
    : isKind(value, 'object')
      ? variable(value.variables, '@requirements')
      : undefined
  if (!isKind(listed, 'array')) throw unreadable('holds a requirement of an unknown form')
  return listed.items
    .map((bound) => {
      const [operator, version] = isKind(bound, 'array') ? bound.items : []
      const [sign, number] = [textOf(operator), numberOf(version)]
      if (sign === undefined || number === undefined) throw unreadable('holds a requirement of an unknown form')
      return `${sign} ${number}`
    })
    .join(', ')
}

/** What it needs at run time. */
function dependenciesOf(value: RubyValue | undefined): Release['deps'] {
  if (!isKind(value, 'array')) throw unreadable('holds no list of dependencies')
  return value.items.flatMap((item) => {
    if (!isKind(item, 'object')) throw unreadable('holds a dependency of an unknown form')
    const name = textOf(variable(item.variables, '@name'))
    const type = variable(item.variables, '@type')
    if (name === undefined) throw unreadable('holds a dependency without a name')
    if (isKind(type, 'symbol') && type.name !== 'runtime') return []
    const requirement = variable(item.variables, '@requirement') ?? variable(item.variables, '@version_requirements')
    return { name, range: rangeOf(requirement) }
  })
}

/** @throws MirrorError UNREADABLE when the bytes, inflated, are no such specification. */
export function parseSpecification(bytes: Uint8Array): Specification {
  const outer = parseMarshal(bytes)
  if (!isKind(outer, 'dumped') || outer.class !== 'Gem::Specification') throw unreadable('is of another class')
  const inner = parseMarshal(outer.bytes)
  if (!isKind(inner, 'array')) throw unreadable('is no list of fields')
  const field = (name: keyof typeof places): RubyValue | undefined => inner.items[places[name]]
  const [name, number] = [textOf(field('name')), numberOf(field('version'))]
  if (name === undefined || number === undefined) throw unreadable('lacks its name or version')
  return {
    name,
    number,
    platform: textOf(field('platform')) || anyRuby,
    release: {
      deps: dependenciesOf(field('dependencies')),
      ruby: rangeOf(field('ruby')),
      rubygems: rangeOf(field('rubygems')),
    },
  }
}

const any = '>= 0'
const sorted = (range: string): string => range.split(', ').toSorted().join(', ')
const needs = (release: Release): string =>
  JSON.stringify([
    release.deps.map(({ name, range }) => `${name} ${sorted(range)}`).toSorted(),
    sorted(release.ruby ?? any),
    sorted(release.rubygems ?? any),
  ])

/**
 * Holds a specification against its own path and against the line of the info page that names it.
 * @throws MirrorError UNREADABLE when it is none, DISAGREEMENT when it is that of another gem or tells other requirements.
 */
export async function checkSpecification(doc: Doc, said: Partial<Entry>): Promise<void> {
  if (doc.size > largest) throw unreadable('is too large to be one')
  const found = parseSpecification(inflateZlib(await doc.bytes(), largest))
  const version = found.platform === anyRuby ? found.number : `${found.number}-${found.platform}`
  const disagreement = (why: string): MirrorError =>
    new MirrorError('DISAGREEMENT', `${doc.path} ${why}`, { path: doc.path, hint: 'Nothing was kept of it.' })
  if (found.name !== said.name || version !== said.version)
    throw disagreement(`is the specification of ${JSON.stringify(`${found.name} ${version}`.slice(0, 200))}`)
  // `read` of the info page made the data: it need not be checked again
  if (said.data !== undefined && needs(found.release) !== needs(said.data as Release))
    throw disagreement('tells other requirements than the info page')
}
