// Which file a type of dependency or a packaging means: https://maven.apache.org/ref/current/maven-core/artifact-handlers.html

import type { Choice } from './choose.ts'
import { filePath } from './layout.ts'

/** Packagings and types whose file is a jar. */
const jars: ReadonlySet<string> = new Set([
  ...['jar', 'maven-plugin', 'ejb', 'bundle', 'eclipse-plugin', 'hk2-jar', 'maven-archetype', 'orbit'],
  ...['java-source', 'javadoc', 'test-jar', 'ejb-client', 'jenkins-module', 'scala-jar', 'takari-jar'],
])
const classifiers: Readonly<Record<string, string>> = {
  'java-source': 'sources',
  javadoc: 'javadoc',
  'test-jar': 'tests',
  'ejb-client': 'client',
}
/** Packagings whose file ends otherwise; what is not here makes a jar. */
const others: ReadonlySet<string> = new Set([
  'war',
  'ear',
  'rar',
  'aar',
  'zip',
  'tar.gz',
  'nbm',
  'hpi',
  'so',
  'dll',
  'exe',
])

/** The path of a file; undefined where the descriptor is all there is. */
export function choicePath({ at, type, classifier }: Choice): string | undefined {
  if (type === 'pom') return undefined
  const kind = classifier ?? (Object.hasOwn(classifiers, type) ? classifiers[type] : undefined)
  return filePath(at, `${kind === undefined ? '' : `-${kind}`}.${jars.has(type) ? 'jar' : type}`)
}

/** The type of the file that a project of that packaging makes. */
export const typeOf = (packaging: string): string => (packaging === 'pom' || others.has(packaging) ? packaging : 'jar')
