// Which package a packument is of, by what it says of itself.

import type { Repo } from '../../contract.ts'
import { isObject, type JsonObject, objectOf } from '../../formats/json-object.ts'
import { keysPath, packageName, packumentPath } from './names.ts'
import { objectOr } from './packument.ts'
import { fullType } from './shown.ts'

/** The list of keys has nothing else in it. */
const isKeys = ({ keys, ...more }: JsonObject): boolean =>
  Array.isArray(keys) &&
  keys.length > 0 &&
  Object.keys(more).length === 0 &&
  keys.every((key) => isObject(key) && typeof key.keyid === 'string')

/** A packument names its package, and tarballs of the registry that it came from. */
export function recognise(bytes: Uint8Array, repo: Repo<unknown>): readonly { path: string; type: string }[] {
  const document = objectOf(bytes) ?? {}
  if (isKeys(document)) return [{ path: keysPath, type: fullType }]
  const { name, versions, 'dist-tags': tags } = document
  if (typeof name !== 'string' || !packageName.test(name) || !isObject(tags)) return []
  const [first] = Object.values(objectOr(versions))
  const { tarball } = objectOr(objectOr(first).dist)
  const hosts = repo.upstreams.map((address) => URL.parse(address)?.host)
  if (typeof tarball !== 'string' || !hosts.includes(URL.parse(tarball)?.host)) return []
  return [{ path: packumentPath(name), type: fullType }]
}
