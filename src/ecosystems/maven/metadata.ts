// maven-metadata.xml: the versions of an artifact, the builds of a snapshot, or the plugins of a group by their prefixes.
// https://maven.apache.org/ref/current/maven-repository-metadata/repository-metadata.html
// Read and shown by the same walk; what is shown whole keeps upstream's bytes, so that upstream's checksums fit it.

import type { Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseHttpDate } from '../../formats/http-date.ts'
import { child, children, type Element, elements, formatXml, parseXml, textAt } from '../../formats/xml.ts'
import { isSnapshot, mavenVersions } from '../../versions/maven.ts'
import { filePath, isName, isVersionText, type Listed, listedIn, metadataPath, pomPath } from './layout.ts'

/** Lists of ten thousand versions have some 500 kB. */
const largest = 8 * 1024 * 1024

interface Metadata {
  readonly root: Element
  readonly at: Listed & { readonly group: string; readonly artifact: string }
}

/** Throws UNREADABLE for what is no metadata, and for that of another artifact. */
async function parse(doc: Doc, path: string): Promise<Metadata> {
  const refuse = (why: string, cause?: unknown): MirrorError =>
    new MirrorError('UNREADABLE', `${doc.path} ${why}`, { path: doc.path, url: doc.url, cause })
  let root: Element
  try {
    root = await parseXml(await doc.bytes(), { size: largest })
  } catch (error) {
    throw error instanceof MirrorError ? refuse(error.message, error) : error
  }
  if (root.name !== 'metadata') throw refuse(`is no metadata: its root is <${root.name.slice(0, 80)}>`)
  const listed = listedIn(path)
  const at = listed.name?.lastIndexOf(':') ?? -1
  const own = { group: listed.name?.slice(0, at) ?? '', artifact: listed.name?.slice(at + 1) ?? '' }
  if (child(root, 'versioning') !== undefined) {
    if (listed.name === undefined) throw refuse('lists versions where only a group can be')
    const said = { group: textAt(root, 'groupId'), artifact: textAt(root, 'artifactId') }
    if ((said.group ?? own.group) !== own.group || (said.artifact ?? own.artifact) !== own.artifact)
      throw refuse(`speaks of another artifact, ${`${said.group}:${said.artifact}`.slice(0, 200)}`)
  }
  return { root, at: { ...listed, ...own } }
}

/** What an element of a list names; undefined for one that names nothing that can be. */
function entryOf(element: Element, { at }: Metadata): Entry | undefined {
  const { name, group, artifact, snapshot } = at
  if (name === undefined) return undefined
  if (element.name === 'version') {
    const version = element.children.join('').trim()
    if (snapshot !== undefined || !isVersionText(version)) return undefined
    const path = isSnapshot(version)
      ? metadataPath({ group, artifact }, version)
      : pomPath({ group, artifact, version })
    return { path, name, version }
  }
  if (snapshot === undefined) return undefined
  const version = element.name === 'snapshot' ? buildOf(element, snapshot) : (textAt(element, 'value') ?? '')
  const classifier = textAt(element, 'classifier')
  const extension = element.name === 'snapshot' ? 'pom' : (textAt(element, 'extension') ?? '')
  const ending = `${classifier === undefined ? '' : `-${classifier}`}.${extension}`
  const ofThis = isSnapshot(version) && version.startsWith(`${snapshot.slice(0, -'SNAPSHOT'.length)}`)
  if (!ofThis || !isVersionText(version) || !/^[-.][A-Za-z0-9_.+~-]*[A-Za-z0-9]$/.test(ending)) return undefined
  return { path: filePath({ group, artifact, version }, ending), name, version }
}

/** `1.0-20240131.123456-7`, of its timestamp and build number. */
const buildOf = (element: Element, snapshot: string): string =>
  `${snapshot.slice(0, -'SNAPSHOT'.length)}${textAt(element, 'timestamp') ?? ''}-${textAt(element, 'buildNumber') ?? ''}`

/** The elements that name files, in the order of the document. */
function named({ root }: Metadata): readonly Element[] {
  const versioning = child(root, 'versioning')
  const all = [
    ...children(child(versioning, 'versions'), 'version'),
    ...children(versioning, 'snapshot').filter((each) => textAt(each, 'timestamp') !== undefined),
    ...children(child(versioning, 'snapshotVersions'), 'snapshotVersion'),
  ]
  return all
}

