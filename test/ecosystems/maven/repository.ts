// A Maven repository in memory: descriptors, jars and lists with their checksums, by their paths.

import { createHash } from 'node:crypto'
import { createMessage, sign } from 'openpgp'
import { algorithms, checksumPath, filePath, metadataPath } from '../../../src/ecosystems/maven/layout.ts'
import type { Source } from '../../suites/ecosystem/fixtures.ts'
import { at, type Pair } from '../../trust/builders.ts'

export interface Dep {
  readonly group?: string
  readonly artifact: string
  readonly version?: string
  readonly type?: string
  readonly classifier?: string
  readonly scope?: string
  readonly optional?: boolean
  readonly exclusions?: readonly string[]
}

const group = 'org.example'

export const digest = (algorithm: string, bytes: string | Uint8Array): string =>
  createHash(algorithm).update(bytes).digest('hex')

const tag = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `<${name}>${value}</${name}>`

/** `dep('kit:1.0', { scope: 'test' })`, `dep('org.other:kit:1.0')`. */
export function dep(coordinate: string, more: Partial<Dep> = {}): Dep {
  const parts = coordinate.split(':')
  const [of, artifact = '', version] = parts.length > 2 ? parts : [group, ...parts]
  return { group: of ?? group, artifact, ...(version === undefined ? {} : { version }), ...more }
}

const dependencyXml = (one: Dep): string => {
  const exclusions = (one.exclusions ?? []).map((each) => {
    const [of = '*', artifact = '*'] = each.split(':')
    return `<exclusion><groupId>${of}</groupId><artifactId>${artifact}</artifactId></exclusion>`
  })
  return `<dependency><groupId>${one.group ?? group}</groupId><artifactId>${one.artifact}</artifactId>${[
    tag('version', one.version),
    tag('type', one.type),
    tag('classifier', one.classifier),
    tag('scope', one.scope),
    tag('optional', one.optional === undefined ? undefined : String(one.optional)),
    exclusions.length === 0 ? '' : `<exclusions>${exclusions.join('')}</exclusions>`,
  ].join('')}</dependency>`
}

export interface PomOf {
  readonly packaging?: string
  readonly parent?: string
  readonly dependencies?: readonly Dep[]
  readonly managed?: readonly Dep[]
  readonly properties?: Readonly<Record<string, string>>
  /** Whatever else. */
  readonly more?: string
}

/** A POM of `kit:1.0` or `org.other:kit:1.0`. */
export function pom(coordinate: string, of: PomOf = {}): string {
  const own = dep(coordinate)
  const parent = of.parent === undefined ? undefined : dep(of.parent)
  const properties = Object.entries(of.properties ?? {}).map(([name, value]) => tag(name, value))
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
${parent === undefined ? '' : `<parent>${tag('groupId', parent.group)}${tag('artifactId', parent.artifact)}${tag('version', parent.version)}</parent>`}
${tag('groupId', own.group)}${tag('artifactId', own.artifact)}${tag('version', own.version)}${tag('packaging', of.packaging)}
${properties.length === 0 ? '' : `<properties>${properties.join('')}</properties>`}
${of.managed === undefined ? '' : `<dependencyManagement><dependencies>${of.managed.map(dependencyXml).join('\n')}</dependencies></dependencyManagement>`}
<dependencies>${(of.dependencies ?? []).map(dependencyXml).join('\n')}</dependencies>
${of.more ?? ''}
</project>
`
}

export function metadata(coordinate: string, versions: readonly string[], release = versions.at(-1)): string {
  const { group: of = '', artifact } = dep(coordinate)
  return `<?xml version="1.0" encoding="UTF-8"?>
<metadata>
  <groupId>${of}</groupId>
  <artifactId>${artifact}</artifactId>
  <versioning>
    <latest>${versions.at(-1)}</latest>
    <release>${release}</release>
    <versions>
${versions.map((version) => `      <version>${version}</version>`).join('\n')}
    </versions>
    <lastUpdated>20251124091446</lastUpdated>
  </versioning>
</metadata>
`
}

/** A reference, as descriptors write it. */
export const property = (name: string): string => `\${${name}}`

const typeOf = (path: string): string =>
  path.endsWith('.jar') ? 'application/java-archive' : path.endsWith('.asc') ? 'text/plain' : 'text/xml'

/** A file, with what vouches for it before it. */
export const file = (
  path: string,
  body: string | Uint8Array,
  which: readonly string[] = algorithms,
): Record<string, Source> => ({
  ...Object.fromEntries(
    which.map((algorithm) => [
      checksumPath(algorithm, path),
      { body: digest(algorithm, body), type: 'text/plain', at: `${path}.${algorithm}` },
    ]),
  ),
  [path]: { body, type: typeOf(path) },
})

const coordinate = (text: string) => {
  const { group: of = '', artifact, version = '' } = dep(text)
  return { group: of, artifact, version }
}

export const path = (text: string, ending = '.pom'): string => filePath(coordinate(text), ending)
export const listPath = (text: string, snapshot?: string): string => metadataPath(coordinate(text), snapshot)

/** An armoured signature, made two months ago. */
export const signature = async (bytes: Uint8Array, by: Pair): Promise<string> =>
  sign({ message: await createMessage({ binary: bytes }), signingKeys: by.secret, date: at(-60), detached: true })
