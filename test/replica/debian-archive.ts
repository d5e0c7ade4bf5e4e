// Binary packages (deb(5)) and source packages (dsc(5)) of nothing but text, and the index stanzas that name them.

import { createHash } from 'node:crypto'
import { formatStanza } from '../../src/formats/deb822.ts'
import { packedAt, tarball } from './tarball.ts'

export interface Binary {
  readonly name: string
  readonly version: string
  readonly architecture: 'amd64' | 'all'
  readonly fields?: Readonly<Record<string, string>>
}

/** A file of the pool with the stanza that an index has of it. */
export interface Pooled {
  readonly files: ReadonlyMap<string, Buffer>
  readonly stanza: string
}

export const hash = (bytes: Uint8Array, kind = 'sha256'): string => createHash(kind).update(bytes).digest('hex')

const poolOf = (name: string): string => `pool/main/${name.slice(0, 1)}/${name}`
const summary = (name: string): string => `tiny package ${name}`

/** The digest by which a translation finds its package: of the whole description with its line end. */
export const descriptionDigest = (name: string): string => hash(Buffer.from(`${summary(name)}\n`), 'md5')

export async function binaryPackage({ name, version, architecture, fields = {} }: Binary): Promise<Pooled> {
  const control: [string, string][] = [
    ['Package', name],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', 'Nobody <nobody@example.org>'],
    ['Installed-Size', '1'],
    ...Object.entries(fields),
  ]
  const described = formatStanza([...control, ['Description', summary(name)]])
  const members = {
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar.gz': await tarball('./', { control: described }),
    'data.tar.gz': await tarball('./', { [`usr/share/doc/${name}/version`]: `${version}\n` }),
  }
  const bytes = ar(members)
  const filename = `${poolOf(name)}/${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`
  const stanza = formatStanza([
    ...control,
    ['Filename', filename],
    ['Size', String(bytes.length)],
    ['SHA256', hash(bytes)],
    ['Description', summary(name)],
    ['Description-md5', descriptionDigest(name)],
  ])
  return { files: new Map([[filename, bytes]]), stanza }
}

export async function sourcePackage(name: string, version: string): Promise<Pooled> {
  const plain = version.replace(/^\d+:/, '')
  const archive = await tarball(`${name}-${plain}/`, {
    README: `${name}\n`,
    'debian/changelog': `${name} (${version})\n`,
  })
  const tar = `${name}_${plain}.tar.gz`
  const line = (bytes: Uint8Array, file: string, kind?: string): string =>
    `${hash(bytes, kind)} ${bytes.length} ${file}`
  const shared: readonly [string, string][] = [
    ['Binary', name],
    ['Version', version],
    ['Maintainer', 'Nobody <nobody@example.org>'],
    ['Architecture', 'any'],
    ['Format', '1.0'],
  ]
  const dsc = Buffer.from(
    formatStanza([
      ['Source', name],
      ...shared,
      ['Checksums-Sha256', ['', line(archive, tar)].join('\n')],
      ['Files', ['', line(archive, tar, 'md5')].join('\n')],
    ]),
  )
  const described = `${name}_${plain}.dsc`
  const directory = poolOf(name)
  const stanza = formatStanza([
    ['Package', name],
    ...shared,
    ['Directory', directory],
    ['Checksums-Sha256', ['', line(dsc, described), line(archive, tar)].join('\n')],
    ['Files', ['', line(dsc, described, 'md5'), line(archive, tar, 'md5')].join('\n')],
  ])
  const files = new Map<string, Buffer>([
    [`${directory}/${described}`, dsc],
    [`${directory}/${tar}`, archive],
  ])
  return { files, stanza }
}

/** An ar archive in the form that deb(5) asks for. */
function ar(members: Readonly<Record<string, Buffer>>): Buffer {
  const seconds = String(packedAt.getTime() / 1000)
  const parts = Object.entries(members).flatMap(([name, bytes]) => [
    Buffer.from(`${name.padEnd(16)}${seconds.padEnd(12)}0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`),
    bytes,
    Buffer.from(bytes.length % 2 === 0 ? '' : '\n'),
  ])
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}
