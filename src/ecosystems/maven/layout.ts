// Where things lie in a Maven repository: https://maven.apache.org/repository/layout.html
// A groupId's dots are slashes, so its parts have none; every file begins with the artifactId and the version of its folder.

import { baseVersion } from '../../versions/maven.ts'

export interface Coordinate {
  readonly group: string
  readonly artifact: string
  readonly version: string
}

/** A file of one version. */
export interface Place extends Coordinate {
  /** Of the folder: for a build of a snapshot the snapshot's own, `1.0-SNAPSHOT`. */
  readonly base: string
  /** What follows the version in the file's name: `.pom`, `-sources.jar`. */
  readonly rest: string
}

export const algorithms = ['sha512', 'sha256', 'sha1', 'md5'] as const
export type Algorithm = (typeof algorithms)[number]

const group = '[A-Za-z0-9_-]{1,128}(?:/[A-Za-z0-9_-]{1,128})*'
const artifact = '[A-Za-z0-9_.-]{1,200}'
const version = '[A-Za-z0-9_.+~-]{1,200}'
const timestamp = String.raw`[0-9]{8}\.[0-9]{6}-[0-9]{1,9}`

const anyFile = new RegExp(`^(${group})/(${artifact})/(${version})/(\\2-.+)$`)
const rest = /^(?:-[A-Za-z0-9_.+~-]+)?\.[A-Za-z0-9_.+~-]*[A-Za-z0-9]$/
const build = new RegExp(`^${timestamp}(?=[.-])`)

/** The parts of a path without its first slash; undefined when it is no file of a version. */
export function placeOf(path: string): Place | undefined {
  const [, groupPath = '', name = '', base = '', file = ''] = anyFile.exec(path) ?? []
  if (file === '') return undefined
  const of = { group: groupPath.replaceAll('/', '.'), artifact: name, base }
  const stem = `${name}-${base}`
  if (file.startsWith(stem)) return finished({ ...of, version: base, rest: file.slice(stem.length) })
  if (!base.endsWith('-SNAPSHOT')) return undefined
  const start = stem.slice(0, -'SNAPSHOT'.length)
  if (!file.startsWith(start)) return undefined
  const [built] = build.exec(file.slice(start.length)) ?? []
  if (built === undefined) return undefined
  return finished({
    ...of,
    version: `${base.slice(0, -'SNAPSHOT'.length)}${built}`,
    rest: file.slice(start.length + built.length),
  })
}

const finished = (place: Place): Place | undefined => (rest.test(place.rest) ? place : undefined)

const isMutable = ({ version: own }: Place): boolean => own.endsWith('-SNAPSHOT')

const secondary = /\.(?:asc|sha512|sha256|sha1|md5)$/

/** A file of a release or of a build: it never changes. */
export const isFile = (path: string): boolean => {
  const place = placeOf(path)
  return place !== undefined && !isMutable(place) && !secondary.test(path)
}
const isPom = (path: string): boolean => isFile(path) && placeOf(path)?.rest === '.pom'
/** A file under the name of its snapshot: the newest build, as old repositories have it. */
export const isSnapshotFile = (path: string): boolean => {
  const place = placeOf(path)
  return place !== undefined && isMutable(place) && !secondary.test(path)
}

/** Can a repository have that path, with its first slash, for a file or a list? */
export const canBe = (path: string): boolean => {
  const bare = path.slice(1)
  return path.startsWith('/') && (placeOf(bare) !== undefined || isMetadata(bare))
}

const folder = new RegExp(`^${group}(?:/${artifact}(?:/${version}-SNAPSHOT)?)?$`)
const metadataFile = '/maven-metadata.xml'

export const isMetadata = (path: string): boolean =>
  path.endsWith(metadataFile) && folder.test(path.slice(0, -metadataFile.length))

/** A list of versions, of builds of a snapshot, or of a group's plugins: which, its path does not always tell. */
export interface Listed {
  /** Of the artifact, as policy knows it; left out of a group with one part. */
  readonly name?: string
  /** The snapshot whose builds it lists. */
  readonly snapshot?: string
}

export function listedIn(path: string): Listed {
  const parts = path.slice(0, -metadataFile.length).split('/')
  const snapshot = parts.length > 2 && parts.at(-1)?.endsWith('-SNAPSHOT') === true ? parts.pop() : undefined
  const own = parts.pop()
  if (parts.length === 0 || own === undefined) return {}
  return { name: `${parts.join('.')}:${own}`, ...(snapshot === undefined ? {} : { snapshot }) }
}

export const nameOf = ({ group: of, artifact: own }: Pick<Coordinate, 'group' | 'artifact'>): string => `${of}:${own}`

/** A file of a version, with the slash that begins it: `rest` is `.pom`, `-sources.jar`. */
export const filePath = (at: Coordinate, ending: string): string =>
  `${artifactFolder(at)}/${baseVersion(at.version)}/${at.artifact}-${at.version}${ending}`

const artifactFolder = ({ group: of, artifact: own }: Pick<Coordinate, 'group' | 'artifact'>): string =>
  `/${of.replaceAll('.', '/')}/${own}`

export const pomPath = (at: Coordinate): string => filePath(at, '.pom')

/** The list of an artifact's versions, or of a snapshot's builds. */
export const metadataPath = (at: Pick<Coordinate, 'group' | 'artifact'>, snapshot?: string): string =>
  `${artifactFolder(at)}${snapshot === undefined ? '' : `/${snapshot}`}${metadataFile}`

/** The prefixes of a group's plugins. */
export const groupMetadataPath = (of: string): string => `/${of.replaceAll('.', '/')}${metadataFile}`

/** Where the mirror keeps a checksum as upstream has it; what clients get is made of the file itself. */
export const checksumPath = (algorithm: string, path: string): string => `/.checksums/${algorithm}${path}`

const identifiers = {
  group: /^[A-Za-z0-9_-]{1,128}(?:\.[A-Za-z0-9_-]{1,128})*$/,
  artifact: new RegExp(`^${artifact}$`),
}
const versionText = new RegExp(`^${version}$`)

/** Can there be such an artifact? */
export const isName = (of: string, own: string): boolean =>
  identifiers.group.test(of) && identifiers.artifact.test(own) && !/^\.+$/.test(own)

/** Can a folder have that name, and so a version? */
export const isVersionText = (text: string): boolean => versionText.test(text) && !/^\.+$/.test(text)

/** What the routes' paths must be, without their first slash and without what a pattern has at its end. */
export const where = {
  checked: { test: (path: string) => isFile(path) || isSnapshotFile(path) || isMetadata(path) || isSignature(path) },
  file: { test: isFile },
  pom: { test: (stem: string) => isPom(`${stem}.pom`) },
  snapshot: { test: isSnapshotFile },
  signed: { test: (path: string) => isFile(path) || isSnapshotFile(path) },
  metadata: { test: (path: string) => isMetadata(`${path}${metadataFile}`) },
}

function isSignature(path: string): boolean {
  const signed = path.endsWith('.asc') ? path.slice(0, -'.asc'.length) : ''
  return isFile(signed) || isSnapshotFile(signed)
}
