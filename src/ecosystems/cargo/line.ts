// One line of an index file: one version of a crate, as JSON.
// https://doc.rust-lang.org/cargo/reference/registry-index.html#json-schema

import * as v from 'valibot'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { isCargoVersion } from '../../versions/cargo.ts'

const text = v.pipe(v.string(), v.maxLength(4096))
const features = v.nullish(v.record(text, v.array(text)))

const dependency = v.pipe(
  v.object({
    name: text,
    req: text,
    features: v.nullish(v.array(text)),
    optional: v.nullish(v.boolean()),
    default_features: v.nullish(v.boolean()),
    target: v.nullish(text),
    kind: v.nullish(v.picklist(['normal', 'build', 'dev'])),
    package: v.nullish(text),
    registry: v.nullish(text),
  }),
  v.transform((given) => ({
    name: given.name,
    req: given.req,
    features: given.features ?? [],
    optional: given.optional ?? false,
    default_features: given.default_features ?? true,
    kind: given.kind ?? ('normal' as const),
    ...(given.target == null ? {} : { target: given.target }),
    ...(given.package == null ? {} : { package: given.package }),
    ...(given.registry == null ? {} : { registry: given.registry }),
  })),
)

const line = v.object({
  name: text,
  vers: v.pipe(v.string(), v.check(isCargoVersion)),
  deps: v.array(dependency),
  // Cargo compares texts: upper-case hex would never fit.
  cksum: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  features,
  features2: features,
  yanked: v.nullish(v.boolean()),
  links: v.nullish(text),
  rust_version: v.nullish(text),
  v: v.nullish(v.number()),
  pubtime: v.optional(v.unknown()),
})

export type Dependency = v.InferOutput<typeof dependency>

/** What an entry carries beyond its file: plain JSON. */
export interface Release {
  readonly deps: readonly Dependency[]
  /** By feature, with `features2` merged in. */
  readonly features: Readonly<Record<string, readonly string[]>>
  readonly yanked: boolean
  readonly links?: string
  readonly rust_version?: string
  /** Schema of the line; Cargo leaves out those that it does not know. */
  readonly v: number
}

export interface Line {
  readonly name: string
  readonly version: string
  readonly checksum: string
  /** Milliseconds since 1970; left out when the line has none. */
  readonly published?: number
  readonly release: Release
  /** The object as parsed, to write it again with a change. */
  readonly json: JsonObject
}

/** Lines have four levels; what is much deeper is made to hurt whoever walks it. */
const deepest = 16
const shallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((each) => shallow(each, levels - 1)))

/** `2025-11-24T09:14:46Z` (RFC 3339, UTC). What is there but is no time counts as "not published yet", so that a cooldown holds it. */
function published(pubtime: unknown): number | undefined {
  if (pubtime === undefined || pubtime === null) return undefined
  if (typeof pubtime !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(pubtime))
    return Number.MAX_SAFE_INTEGER
  const time = Date.parse(pubtime)
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time
}

/** Null-prototype, because feature names are the author's. */
function merge(...given: v.InferOutput<typeof features>[]): Release['features'] {
  const merged: Record<string, readonly string[]> = Object.create(null)
  for (const each of given)
    for (const [feature, values] of Object.entries(each ?? {}))
      merged[feature] = [...(merged[feature] ?? []), ...values]
  return merged
}

/** Undefined when the text is not such a line. */
export function parseLine(text: string): Line | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(json) || !shallow(json, deepest)) return undefined
  const parsed = v.safeParse(line, json)
  if (!parsed.success) return undefined
  const { name, vers, deps, cksum, yanked, links, rust_version, pubtime } = parsed.output
  const time = published(pubtime)
  return {
    name,
    version: vers,
    checksum: cksum,
    ...(time === undefined ? {} : { published: time }),
    release: {
      deps,
      features: merge(parsed.output.features, parsed.output.features2),
      yanked: yanked ?? false,
      ...(links == null ? {} : { links }),
      ...(rust_version == null ? {} : { rust_version }),
      v: parsed.output.v ?? 1,
    },
    json,
  }
}

/** The same line, marked so that resolvers pass it over and lockfiles that name it still work. */
export const yankedLine = (line: Line): string => JSON.stringify({ ...line.json, yanked: true })