/** The descriptors of the listed versions, or the files of the listed builds. */
export async function* readMetadata(doc: Doc, path: string): AsyncGenerator<Entry> {
  const metadata = await parse(doc, path)
  const said = new Set<string>()
  for (const element of named(metadata)) {
    const entry = entryOf(element, metadata)
    if (entry === undefined || said.has(entry.path)) continue
    said.add(entry.path)
    yield entry
  }
}

/** The document with what is shown of it; undefined when that is nothing. */
export async function viewMetadata(doc: Doc, path: string, show: Show): Promise<Uint8Array | undefined> {
  const metadata = await parse(doc, path)
  const listing = named(metadata)
  const kept = new Set<Element>()
  for (const element of listing) {
    const entry = entryOf(element, metadata)
    if (entry !== undefined && show.sees(entry)) kept.add(element)
  }
  for (const young of await youngest(kept, metadata, show)) kept.delete(young)
  const plugins = children(child(metadata.root, 'plugins'), 'plugin')
  for (const plugin of plugins) if (showsPlugin(plugin, path, show)) kept.add(plugin)
  const all = listing.length + plugins.length
  if (kept.size === all) return doc.bytes()
  if (kept.size === 0) return undefined
  return Buffer.from(
    formatXml(without(metadata.root, new Set([...listing, ...plugins].filter((one) => !kept.has(one))))),
  )
}

/** Descriptors that are asked how old they are. */
const mostAsked = 8

/**
 * The versions that still wait by the dates of their descriptors, where a cooldown waits at all: a list dates none of
 * its versions, and a client that chose one of them would be refused. From the newest on, until one is old enough.
 */
async function youngest(kept: ReadonlySet<Element>, metadata: Metadata, show: Show): Promise<readonly Element[]> {
  const found: Element[] = []
  const versions = [...kept].flatMap((element) => {
    const entry = element.name === 'version' ? entryOf(element, metadata) : undefined
    return entry === undefined || isSnapshot(entry.version ?? '') ? [] : { element, entry }
  })
  const newest = versions.toSorted((a, b) => mavenVersions.compare(b.entry.version ?? '', a.entry.version ?? ''))
  for (const { element, entry } of newest.slice(0, mostAsked)) {
    if (show.allows({ ...entry, published: Number.MAX_SAFE_INTEGER })) break
    const modified = await modifiedOf(entry.path, show)
    if (modified === undefined || show.allows({ ...entry, published: modified })) break
    found.push(element)
  }
  return found
}

/** When upstream got a file; undefined where it does not say or the file cannot be had now. */
async function modifiedOf(path: string, show: Show): Promise<number | undefined> {
  try {
    const modified = (await show.document(path))?.headers['last-modified']
    if (modified === undefined) return undefined
    return parseHttpDate(modified) ?? Number.MAX_SAFE_INTEGER
  } catch (error) {
    if (error instanceof MirrorError && error.code === 'NOT_HELD') return undefined
    throw error
  }
}

/** A plugin is hidden when all of it is denied. */
function showsPlugin(plugin: Element, path: string, show: Show): boolean {
  const artifact = textAt(plugin, 'artifactId') ?? ''
  const group = path.slice(0, path.lastIndexOf('/')).replaceAll('/', '.')
  return (
    isName(group, artifact) && show.allows({ path: metadataPath({ group, artifact }), name: `${group}:${artifact}` })
  )
}

/** The same tree without some elements; `latest` and `release` name what is left. */
function without(root: Element, hidden: ReadonlySet<Element>): Element {
  const versioning = child(root, 'versioning')
  const versions = children(child(versioning, 'versions'), 'version')
    .filter((one) => !hidden.has(one))
    .map((one) => one.children.join('').trim())
  const newest = (candidates: readonly string[]): string | undefined =>
    candidates.toSorted(mavenVersions.compare).at(-1)
  const pointers: Readonly<Record<string, readonly string[]>> = {
    latest: versions,
    release: versions.filter((version) => !isSnapshot(version)),
  }
  const rebuilt = (element: Element): Element => ({
    ...element,
    children: elements(element).length === 0 ? element.children : elements(element).flatMap(kept),
  })
  const kept = (element: Element): readonly Element[] => {
    if (hidden.has(element)) return []
    const candidates = pointers[element.name]
    if (candidates === undefined || !elements(versioning).includes(element)) return [rebuilt(element)]
    const stated = element.children.join('').trim()
    const version = candidates.includes(stated) ? stated : newest(candidates)
    return version === undefined ? [] : [{ ...element, children: [version] }]
  }
  return rebuilt(root)
}
