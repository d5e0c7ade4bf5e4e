// Synthetic input, the same bytes every time: npm documents with their tarballs, and a Debian list of packages.

import { createHash } from 'node:crypto'

/** Pseudo-random bytes that do not compress; another `seed`, other bytes. */
export function noise(size: number, seed: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < size; at += 64)
    pieces.push(
      createHash('sha512')
        .update(`${seed} ${at % 65_536}`)
        .digest(),
    )
  const bytes = Buffer.concat(pieces).subarray(0, size)
  bytes.write(`seed ${seed}`)
  return bytes
}

export interface Version {
  readonly version: string
  readonly integrity: string
}

export const integrityOf = (bytes: Uint8Array): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`

/** Versions without files of their own: 1.0.0, 1.0.1 and so on. */
export const versions = (count: number): readonly Version[] =>
  Array.from({ length: count }, (_, at) => ({ version: `1.0.${at}`, integrity: integrityOf(Buffer.from(String(at))) }))

export const tarballPath = (name: string, version: string): string => `/${name}/-/${name}-${version}.tgz`

const parts = Object.fromEntries(Array.from({ length: 12 }, (_, one) => [`part-${one}`, `^${one}.0.0`]))

/** A packument as a registry has it; `words` is how long the readme of each version is, in words of six letters. */
export function packument(
  name: string,
  registry: string,
  all: readonly Version[],
  words: number,
  dependencies: Readonly<Record<string, string>> = parts,
): Buffer {
  const times: Record<string, string> = { created: '2020-01-01T00:00:00.000Z' }
  const documents: Record<string, unknown> = {}
  for (const [at, { version, integrity }] of all.entries()) {
    times[version] = new Date(Date.UTC(2020, 0, 1) + at * 3_600_000).toISOString()
    documents[version] = {
      name,
      version,
      description: `${prose(words, at)}`,
      main: './lib/index.js',
      license: 'MIT',
      scripts: { test: 'node --test', build: `tsc -p tsconfig.${at}.json` },
      dependencies,
      devDependencies: { typescript: '~5.4.0', eslint: `^9.${at % 20}.0` },
      engines: { node: '>=18' },
      _id: `${name}@${version}`,
      _npmUser: { name: 'builder', email: 'builder@example.org' },
      dist: { integrity, tarball: registry + tarballPath(name, version), fileCount: 40, unpackedSize: 400_000 + at },
    }
  }
  const latest = all.at(-1)?.version ?? ''
  times.modified = times[latest] ?? ''
  const document = { _id: name, name, 'dist-tags': { latest }, versions: documents, time: times, readme: `# ${name}` }
  return Buffer.from(JSON.stringify(document))
}

const syllables = ['mirror', 'parcel', 'bundle', 'vector', 'stream', 'folder', 'socket', 'branch']
const prose = (words: number, seed: number): string =>
  Array.from({ length: words }, (_, at) => syllables[(seed * 31 + at * at + (at >> 3)) % syllables.length]).join(' ')

export interface Pool {
  /** `Packages`. */
  readonly list: Buffer
  /** What it names, by their paths. */
  readonly files: ReadonlyMap<string, Buffer>
  readonly names: readonly string[]
}

/** A list of so many packages, and files of these sizes that are not packages inside: who mirrors them never looks. */
export function pool(count: number, size: (at: number) => number = () => 2000, prefix = 'parcel'): Pool {
  const files = new Map<string, Buffer>()
  const names = Array.from({ length: count }, (_, at) => `${prefix}-${at}`)
  const stanzas = names.map((name, at) => {
    // noise repeats every 64 KiB: its beginning is enough of it
    const bytes = size(at)
    const seed = createHash('md5').update(name).digest().readUInt32BE()
    const body = Buffer.alloc(bytes, noise(Math.min(bytes, 65_536), seed))
    const file = `pool/main/p/${name}/${name}_1.0_all.deb`
    files.set(`/${file}`, body)
    const described = [
      `Package: ${name}`,
      'Version: 1.0',
      'Architecture: all',
      'Maintainer: Archive Builders <builders@example.org>',
      `Filename: ${file}`,
      `Size: ${body.length}`,
      `MD5sum: ${createHash('md5').update(body).digest('hex')}`,
      `SHA256: ${createHash('sha256').update(body).digest('hex')}`,
      `Description: ${prose(60, at)}`,
    ]
    return `${described.join('\n')}\n`
  })
  return { list: Buffer.from(stanzas.join('\n')), files, names }
}

/** A `Packages` of so many stanzas of about 800 bytes, as Debian's are. */
export function packagesList(stanzas: number): Buffer {
  const parts: string[] = []
  for (let at = 0; at < stanzas; at++) {
    const name = `parcel-${at.toString(36).padStart(4, '0')}`
    const version = `1.${at % 40}.${at % 9}-${(at % 4) + 1}`
    const digest = createHash('sha256').update(name).digest('hex')
    parts.push(`Package: ${name}
Version: ${version}
Installed-Size: ${200 + (at % 9000)}
Maintainer: Archive Builders <builders@example.org>
Architecture: ${at % 3 === 0 ? 'all' : 'amd64'}
Depends: libc6 (>= 2.${at % 40}), parcel-${((at * 7) % stanzas).toString(36).padStart(4, '0')} (>= 1.${at % 40}), ${name}-common | ${name}-data
Recommends: parcel-${((at * 13) % stanzas).toString(36).padStart(4, '0')}, ${name}-doc
Description: ${prose(5, at)}
Multi-Arch: ${at % 2 === 0 ? 'foreign' : 'same'}
Homepage: https://example.org/${name}/
Description-md5: ${digest.slice(0, 32)}
Tag: implemented-in::c, interface::commandline, role::program, scope::utility,
 use::${prose(1, at)}, works-with::${prose(1, at + 1)}, suite::gnu
Section: ${prose(1, at)}
Priority: optional
Filename: pool/main/p/${name}/${name}_${version}_amd64.deb
Size: ${10_000 + at}
MD5sum: ${digest.slice(32)}
SHA256: ${digest}
`)
  }
  return Buffer.from(parts.join('\n'))
}

/** A project page of PyPI with so many wheels, about 330 bytes each. */
export function simplePage(name: string, files: number): Buffer {
  const rows = Array.from({ length: files }, (_, at) => {
    const version = `${at >> 8}.${(at >> 4) % 16}.${at % 16}`
    const digest = createHash('sha256').update(String(at)).digest('hex')
    const file = `${name}-${version}-cp3${at % 14}-cp3${at % 14}-manylinux_2_17_x86_64.whl`
    const folder = `${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest.slice(4)}`
    return `    <a href="../packages/${folder}/${file}#sha256=${digest}" data-requires-python="&gt;=3.9" data-upload-time="2024-01-02T03:04:05.678901Z">${file}</a><br />`
  })
  return Buffer.from(
    `<!DOCTYPE html>\n<html>\n  <head><title>Links for ${name}</title></head>\n  <body>\n    <h1>Links for ${name}</h1>\n${rows.join('\n')}\n  </body>\n</html>\n`,
  )
}

/** The `versions` of a gem server, some thirty versions a line. */
export function versionsFile(gems: number): Buffer {
  const lines = Array.from({ length: gems }, (_, at) => {
    const versions = Array.from({ length: 1 + (at % 60) }, (_, one) => `${one >> 3}.${one % 8}.0`)
    return `parcel-${at} ${versions.join(',')} ${createHash('md5').update(String(at)).digest('hex')}`
  })
  return Buffer.from(`created_at: 2026-01-01T00:00:00Z\n---\n${lines.join('\n')}\n`)
}
