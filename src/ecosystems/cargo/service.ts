// The registry's config.json: where crate files and the web API are.
// https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration

import * as v from 'valibot'
import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { prefix } from './paths.ts'

const absolute = v.pipe(v.string(), v.maxLength(2048), v.regex(/^https?:\/\/[^\s]+$/i))
const schema = v.object({ dl: absolute })

/** config.json of a registry has a few hundred bytes; no more than this is read. */
const largest = 64 * 1024

export interface Crate {
  readonly name: string
  readonly version: string
  /** sha256, hex. */
  readonly checksum: string
}

/** Reads `dl`; throws UNREADABLE when there is no usable one: Cargo wants it absolute, too. */
export async function downloads(service: Doc | undefined): Promise<string> {
  if (service === undefined) throw new MirrorError('UNREADABLE', 'the registry has no config.json')
  const unreadable = (why: string): MirrorError =>
    new MirrorError('UNREADABLE', `config.json of the registry ${why}`, { url: service.url })
  if (service.size > largest) throw unreadable('is too large to be one')
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(await service.bytes()))
  } catch {
    throw unreadable('is not JSON')
  }
  const config = v.safeParse(schema, parsed)
  if (!config.success) throw unreadable('states no absolute http or https address in "dl"')
  return config.output.dl
}

/** The address of a crate file: plain substitution without percent-encoding, as Cargo does it. */
export function address(dl: string, crate: Crate): string {
  const markers: Readonly<Record<string, string>> = {
    '{crate}': crate.name,
    '{version}': crate.version,
    '{prefix}': prefix(crate.name),
    '{lowerprefix}': prefix(crate.name.toLowerCase()),
    '{sha256-checksum}': crate.checksum,
  }
  let marked = false
  const filled = dl.replace(/\{(?:crate|version|prefix|lowerprefix|sha256-checksum)\}/g, (marker) => {
    marked = true
    return markers[marker] ?? marker
  })
  return marked ? filled : `${dl}/${crate.name}/${crate.version}/download`
}
