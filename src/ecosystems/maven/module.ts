// Gradle's own descriptor beside a POM: variants with their dependencies, files, and modules that they are available at.
// https://github.com/gradle/gradle/blob/master/platforms/documentation/docs/src/docs/design/gradle-module-metadata-latest-specification.md

import * as v from 'valibot'
import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import type { Edge } from './model.ts'

const word = v.pipe(v.string(), v.maxLength(512))

const version = v.object({ requires: v.optional(word), strictly: v.optional(word), prefers: v.optional(word) })
const dependency = v.object({
  group: word,
  module: word,
  version: v.optional(version),
  excludes: v.optional(v.array(v.object({ group: v.optional(word), module: v.optional(word) }))),
})
const schema = v.object({
  variants: v.optional(
    v.array(
      v.object({
        attributes: v.optional(v.record(word, v.unknown())),
        dependencies: v.optional(v.array(dependency)),
        dependencyConstraints: v.optional(v.array(dependency)),
        files: v.optional(v.array(v.object({ url: word }))),
        'available-at': v.optional(v.object({ group: word, module: word, version: word })),
      }),
    ),
    [],
  ),
})

export interface Module {
  readonly edges: readonly Edge[]
  /** What counts for a module that something else needs. */
  readonly constraints: readonly Edge[]
  /** Names of files in the module's own folder. */
  readonly files: readonly string[]
}

/** The largest that are known have some 500 kB. */
const largest = 8 * 1024 * 1024

/** What of a module file builds for the JVM may ask for. Throws UNREADABLE for what is none. */
export async function readModule(doc: Doc): Promise<Module> {
  const refuse = (why: string, cause?: unknown): MirrorError =>
    new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url, cause })
  if (doc.size > largest) throw refuse(`has ${doc.size} bytes`)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await doc.bytes()))
  } catch (cause) {
    throw refuse('is not JSON', cause)
  }
  const parsed = v.safeParse(schema, Array.isArray(json) ? undefined : json)
  if (!parsed.success) throw refuse(`is no module file: ${parsed.issues[0].message}`)
  const edges: Edge[] = []
  const constraints: Edge[] = []
  const files = new Set<string>()
  for (const variant of parsed.output.variants) {
    if (!isForJvm(variant.attributes ?? {})) continue
    edges.push(...(variant.dependencies ?? []).flatMap(edgeOf))
    constraints.push(...(variant.dependencyConstraints ?? []).flatMap(edgeOf))
    const elsewhere = variant['available-at']
    if (elsewhere !== undefined) {
      edges.push(...edgeOf({ ...elsewhere, version: { requires: elsewhere.version } }))
    }
    for (const { url } of variant.files ?? []) if (!url.includes('/')) files.add(url)
  }
  return { edges, constraints, files: [...files] }
}

const usages: ReadonlySet<unknown> = new Set([undefined, 'java-api', 'java-runtime'])
const platforms: ReadonlySet<unknown> = new Set([undefined, 'jvm', 'androidJvm'])

/** Variants of libraries and platforms for the JVM; documentation and native code are left out. */
function isForJvm(attributes: Readonly<Record<string, unknown>>): boolean {
  return (
    usages.has(attributes['org.gradle.usage']) &&
    platforms.has(attributes['org.jetbrains.kotlin.platform.type']) &&
    attributes['org.gradle.category'] !== 'documentation' &&
    attributes['org.gradle.jvm.environment'] !== 'android'
  )
}

function edgeOf({ group, module, version: stated, excludes = [] }: v.InferOutput<typeof dependency>): readonly Edge[] {
  const wanted = stated?.strictly ?? stated?.requires ?? stated?.prefers
  if (wanted === undefined) return []
  return [
    {
      group,
      artifact: module,
      version: wanted,
      type: 'jar',
      scope: 'runtime',
      optional: false,
      exclusions: excludes.map((each) => ({ group: each.group ?? '*', artifact: each.module ?? '*' })),
    },
  ]
}
