// References of container images: `host/name:tag@digest`.
// https://github.com/distribution/reference/blob/main/reference.go

import type { Locked } from '../contract.ts'
import { locked, ofFileIf } from './locked.ts'
import type { At } from './place.ts'

const form =
  /^(?:(?<host>(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d+)?|[A-Za-z0-9-]+:\d+|localhost(?::\d+)?)\/)?(?<name>[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@sha256:(?<digest>[0-9a-f]{64}))?$/

/**
 * An image. A digest counts before a tag, as for clients; without either it is `latest`; a name of one part, without
 * host, is one of the default registry's own. The address is the one that the registry's API has for it. What is no reference (a variable that has no value here) is of no ecosystem.
 */
export function fromImage(at: At, text: string, markers?: string): Locked {
  const { host, name, tag, digest } = (text.length < 1000 ? form.exec(text)?.groups : undefined) ?? {}
  if (name === undefined) return locked(at, { ecosystem: 'unknown', name: text || '-', markers: markers || undefined })
  const full = host === undefined && !name.includes('/') ? `library/${name}` : name
  return locked(at, {
    ecosystem: 'oci',
    name: full,
    version: digest === undefined ? (tag ?? 'latest') : `sha256:${digest}`,
    url: host === undefined ? undefined : `https://${host}/v2/${full}`,
    source: host === undefined ? 'registry' : 'url',
    digests: digest === undefined ? [] : ofFileIf({ sha256: digest }),
    markers: markers || undefined,
  })
}

/** Values for `$NAME`, `${NAME}`, `${NAME:-other}` and `${NAME:+other}`; what has none stays as it is written. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  let expanded = text
  // defaults may hold variables, from the inside out
  for (let step = 0; step < 5 && expanded.includes('$') && expanded.length < 4096; step++) {
    expanded = expanded.replace(
      /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+?])([^${}]*))?\})/g,
      (whole, plain: string | undefined, braced: string | undefined, operator: string | undefined, other = '') => {
        const value = values.get(plain ?? braced ?? '')
        if (operator?.endsWith('+')) return value === undefined || value === '' ? '' : other
        if (operator?.endsWith('-')) return value === undefined || (value === '' && operator === ':-') ? other : value
        return value ?? whole
      },
    )
  }
  return expanded
}

/** Images named before, so that each is an entry once. */
export function* once(entries: Iterable<Locked>): Generator<Locked> {
  const seen = new Set<string>()
  for (const entry of entries) {
    const key = JSON.stringify([entry.ecosystem, entry.name, entry.version, entry.url, entry.markers])
    if (seen.size !== seen.add(key).size) yield entry
  }
}
