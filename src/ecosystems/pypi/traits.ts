// What core metadata says of a version that people watch for when it changes.
// https://packaging.python.org/en/latest/specifications/core-metadata/

import type { HeldVersion, Traits } from '../../contract.ts'
import { collect } from '../../formats/bytes.ts'
import { type Metadata, metadataOfWheel, readMetadata } from './metadata.ts'
import { fileName, metadataPath } from './names.ts'

/** As large as metadata may be where it is a file of its own. */
const largest = 16 * 1024 * 1024
/** Licences are stated in a line; a whole text stands there now and then. */
const longest = 200

export async function traits(held: HeldVersion): Promise<Traits | undefined> {
  const wheel = held.paths.find((path) => path.startsWith('/files/') && path.endsWith('.whl'))
  // a source package is built, by code of its own, before it is installed
  if (wheel === undefined) return held.paths.length === 0 ? undefined : { scripts: ['build from source'] }
  const metadata = await metadataOf(held, wheel)
  if (metadata === undefined) return undefined
  const licence = licenceOf(metadata)
  const maintainers = ['author', 'author-email', 'maintainer', 'maintainer-email']
    .flatMap((name) => metadata.fields.get(name) ?? [])
    .flatMap((value) => value.split(/,\s*/))
    .filter((value) => value !== '')
  return {
    ...(licence === undefined ? {} : { licence }),
    scripts: [],
    ...(maintainers.length === 0 ? {} : { maintainers: [...new Set(maintainers)].sort() }),
  }
}

/** Upstream's file beside the wheel where that is held, else what the wheel itself holds. */
async function metadataOf({ name, document }: HeldVersion, path: string): Promise<Metadata | undefined> {
  const beside = await document(metadataPath(name, fileName(path)))
  if (beside !== undefined) return readMetadata(await collect(beside.stream(), largest), beside.path)
  const wheel = await document(path)
  const bytes = wheel === undefined ? undefined : await metadataOfWheel(wheel, undefined)
  return bytes === undefined ? undefined : readMetadata(bytes, path)
}

function licenceOf({ fields }: Metadata): string | undefined {
  const [expression] = fields.get('license-expression') ?? []
  if (expression !== undefined) return expression
  const classified = (fields.get('classifier') ?? [])
    .filter((value) => value.startsWith('License :: '))
    .map((value) => value.split(' :: ').at(-1) ?? '')
  if (classified.length > 0) return classified.join(' OR ')
  const [stated = ''] = fields.get('license') ?? []
  return stated === '' ? undefined : stated.slice(0, longest)
}
