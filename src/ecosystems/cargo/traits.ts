// What a crate's own manifest says that people watch for when it changes: its licence, its authors, and whether it has a
// script that is run when it is built. https://doc.rust-lang.org/cargo/reference/manifest.html

import { parse } from 'smol-toml'
import type { HeldVersion, Traits } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { collect } from '../../formats/bytes.ts'
import { inflate } from '../../formats/compress.ts'
import { isObject } from '../../formats/json-object.ts'
import { tarFiles } from '../../formats/tar.ts'

/** A crate, unpacked; and its manifest. */
const largest = 1024 ** 3
const largestManifest = 1024 * 1024

export async function traits({ paths, document }: HeldVersion): Promise<Traits | undefined> {
  const [path] = paths
  const crate = path === undefined ? undefined : await document(path)
  if (crate === undefined) return undefined
  for await (const { name, bytes } of tarFiles(inflate(crate.stream(), 'gzip', largest))) {
    // what `cargo publish` wrote, in the one folder at the top
    if (/^[^/]+\/Cargo\.toml$/.test(name)) return traitsOf(await collect(bytes(), largestManifest), crate.path)
  }
  return undefined
}

function traitsOf(manifest: Uint8Array, path: string): Traits | undefined {
  let parsed: unknown
  try {
    parsed = parse(new TextDecoder().decode(manifest))
  } catch (cause) {
    throw new MirrorError('UNREADABLE', `the Cargo.toml in ${path} is not TOML`, { path, cause })
  }
  const stated = isObject(parsed) ? (parsed.package ?? parsed.project) : undefined
  if (!isObject(stated)) return undefined
  const { license, build, authors } = stated
  return {
    ...(typeof license === 'string' ? { licence: license } : {}),
    scripts: typeof build === 'string' ? [`build: ${build}`] : [],
    ...(Array.isArray(authors) ? { maintainers: authors.filter((one) => typeof one === 'string').sort() } : {}),
  }
}
