// What --from names: another data directory, a bundle or an exported tree. Of its bytes only those are taken that have the
// digest which is wanted. What it says of places is believed where nothing that is signed says otherwise.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import path from 'node:path'
import { type Place, placesOfCatalog } from '../catalog/finds.ts'
import type { Mirror } from '../engine/mirror.ts'
import { resolve } from '../engine/resolve.ts'
import { MirrorError } from '../errors.ts'

/** Throws USAGE for what is no directory. */
export function mustBeDirectory(directory: string): void {
  if (existsSync(path.join(directory, '.'))) return
  throw new MirrorError('USAGE', `--from ${directory}: there is no such directory`)
}

/** Where a blob would lie in a store, a data directory or a bundle. */
export const blobOf = (directory: string, sha256: string): string =>
  path.join(directory, 'blobs', 'sha256', sha256.slice(0, 2), sha256)

/** Where a path of a repository would lie in an exported tree, by the names that its route has on a static host. */
export function namesOf({ repos }: Mirror, directory: string, repo: string, at: string): readonly string[] {
  const mounted = repos.get(repo)
  const resource = mounted === undefined ? undefined : resolve(mounted, at)
  if (mounted === undefined || resource === undefined) return []
  const type = resource.route.types?.[0] ?? ''
  const names = resource.route.files?.(resource.p, type) ?? [at]
  return names.map((name) => path.join(directory, mounted.settings.mount, path.normalize(`/${name}`)))
}

/** What a directory says of paths: a catalog in it by its refs, a tree by the names of its files and their bytes. */
export async function* placesIn(mirror: Mirror, directory: string): AsyncGenerator<Place> {
  const catalog = path.join(directory, 'catalog.db')
  if (existsSync(catalog)) {
    yield* placesOfCatalog(catalog)
    return
  }
  for (const mounted of mirror.repos.values()) {
    const top = path.join(directory, mounted.settings.mount)
    for await (const file of filesUnder(top)) {
      const at = `/${path.relative(top, file).split(path.sep).join('/')}`
      if (resolve(mounted, at) === undefined) continue
      const place = { repo: mounted.settings.name, path: at, variant: '', type: '', headers: {} }
      yield { ...place, sha256: await sha256Of(file) }
    }
  }
}

async function* filesUnder(folder: string): AsyncGenerator<string> {
  if (!existsSync(folder)) return
  for await (const entry of await opendir(folder)) {
    const place = path.join(folder, entry.name)
    if (entry.isDirectory()) yield* filesUnder(place)
    else if (entry.isFile()) yield place
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece)
  return hash.digest('hex')
}
