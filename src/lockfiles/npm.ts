// What the lockfiles of npm's clients have in common: `name@version`, aliases, platforms.

import type { Locked } from '../contract.ts'
import { asText, field, isList, type Place, textsOf } from './place.ts'

export const npm = 'npm'

/** Of what runs on none of the wanted machines nothing is held: no client installs it there, whether it is optional or not. */
export const whereItFits: NonNullable<Locked['options']> = { fitting: true }

/** `@scope/name@rest` in two; undefined when there is no `@` behind the name. */
export function splitAt(text: string): readonly [name: string, rest: string] | undefined {
  const at = text.indexOf('@', 1)
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + 1)]
}

/** The package that the address of a registry's file is of: `…/@scope/name/-/name-1.0.0.tgz`; undefined for other addresses. */
export function packageIn(address: string): string | undefined {
  const [, scoped, plain] = /\/(?:(@[^/]+(?:\/|%2[fF])[^/]+)|([^/]+))\/-\/[^/]+\.tgz$/.exec(address) ?? []
  return scoped?.replace(/%2f/i, '/') ?? plain
}

/** Where it is installed: `os=darwin cpu=arm64`, as a package states it. */
export function platformsOf(item: Place): string | undefined {
  const parts = ['os', 'cpu', 'libc'].flatMap((name) => {
    const place = field(item, name)
    if (place === undefined) return []
    return [`${name}=${isList(place) ? textsOf(item, name).join(',') : asText(place, name)}`]
  })
  return parts.length === 0 ? undefined : parts.join(' ')
}

/** What kind of source a specification is that is no version or range. */
export function specSource(spec: string): Locked['source'] | undefined {
  if (/^(?:git[+:@]|ssh:|github:|gitlab:|bitbucket:|gist:)/.test(spec) || /^https?:.*\.git(?:#|$)/.test(spec))
    return 'git'
  if (/^https?:/.test(spec)) return 'url'
  if (/^(?:link|portal):/.test(spec)) return 'link'
  if (spec.startsWith('workspace:')) return 'workspace'
  const [, path] = /^(?:file:)(.*)$/s.exec(spec) ?? /^(\.{0,2}\/.*)$/s.exec(spec) ?? []
  if (path === undefined) return undefined
  return /\.(?:tgz|tar|tar\.gz)(?:[#:].*)?$/.test(path) ? 'file' : 'link'
}
