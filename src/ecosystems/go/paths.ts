// Names and versions in paths of the module proxy protocol: https://go.dev/ref/mod#goproxy-protocol
// Paths keep apart by an exclamation mark what file systems might not: an upper-case letter is `!` and its lower case.

import { isCanonical } from '../../versions/go.ts'

export const escaped = (text: string): string => text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)

/** Undefined for what `escape` writes of no text. */
export function unescaped(text: string): string | undefined {
  if (/[A-Z]|!(?![a-z])/.test(text)) return undefined
  return text.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The longest module paths of real projects have a hundred characters. */
const longest = 512

/**
 * Module paths: a host name with a dot, then elements without leading or trailing dots.
 * https://go.dev/ref/mod#go-mod-file-ident
 */
export const isModulePath = (text: string): boolean =>
  text.length <= longest &&
  /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+(?:\/|$)/.test(text) &&
  text.split('/').every((element) => /^[A-Za-z0-9~_-]+(?:\.+[A-Za-z0-9~_-]+)*$/.test(element))

/** A canonical version, a branch, a tag or a commit: what may be asked for. */
const isQuery = (text: string): boolean => /^[0-9A-Za-z_.+~-]{1,255}$/.test(text) && !/^\.+$/.test(text)

export interface ModuleAt {
  readonly name: string
  readonly version: string
}

/** Both out of their escaped forms; undefined where either can be none. */
export function moduleAt(p: { readonly module?: string; readonly version?: string }): ModuleAt | undefined {
  const [name, version] = [unescaped(p.module ?? ''), unescaped(p.version ?? '')]
  if (name === undefined || version === undefined || !isModulePath(name) || !isQuery(version)) return undefined
  return { name, version }
}

/** The same for a version that never changes. */
export function releaseAt(p: { readonly module?: string; readonly version?: string }): ModuleAt | undefined {
  const found = moduleAt(p)
  return found !== undefined && isCanonical(found.version) ? found : undefined
}

export type FileKind = 'info' | 'mod' | 'zip'

export const listPath = (name: string): string => `/${escaped(name)}/@v/list`
export const latestPath = (name: string): string => `/${escaped(name)}/@latest`
/** Upstream's own answer, which the one that clients get may be made of. */
export const upstreamLatestPath = (name: string): string => `/${escaped(name)}/@upstream`
export const filePath = (name: string, version: string, kind: FileKind): string =>
  `/${escaped(name)}/@v/${escaped(version)}.${kind}`
export const lookupPath = (log: string, { name, version }: ModuleAt): string =>
  `/sumdb/${log}/lookup/${escaped(name)}@${escaped(version)}`
export const headPath = (log: string): string => `/sumdb/${log}/latest`
/** Upstream's head as of when one of so many records was wanted. */
export const newerPath = (log: string, size: number): string => `/sumdb/${log}/newer/${size}`
