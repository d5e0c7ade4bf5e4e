// Maven repositories: descriptors, files and lists under paths made of their coordinates, a checksum beside each.
// https://maven.apache.org/repository/layout.html

import { type Doc, type Ecosystem, type Entry, type Route, route } from '../../contract.ts'
import { parseHttpDate } from '../../formats/http-date.ts'
import { mavenVersions } from '../../versions/maven.ts'
import { checksumHeaders, checksumsOf, makeChecksum, mustAgree, readUpstream } from './checksums.ts'
import { closure } from './closure.ts'
import {
  type Algorithm,
  algorithms,
  isMetadata,
  listedIn,
  metadataPath,
  nameOf,
  placeOf,
  pomPath,
  where,
} from './layout.ts'
import { made } from './made.ts'
import { readMetadata, viewMetadata } from './metadata.ts'
import { type MavenOptions, mavenOptions } from './options.ts'
import { setup } from './setup.ts'
import { checkForm, checkSignature } from './signatures.ts'
import { want } from './want.ts'

/** A path without its first slash, as the patterns below have it. */
interface AnyPath {
  readonly path: string
}
type Declared = Route<AnyPath, MavenOptions>

/** What a path tells: the artifact and, unless it is a list, the version. */
function known({ path }: AnyPath): Partial<Entry> {
  if (isMetadata(path)) {
    const { name, snapshot } = listedIn(path)
    return name === undefined ? {} : { name, ...(snapshot === undefined ? {} : { version: snapshot }) }
  }
  const place = placeOf(path.endsWith('.asc') ? path.slice(0, -'.asc'.length) : path)
  return place === undefined ? {} : { name: nameOf(place), version: place.version }
}

/** A version is dated by the list that names it and by its descriptor; a list of builds by that of versions. */
function dates({ path }: AnyPath): readonly string[] {
  if (isMetadata(path)) {
    const { name = '', snapshot } = listedIn(path)
    const [group = '', artifact = ''] = name.split(':')
    return snapshot === undefined ? [] : [metadataPath({ group, artifact })]
  }
  const place = placeOf(path.endsWith('.asc') ? path.slice(0, -'.asc'.length) : path)
  if (place === undefined) return []
  const { group, artifact, version, base } = place
  if (version === base && base.endsWith('-SNAPSHOT')) return [metadataPath(place, base)]
  const list = metadataPath({ group, artifact }, base.endsWith('-SNAPSHOT') ? base : undefined)
  const pom = pomPath(place)
  return `/${path}` === pom ? [list] : [list, pom]
}

/** When the registry got a descriptor, where it says so: nobody else dates single versions. */
async function* readDescriptor(doc: Doc, p: AnyPath): AsyncGenerator<Entry> {
  const modified = doc.headers['last-modified']
  if (modified === undefined) return
  const { name = '', version = '' } = known({ path: `${p.path}.pom` })
  yield { path: doc.path, name, version, published: parseHttpDate(modified) ?? Number.MAX_SAFE_INTEGER }
}

/** Files that never change: all that upstream has of their checksums must fit them. */
const file: Declared = {
  kind: 'artifact',
  known,
  dates,
  vouchers: ({ path }, repo) => checksumsOf(`/${path}`, repo),
  hashes: algorithms,
  check: (doc, _p, repo, trust) => checkSignature(doc, repo, trust),
  headers: ({ digests }) => checksumHeaders(digests),
}

/** Documents that change are compared with the checksums that come along. */
const changing: Declared = {
  kind: 'index',
  known,
  beside: ({ path }, repo) => checksumsOf(`/${path}`, repo) ?? [],
  hashes: algorithms,
  check: (doc, _p, repo) => mustAgree(doc, repo),
  headers: ({ digests }) => checksumHeaders(digests),
}

/** The same for a pattern that has the end of the path itself. */
function ending(declared: Declared, end: string): Declared {
  const whole = ({ path }: AnyPath): AnyPath => ({ path: `${path}${end}` })
  const { known: knows, dates: datesOf, vouchers, beside } = declared
  return {
    ...declared,
    ...(knows && { known: (p) => knows(whole(p)) }),
    ...(datesOf && { dates: (p, repo) => datesOf(whole(p), repo) }),
    ...(vouchers && { vouchers: (p, repo) => vouchers(whole(p), repo) }),
    ...(beside && { beside: (p, repo, type) => beside(whole(p), repo, type) }),
  }
}

const checksumFile = (algorithm: Algorithm) =>
  route(`/:path+.${algorithm}`, {
    kind: 'made',
    where: { path: where.checked },
    known,
    dates,
    types: ['text/plain'],
    view: (_doc, show, { path }) => makeChecksum(path, algorithm, show),
  })

const central = 'https://repo.maven.apache.org/maven2'

export const maven: Ecosystem<MavenOptions> = {
  id: 'maven',
  title: 'Maven, Gradle, sbt (Java)',
  purl: 'maven',
  aliases: ['mvn', 'gradle', 'java', 'sbt'],
  repos: [
    {
      name: 'maven',
      upstreams: [central],
      also: [
        'http://repo.maven.apache.org/maven2',
        'https://repo1.maven.org/maven2',
        'http://repo1.maven.org/maven2',
        'https://repo.maven.apache.org/maven2/',
      ],
    },
  ],
  options: mavenOptions,
  routes: [
    // Checksums as upstream has them; clients ask for those that are made below.
    route('/.checksums/:algorithm/:path+', {
      kind: 'index',
      where: { algorithm: /^(?:sha512|sha256|sha1|md5)$/, path: where.checked },
      known: ({ path }) => known({ path }),
      upstream: ({ algorithm, path }) => `/${path}.${algorithm}`,
      read: readUpstream,
      files: () => [],
    }),
    ...algorithms.map(checksumFile),
    route('/:path+.asc', {
      kind: 'index',
      where: { path: where.signed },
      known,
      dates,
      hashes: algorithms,
      check: checkForm,
      headers: ({ digests }) => checksumHeaders(digests),
    }),
    route('/:path+/maven-metadata.xml', {
      ...ending(changing, '/maven-metadata.xml'),
      where: { path: where.metadata },
      dates: ({ path }) => dates({ path: `${path}/maven-metadata.xml` }),
      types: ['text/xml'],
      read: (doc, { path }) => readMetadata(doc, `${path}/maven-metadata.xml`),
      view: async (doc, show, { path }) => doc && viewMetadata(doc, `${path}/maven-metadata.xml`, show),
    }),
    route('/:path+.pom', {
      ...ending(file, '.pom'),
      where: { path: where.pom },
      read: readDescriptor,
    }),
    route('/:path+', { ...file, where: { path: where.file } }),
    route('/:path+', { ...changing, where: { path: where.snapshot }, dates }),
  ],
  versions: mavenVersions,
  /** `group:artifact`, as Maven writes it; package URLs have a slash there. */
  name: (text) => (text.includes(':') ? text : text.replace(/\/(?=[^/]*$)/, ':')),
  want,
  closure,
  made,
  setup,
}
