// Keys that hold lists and maps, and those of a repository: words, an example and the JSON schema of each. They have no
// flag and no variable.

import { type Key, networkKeys, policyKeys } from './keys.ts'
import * as kind from './kinds.ts'

export interface Structure {
  readonly doc: string
  /** As it may stand in a file, indented from zero. */
  readonly example: string
  readonly schema: kind.JsonSchema
}

const text = { type: 'string' }
const texts = { anyOf: [text, { type: 'array', items: text }] }
const open = { type: 'object' }
const closed = (properties: kind.JsonSchema, required: readonly string[] = []): kind.JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const listOf = (...items: readonly kind.JsonSchema[]): kind.JsonSchema => ({ type: 'array', items: { anyOf: items } })
const byName = (value: kind.JsonSchema): kind.JsonSchema => ({ type: 'object', additionalProperties: value })

const item = {
  type: 'object',
  properties: {
    name: text,
    version: { type: ['string', 'number'] },
    range: { type: ['string', 'number'] },
    tags: text,
    keep: kind.whole(1).schema,
    dependencies: kind.truth.schema,
    follow: texts,
    url: text,
    repo: text,
  },
}
const age = kind.duration().schema
const baseline = { enum: ['allow', 'wait'] }
const cooldown = (more: kind.JsonSchema): kind.JsonSchema => ({
  anyOf: [age, closed({ default: age, packages: byName(age), baseline, ...more })],
})
const rule = closed(
  {
    match: text,
    policy: { enum: ['immutable', 'pinned', 'revalidate', 'bypass'] },
    fresh_for: kind.freshness.schema,
    expire_after: kind.span.schema,
  },
  ['match'],
)
const credential = closed({
  url: kind.address.schema,
  bearer: text,
  username: text,
  password: text,
  authorization: text,
  headers: byName(text),
})

export const repositoryStructures = {
  credentials: {
    doc: 'For its upstreams, or for the addresses under `url`: `{bearer}`, `{username, password}`, `{authorization}` or `{headers}`; one or a list.',
    example: `{ bearer: "\${NPM_TOKEN}" }`,
    schema: { anyOf: [credential, listOf(credential)] },
  },
  sources: {
    doc: 'In place of `upstream`: addresses and names of repositories, asked in this order; a name stays with the first that has it. `{from, only, not}` limits a source to names (globs), and `only` reserves them for it.',
    example: '[{ from: "https://pypi.example.org", only: ["corp-*"] }, pypi]',
    schema: listOf(text, closed({ from: text, only: texts, not: texts }, ['from'])),
  },
  cooldown: { doc: 'A duration, or `{default, packages, baseline}`.', example: '3d', schema: cooldown({}) },
  allow: { doc: 'As in `policy`, and added to it.', example: '["pkg:npm/@corp/*"]', schema: texts },
  deny: { doc: 'As in `policy`, and added to it.', example: '["pkg:npm/left-pad"]', schema: texts },
  rules: {
    doc: 'As in `policy`, and overriding it.',
    example: '[{ match: "/**", fresh_for: 1h }]',
    schema: listOf(rule),
  },
} as const satisfies Record<string, Structure>

const single = <T>(of: kind.Kind<T>, doc: string): Key<T | undefined> => ({ kind: of, default: undefined, doc })

/** Keys with one value that only a repository has. */
export const repositoryKeys = {
  ecosystem: single(kind.word, 'Which protocol it speaks; needed for a repository that is not built in.'),
  upstream: single(kind.several(kind.address), 'Its address; several are equal mirrors, the preferred one first.'),
  enabled: single(kind.truth, '`false` leaves it out.'),
  mount: single(kind.mount, 'Where it is served; `/NAME` when left out.'),
  listen: single(
    kind.several(kind.listen),
    'Addresses at which it is served by itself too, for clients that know no path: `HOST:PORT`.',
  ),
  allow_hosts: single(
    kind.several(kind.host),
    'Hosts that its documents and redirects may point to; `*` is every public one.',
  ),
  keyring: single(kind.several(kind.keyring), 'Keys it is signed with: names of shipped keyrings, or paths.'),
}

