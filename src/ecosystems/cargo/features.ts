// What a set of features turns on in one version of a crate.
// https://doc.rust-lang.org/cargo/reference/features.html

import type { Dependency, Release } from './line.ts'

export interface Active {
  readonly dependency: Dependency
  /** Features that this version asks of the dependency; `default` is among them unless it is turned off. */
  readonly features: readonly string[]
}
export interface Activated {
  readonly active: readonly Active[]
  /** Names that are neither a feature nor an optional dependency. */
  readonly unknown: readonly string[]
}

/** `a/b` or `a?/b`: feature `b` of dependency `a`; the former also turns on a feature `a`. */
function reference(
  text: string,
): { readonly name: string; readonly feature: string; readonly weak: boolean } | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const weak = text[slash - 1] === '?'
  return { name: text.slice(0, weak ? slash - 1 : slash), feature: text.slice(slash + 1), weak }
}

/** Every feature of the version, those that optional dependencies imply among them. */
export function allFeatures(release: Release): readonly string[] {
  const optional = release.deps.filter((each) => each.optional).map((each) => each.name)
  return [...new Set([...Object.keys(release.features), ...optional])]
}

/** The dependencies of every kind and target that are on when `features` are; a missing `default` is nothing unknown. */
export function activate(release: Release, features: Iterable<string>): Activated {
  const optional = new Set(release.deps.filter((each) => each.optional).map((each) => each.name))
  const on = new Set<string>()
  const asked = new Map<string, Set<string>>()
  const unknown: string[] = []
  const seen = new Set<string>()
  const waiting = [...features]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (next.startsWith('dep:')) {
      on.add(next.slice('dep:'.length))
      continue
    }
    const other = reference(next)
    if (other !== undefined) {
      asked.set(other.name, (asked.get(other.name) ?? new Set()).add(other.feature))
      // The resolver that writes Cargo.lock takes up weakly named dependencies too, though a build may not use them.
      on.add(other.name)
      if (!other.weak && Object.hasOwn(release.features, other.name)) waiting.push(other.name)
      continue
    }
    if (Object.hasOwn(release.features, next)) for (const each of release.features[next] ?? []) waiting.push(each)
    else if (optional.has(next)) on.add(next)
    else if (next !== 'default') unknown.push(next)
  }
  const active = release.deps
    .filter((dependency) => !dependency.optional || on.has(dependency.name))
    .map((dependency) => {
      const own = new Set([...dependency.features, ...(asked.get(dependency.name) ?? [])])
      if (dependency.default_features) own.add('default')
      return { dependency, features: [...own].toSorted() }
    })
  return { active, unknown }
}
