// Descriptors: what of a POM a closure needs, as written, before inheritance and properties.
// https://maven.apache.org/ref/current/maven-model/maven.html

import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { child, children, type Element, elements, parseXml, text, textAt } from '../../formats/xml.ts'

export interface Exclusion {
  /** `*` for all. */
  readonly group: string
  readonly artifact: string
}

export interface Dependency {
  readonly group: string
  readonly artifact: string
  readonly version?: string
  /** `jar` when left out. */
  readonly type: string
  readonly classifier?: string
  readonly scope?: string
  readonly optional: string
  readonly exclusions: readonly Exclusion[]
}

export interface Parent {
  readonly group: string
  readonly artifact: string
  readonly version: string
}

export interface Plugin {
  readonly group: string
  readonly artifact: string
  readonly version?: string
  /** Beside those of its own descriptor. */
  readonly dependencies: readonly Dependency[]
}

/** What a model and a profile of it have in common. */
export interface Part {
  readonly properties: ReadonlyMap<string, string>
  readonly managed: readonly Dependency[]
  readonly dependencies: readonly Dependency[]
  readonly plugins: readonly Plugin[]
  readonly managedPlugins: readonly Plugin[]
}

export interface Profile extends Part {
  readonly activation: Activation
}

/** When a profile is on. What is left out does not matter; all that is stated must hold. */
export interface Activation {
  readonly byDefault: boolean
  readonly jdk?: string
  readonly os?: { readonly name?: string; readonly family?: string; readonly arch?: string; readonly version?: string }
  readonly property?: { readonly name: string; readonly value?: string }
  readonly file?: { readonly exists?: string; readonly missing?: string }
}

export interface Pom extends Part {
  readonly group?: string
  readonly artifact: string
  readonly version?: string
  readonly packaging: string
  readonly parent?: Parent
  readonly profiles: readonly Profile[]
  readonly extensions: readonly Plugin[]
  readonly relocation?: { readonly group?: string; readonly artifact?: string; readonly version?: string }
  /** The comment by which Gradle knows that there is a module file beside it. */
  readonly gradle: boolean
}

/** The largest that are known have some 300 kB. */
const largest = 4 * 1024 * 1024
/** More of one kind is no descriptor. */
const most = 20_000

const marker = 'do_not_remove: published-with-gradle-metadata'

/** Throws UNREADABLE for what is no POM. */
export async function readPom(doc: Doc): Promise<Pom> {
  const refuse = (why: string, cause?: unknown): MirrorError =>
    new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url, cause })
  const bytes = await doc.bytes()
  let root: Element
  try {
    root = await parseXml(bytes, { size: largest })
  } catch (error) {
    throw error instanceof MirrorError ? refuse(error.message, error) : error
  }
  if (root.name !== 'project') throw refuse(`is no POM: its root is <${root.name.slice(0, 80)}>`)
  const relocation = child(child(root, 'distributionManagement'), 'relocation')
  const build = child(root, 'build')
  return {
    ...partOf(root),
    ...defined({ group: textAt(root, 'groupId'), version: textAt(root, 'version') }),
    artifact: textAt(root, 'artifactId') ?? '',
    packaging: textAt(root, 'packaging') ?? 'jar',
    ...parentOf(child(root, 'parent')),
    profiles: bounded(children(child(root, 'profiles'), 'profile')).map((profile) => ({
      ...partOf(profile),
      activation: activationOf(child(profile, 'activation')),
    })),
    extensions: bounded(children(child(build, 'extensions'), 'extension')).map(pluginOf),
    ...(relocation === undefined
      ? {}
      : {
          relocation: defined({
            group: textAt(relocation, 'groupId'),
            artifact: textAt(relocation, 'artifactId'),
            version: textAt(relocation, 'version'),
          }),
        }),
    gradle: Buffer.from(bytes).includes(marker),
  }
}

function partOf(element: Element): Part {
  const build = child(element, 'build')
  return {
    properties: new Map(elements(child(element, 'properties')).map((each) => [each.name, text(each) ?? ''])),
    managed: dependenciesIn(child(child(element, 'dependencyManagement'), 'dependencies')),
    dependencies: dependenciesIn(child(element, 'dependencies')),
    plugins: bounded(children(child(build, 'plugins'), 'plugin')).map(pluginOf),
    managedPlugins: bounded(children(child(child(build, 'pluginManagement'), 'plugins'), 'plugin')).map(pluginOf),
  }
}

const bounded = <T>(items: readonly T[]): readonly T[] => items.slice(0, most)

const dependenciesIn = (element: Element | undefined): readonly Dependency[] =>
  bounded(children(element, 'dependency')).map(dependencyOf)

function dependencyOf(element: Element): Dependency {
  return {
    group: textAt(element, 'groupId') ?? '',
    artifact: textAt(element, 'artifactId') ?? '',
    type: textAt(element, 'type') ?? 'jar',
    optional: textAt(element, 'optional') ?? 'false',
    exclusions: bounded(children(child(element, 'exclusions'), 'exclusion')).map((each) => ({
      group: textAt(each, 'groupId') ?? '*',
      artifact: textAt(each, 'artifactId') ?? '*',
    })),
    ...defined({
      version: textAt(element, 'version'),
      classifier: textAt(element, 'classifier'),
      scope: textAt(element, 'scope'),
    }),
  }
}

function pluginOf(element: Element): Plugin {
  return {
    group: textAt(element, 'groupId') ?? 'org.apache.maven.plugins',
    artifact: textAt(element, 'artifactId') ?? '',
    dependencies: dependenciesIn(child(element, 'dependencies')),
    ...defined({ version: textAt(element, 'version') }),
  }
}

function parentOf(element: Element | undefined): { readonly parent?: Parent } {
  if (element === undefined) return {}
  return {
    parent: {
      group: textAt(element, 'groupId') ?? '',
      artifact: textAt(element, 'artifactId') ?? '',
      version: textAt(element, 'version') ?? '',
    },
  }
}

function activationOf(element: Element | undefined): Activation {
  const os = child(element, 'os')
  const property = child(element, 'property')
  const file = child(element, 'file')
  const jdk = textAt(element, 'jdk')
  const value = textAt(property, 'value')
  return {
    byDefault: textAt(element, 'activeByDefault') === 'true',
    ...defined({ jdk }),
    ...(os && {
      os: defined({
        name: textAt(os, 'name'),
        family: textAt(os, 'family'),
        arch: textAt(os, 'arch'),
        version: textAt(os, 'version'),
      }),
    }),
    ...(property && { property: { name: textAt(property, 'name') ?? '', ...defined({ value }) } }),
    ...(file && { file: defined({ exists: textAt(file, 'exists'), missing: textAt(file, 'missing') }) }),
  }
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the members that are not there. */
const defined = <T extends Readonly<Record<string, string | undefined>>>(given: T): Defined<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>
