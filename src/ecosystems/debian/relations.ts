// Relationship fields (Depends, Provides …): `,` is "and", `|` is "or".
// https://www.debian.org/doc/debian-policy/ch-relationships.html#syntax-of-relationship-fields

import type { Bound, Operator } from '../../versions/debian.ts'

export interface Relation {
  readonly name: string
  /** `any`, `native` or an architecture, as written after a colon. */
  readonly qualifier?: string
  readonly bound?: Bound
}

/** Any one of these will do. */
export type Alternatives = readonly Relation[]

/** dpkg reads the obsolete single signs as the inclusive ones. */
const operators: Readonly<Record<string, Operator>> = { '<': '<=', '>': '>=' }

const pattern =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([a-z0-9-]+))? ?(?:\( ?(<<|<=|=|>=|>>|<|>) ?([^ ()]+) ?\))? ?(?:\[([^\]]*)\])? ?(?:<.*)?$/

/**
 * The groups of a field, all of which are to be met, for a machine of that architecture. A relation that is none is
 * left out of its group; it can then be met by nothing.
 */
export function parseRelations(field: string, architecture: string): readonly Alternatives[] {
  const groups: Alternatives[] = []
  for (const text of field.split(',')) {
    if (text.trim() === '') continue
    const relations: Relation[] = []
    let applies = false
    for (const part of text.split('|')) {
      const found = pattern.exec(part.trim().replace(/\s+/g, ' '))
      const restriction = found?.[5]
      if (restriction !== undefined && !covers(restriction, architecture)) continue
      applies = true
      if (found?.[1] === undefined) continue
      const [, name, qualifier, sign, version] = found
      relations.push({
        name,
        ...(qualifier !== undefined && { qualifier }),
        ...(sign !== undefined &&
          version !== undefined && { bound: { operator: operators[sign] ?? (sign as Operator), version } }),
      })
    }
    if (applies) groups.push(relations)
  }
  return groups
}

/** Does an architecture list (`amd64 arm64`, `!i386`) cover the architecture? */
function covers(list: string, architecture: string): boolean {
  const words = list.trim().split(/\s+/)
  const names = words.map((word) => word.replace(/^!/, ''))
  const listed = names.includes(architecture) || names.includes('any') || names.includes('linux-any')
  return words[0]?.startsWith('!') === true ? !listed : listed
}

/** As text, for messages. */
export function formatRelations(group: Alternatives): string {
  return group
    .map(({ name, qualifier, bound }) => {
      const colon = qualifier === undefined ? '' : `:${qualifier}`
      return `${name}${colon}${bound === undefined ? '' : ` (${bound.operator} ${bound.version})`}`
    })
    .join(' | ')
}
