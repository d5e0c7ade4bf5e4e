// A packument as clients see it: hidden versions gone from every place that names them, tags repaired, addresses ours.
// Two forms of one document: the full one, and the abbreviated one of installers, here with `time` added since pnpm
// asks for it. Abbreviated fields: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md

import type { Bytes, Doc, Entry, Kept, Repo, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { standIn } from './latest.ts'
import { attestationsPath, encoded } from './names.ts'
import type { NpmOptions } from './options.ts'
import { objectOr, type Packument, parsePackument, publishedAt, type Version, versionEntry } from './packument.ts'
import { type Change, type Site, splice } from './splice.ts'

export const fullType = 'application/json'
export const abbreviatedType = 'application/vnd.npm.install-v1+json'

/** The body for clients; undefined when no version is shown. */
export function showPackument(packument: Packument, shown: readonly Kept<Version>[], show: Show): Bytes | undefined {
  if (shown.length === 0) return undefined
  const visible = visibleOf(packument, shown)
  if (show.type === abbreviatedType) return abbreviated(visible, show.base)
  return spliced(visible, show.base) ?? encode(full(visible, show.base), packument.name)
}

/** One version or dist-tag, as `/:name/:version` shows it. */
export async function showVersion(
  doc: Doc,
  show: Show,
  p: { readonly name: string; readonly version: string },
  repo: Repo<NpmOptions>,
): Promise<Uint8Array | undefined> {
  const { shown, tags, packument } = await visibleIn(doc, show, p.name, repo)
  const version = shown.has(p.version) ? p.version : tags.find(([tag]) => tag === p.version)?.[1]
  const kept = version === undefined ? undefined : shown.get(version)
  return kept && encode(manifest(kept, packument.name, show.base), packument.name)
}

/** The dist-tags, as `/-/package/:name/dist-tags` shows them. */
export async function showTags(
  doc: Doc,
  show: Show,
  name: string,
  repo: Repo<NpmOptions>,
): Promise<Uint8Array | undefined> {
  const { shown, tags } = await visibleIn(doc, show, name, repo)
  return shown.size === 0 ? undefined : encode(Object.fromEntries(tags), name)
}

interface Visible {
  readonly packument: Packument
  /** By version, in the document's order. */
  readonly shown: ReadonlyMap<string, Kept<Version>>
  readonly tags: readonly (readonly [string, string])[]
  /** The document lists no other version and every tag stands as it is. */
  readonly whole: boolean
}

async function visibleIn(doc: Doc, show: Show, name: string, repo: Repo<NpmOptions>): Promise<Visible> {
  const packument = parsePackument(await doc.bytes(), doc, name)
  const shown: Kept<Version>[] = []
  for (const item of packument.versions) {
    const entry = versionEntry(item, packument, repo)
    if (show.sees(entry)) shown.push({ item, entry })
  }
  return visibleOf(packument, shown)
}

function visibleOf(packument: Packument, kept: readonly Kept<Version>[]): Visible {
  const shown = new Map(kept.map((one) => [one.item.version, one]))
  const { tags, unchanged, latest } = tagsAmong(packument.document['dist-tags'], shown)
  const instead = latest ? undefined : standIn(kept.map(({ item }) => item))
  return {
    packument,
    shown,
    tags: instead === undefined ? tags : [['latest', instead.version], ...tags],
    whole: unchanged && latest && shown.size === packument.listed,
  }
}

/** The tags of versions that are shown: are these all of them, and is `latest` among them? */
export function tagsAmong(stated: unknown, shown: { has(version: string): boolean }) {
  const all = Object.entries(objectOr(stated))
  const tags: (readonly [string, string])[] = []
  for (const [tag, version] of all) if (typeof version === 'string' && shown.has(version)) tags.push([tag, version])
  return { tags, unchanged: tags.length === all.length, latest: tags.some(([tag]) => tag === 'latest') }
}

/** Members that speak of versions outside `versions`: none of them is judged, so none is shown. */
export const neverShown = ['_attachments', 'stagedVersions', 'policyRestrictions'] as const
/** Members that belong to the newest version, or change with every one. */
const shownWhole = ['_rev', 'readme', 'readmeFilename'] as const

function full(visible: Visible, base: string): JsonObject {
  const { packument, shown, tags, whole } = visible
  const dropped = new Set<string>(whole ? neverShown : [...neverShown, ...shownWhole])
  const members: [string, unknown][] = []
  for (const [key, value] of Object.entries(packument.document)) {
    if (key === 'dist-tags') members.push([key, Object.fromEntries(tags)])
    else if (key === 'versions') members.push([key, versions(shown, (one) => manifest(one, packument.name, base))])
    else if (key === 'time') members.push([key, times(visible)])
    else if (!dropped.has(key)) members.push([key, value])
  }
  if (!Object.hasOwn(packument.document, 'dist-tags')) members.push(['dist-tags', Object.fromEntries(tags)])
  return Object.fromEntries(members)
}

const installFields = new Set([
  ...['name', 'version', 'deprecated', 'dependencies', 'optionalDependencies', 'devDependencies', 'bundleDependencies'],
  ...['bundledDependencies', 'peerDependencies', 'peerDependenciesMeta', 'acceptDependencies', 'bin', 'directories'],
  ...['dist', 'engines', 'os', 'cpu', 'libc', 'funding', 'hasInstallScript', '_hasShrinkwrap'],
])

/** `versions` stand first, so that they can be written while the rest of the document still arrives. */
function abbreviated(visible: Visible, base: string): Uint8Array {
  const { packument, shown, tags } = visible
  const document = {
    name: packument.name,
    versions: versions(shown, (one) => installManifest(one, packument.name, base)),
    ...abbreviatedRest(packument.document, times(visible), tags),
  }
  return encode(document, packument.name, withoutMarkup)
}

/** What stands behind the versions. */
export function abbreviatedRest(
  { modified: stated }: JsonObject,
  time: JsonObject | undefined,
  tags: readonly (readonly [string, string])[],
): JsonObject {
  const modified = time === undefined ? stated : time.modified
  return {
    'dist-tags': Object.fromEntries(tags),
    ...(typeof modified === 'string' ? { modified } : {}),
    ...(time === undefined ? {} : { time }),
  }
}

/** A static tree has these bytes as index.html too: no text of a package may become markup there. */
export const withoutMarkup = (text: string): string => text.replaceAll('<', '\\u003c')

const versions = (shown: Visible['shown'], show: (one: Kept<Version>) => JsonObject): JsonObject =>
  Object.fromEntries([...shown].map(([version, one]) => [version, show(one)]))

/** As much of a version as its own part of a document takes. */
export interface Placed {
  readonly item: Pick<Version, 'version' | 'manifest' | 'dist' | 'tarball'>
  readonly entry: Pick<Entry, 'path'>
}

function manifest({ item, entry }: Placed, name: string, base: string): JsonObject {
  return { ...item.manifest, dist: dist(item, entry.path, name, base) }
}

export function installManifest(kept: Placed, name: string, base: string): JsonObject {
  const fields = Object.entries(manifest(kept, name, base)).filter(([key]) => installFields.has(key))
  const { hasInstallScript, scripts } = kept.item.manifest
  if (hasInstallScript === undefined && runsOnInstall(scripts)) fields.push(['hasInstallScript', true])
  return Object.fromEntries(fields)
}

function runsOnInstall(scripts: unknown): boolean {
  if (!isObject(scripts)) return false
  return ['preinstall', 'install', 'postinstall'].some((stage) => typeof scripts[stage] === 'string')
}

function dist(version: Placed['item'], path: string, name: string, base: string): JsonObject {
  const { attestations } = version.dist
  return {
    ...version.dist,
    tarball: base + encoded(path),
    ...(isObject(attestations) ? { attestations: { ...attestations, url: attestationsUrl(version, name, base) } } : {}),
  }
}

const attestationsUrl = (version: Pick<Version, 'version'>, name: string, base: string): string =>
  base + encoded(attestationsPath(name, version.version))

/** `time` without the versions that are not shown; `modified` is then that of the newest one that is. */
function times({ packument, shown }: Visible): JsonObject | undefined {
  const { time, versions: listed } = packument.document
  const all = objectOr(listed)
  return timesAmong(time, { size: packument.listed, has: (version) => Object.hasOwn(all, version) }, shown)
}

interface Names {
  readonly size: number
  has(version: string): boolean
}

export function timesAmong(
  time: unknown,
  listed: Names,
  shown: Names & { keys(): Iterable<string> },
): JsonObject | undefined {
  if (!isObject(time)) return undefined
  const kept = Object.entries(time).filter(
    ([key]) => shown.has(key) || key === 'created' || key === 'modified' || (key !== 'unpublished' && !listed.has(key)),
  )
  if (shown.size === listed.size) return Object.fromEntries(kept)
  const newest = newestOf(time, shown.keys())
  return Object.fromEntries(
    kept
      .filter(([key]) => key !== 'modified' || newest !== undefined)
      .map(([key, text]) => [key, key === 'modified' ? newest : text]),
  )
}

function newestOf(time: JsonObject, shownVersions: Iterable<string>): unknown {
  let newest: string | undefined
  for (const version of shownVersions) {
    const published = publishedAt(time, version)
    if (published === undefined) continue
    if (newest === undefined || published > (publishedAt(time, newest) ?? 0)) newest = version
  }
  return newest === undefined ? undefined : time[newest]
}

/** The document's own bytes with just the addresses changed, which is all that most documents need. */
function spliced({ packument, shown, whole }: Visible, base: string): Uint8Array | undefined {
  if (!whole || neverShown.some((key) => Object.hasOwn(packument.document, key))) return undefined
  const sites = addressSites(packument.name, shown.values(), base)
  return sites && splice(packument.bytes, sites)
}

/** Where the addresses of these versions are to be found, and what comes in their place; undefined where that cannot be told. */
export function addressSites(name: string, all: Iterable<Placed>, base: string): readonly Site[] | undefined {
  const tarballs: Change[] = []
  const attestations: Change[] = []
  for (const { item, entry } of all) {
    tarballs.push({ from: item.tarball, to: base + encoded(entry.path) })
    if (!isObject(item.dist.attestations)) continue
    const { url } = item.dist.attestations
    if (typeof url !== 'string') return undefined
    attestations.push({ from: url, to: attestationsUrl(item, name, base) })
  }
  return [
    { keys: ['tarball'], changes: tarballs },
    { keys: ['attestations', 'url'], changes: attestations },
  ]
}

function encode(value: unknown, name: string, finish = (text: string) => text): Uint8Array {
  try {
    return Buffer.from(finish(JSON.stringify(value)))
  } catch (cause) {
    throw new MirrorError('UNREADABLE', `the packument of ${name} is nested too deeply`, { name, cause })
  }
}