/** Nested schema properties of dotted names. */
export function properties(
  declared: Readonly<Record<string, { readonly doc: string; readonly schema: kind.JsonSchema }>>,
): kind.JsonSchema {
  const found = new Map<string, kind.JsonSchema>()
  const groups = new Map<string, Record<string, { doc: string; schema: kind.JsonSchema }>>()
  for (const [name, { doc, schema }] of Object.entries(declared)) {
    const [first = '', ...rest] = name.split('.')
    if (rest.length === 0) found.set(first, { ...schema, description: doc })
    else groups.set(first, { ...groups.get(first), [rest.join('.')]: { doc, schema } })
  }
  for (const [name, group] of groups) found.set(name, closed(properties(group)))
  return Object.fromEntries(found)
}

export const flat = (declared: Readonly<Record<string, Key<unknown>>>) =>
  Object.fromEntries(Object.entries(declared).map(([name, { doc, kind: of }]) => [name, { doc, schema: of.schema }]))

// The ecosystem's own options stand beside these, so other keys are let through here; the loader knows them.
const repository = {
  type: ['object', 'null'],
  properties: properties({
    ...flat(repositoryKeys),
    ...flat(networkKeys),
    ...flat(policyKeys),
    ...repositoryStructures,
  }),
}

export const structures = {
  packages: {
    doc: "Package lists by repository: texts in the ecosystem's own syntax, or `{name, version, keep, dependencies: false, follow, …}`.",
    example: 'npm: ["react@^19", { name: vite, version: latest, keep: 3, dependencies: false }]',
    schema: byName({ anyOf: [text, listOf(text, item, { type: 'number' })] }),
  },
  images: {
    doc: 'Container images, as texts (with the host of a registry that is mirrored, or without) or `{repo, name, tags, keep, …}`.',
    example: '["library/alpine:3.22", { name: library/debian, tags: "^12 || stable-slim", keep: 2 }]',
    schema: listOf(text, item),
  },
  roots: {
    doc: "Whole or filtered repositories: `{repo, …}` with the ecosystem's own filters.",
    example: '[{ repo: debian, suites: [bookworm], components: [main], architectures: [amd64] }]',
    schema: listOf(text, { ...open, required: ['repo'] }),
  },
  lockfiles: {
    doc: 'Globs of lockfiles, relative to the file.',
    example: '["../services/*/package-lock.json"]',
    schema: texts,
  },
  platforms: {
    doc: 'Machines that packages are wanted for: `linux-x64-glibc`, or `{os, cpu, libc, python}`. All, when left out.',
    example: '[linux-x64-glibc, { os: linux, cpu: arm64, python: "3.13" }]',
    schema: listOf(text, closed({ os: text, cpu: text, libc: text, python: { type: ['string', 'number'] } })),
  },
  repositories: {
    doc: 'What differs from the built-in repositories, and further ones, by name.',
    example: 'corp: { ecosystem: npm, upstream: "https://registry.example.org", mount: /corp }',
    schema: byName(repository),
  },
  'keep.pinned': {
    doc: 'Packages that gc leaves, whatever the rules of `keep` say and also when they expire, as purl patterns.',
    example: '["pkg:npm/react@^18", "pkg:deb/debian/*"]',
    schema: texts,
  },
  'policy.cooldown': {
    doc: 'A duration, or `{default, ecosystems, repositories, packages, baseline: allow|wait}`: how old a version has to be before it is shown.',
    example: '{ default: 3d, ecosystems: { npm: 7d }, packages: { "pkg:npm/@corp/*": 0d } }',
    schema: cooldown({ ecosystems: byName(age), repositories: byName(age) }),
  },
  'policy.allow': {
    doc: 'When given, only packages that one of these purl patterns names.',
    example: '["pkg:npm/*"]',
    schema: texts,
  },
  'policy.deny': {
    doc: 'Packages that are never shown, as purl patterns; a range holds the pre-releases within its bounds too.',
    example: '["pkg:npm/left-pad@<1.3"]',
    schema: texts,
  },
  'policy.rules': {
    doc: 'Freshness by path: `{match: GLOB, policy: immutable|pinned|revalidate|bypass, fresh_for, expire_after}`; all that match apply, a later one overrides an earlier one.',
    example: '[{ match: "/dists/**", fresh_for: 1h }]',
    schema: listOf(rule),
  },
} as const satisfies Record<string, Structure>
