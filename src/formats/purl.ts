// Package URLs (https://github.com/package-url/purl-spec), exact ones. Names keep their spelling: which spellings are one
// name is the ecosystem's own matter (its `name`), so the type rules of the specification, which would for one put Go
// modules into lower case, are not applied.

import { PackageURL } from 'packageurl-js'
import { MirrorError } from '../errors.ts'

export { compilePattern, type PackagePattern } from './purl-pattern.ts'

export interface Purl {
  /** Lower case. */
  readonly type: string
  /** Namespace and name, decoded, with a slash between them. */
  readonly name: string
  readonly version?: string
  readonly qualifiers: Readonly<Record<string, string>>
}

/** The name may hold a namespace, up to its last slash; Maven's `group:artifact` is understood. */
export function formatPurl(
  type: string,
  name: string,
  version?: string,
  qualifiers: Readonly<Record<string, string>> = {},
): string {
  const { Component } = PackageURL
  const whole = type === 'maven' ? name.replace(':', '/') : name
  const slash = whole.lastIndexOf('/')
  const namespace = slash === -1 ? '' : `${Component.namespace.encode(whole.slice(0, slash))}/`
  const at = version === undefined ? '' : `@${Component.version.encode(version)}`
  const stated = Object.fromEntries(Object.entries(qualifiers).filter(([, value]) => value !== ''))
  const query = Object.keys(stated).length === 0 ? '' : `?${Component.qualifiers.encode(stated)}`
  return `pkg:${type}/${namespace}${Component.name.encode(whole.slice(slash + 1))}${at}${query}`
}

/** @throws MirrorError USAGE when the text is no package URL. */
export function parsePurl(text: string): Purl {
  const fault = (why: string, cause?: unknown): MirrorError =>
    new MirrorError('USAGE', `${JSON.stringify(text.slice(0, 200))} is no package URL: ${why}`, {
      cause,
      hint: 'Write it as pkg:TYPE/NAME@VERSION, such as pkg:npm/%40scope/name@1.2.3.',
    })
  const [rawType = '', namespace, lastName = '', version, rawQualifiers] = parts(text, fault)
  const type = rawType.toLowerCase()
  if (!/^[a-z][a-z0-9.+-]*$/.test(type)) throw fault('its type is missing or malformed')
  const name = `${namespace ?? ''}/${lastName}`.split('/').filter(Boolean).join('/')
  if (lastName === '' || name === '') throw fault('its name is missing')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(`${name}${version ?? ''}`)) throw fault('it holds a control character')
  // The library's type says a record, its parser returns search parameters.
  const qualifiers = rawQualifiers instanceof URLSearchParams ? Object.fromEntries(rawQualifiers) : {}
  return { type, name, ...(version ? { version } : {}), qualifiers }
}

function parts(
  text: string,
  fault: (why: string, cause?: unknown) => MirrorError,
): ReturnType<typeof PackageURL.parseString> {
  try {
    return PackageURL.parseString(text)
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error), error)
  }
}
