// Podfile.lock: pods and their parts, which are one pod; the digests are of their specifications.
// https://guides.cocoapods.org/using/using-cocoapods.html#what-is-podfilelock

import type { Locked, LockedDigest, LockFormat } from '../contract.ts'
import { hexDigest, locked } from './locked.ts'
import { asText, fault, field, isTable, listOf, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const podfileLock: LockFormat = {
  id: 'podfile-lock',
  names: ['Podfile.lock'],
  sniff: (head) => /^PODS:\s*$/m.test(headText(head)),
  async *read(input) {
    const [document] = await parseYaml(await readText(input), input.name)
    if (document === undefined || field(document, 'PODS') === undefined)
      throw fault({ file: input.name, line: 1 }, 'has no PODS')
    const external = new Map(pairsOf(document, 'EXTERNAL SOURCES'))
    const checkouts = new Map(pairsOf(document, 'CHECKOUT OPTIONS'))
    const checksums = new Map(pairsOf(document, 'SPEC CHECKSUMS'))
    const registries = registriesOf(document)
    const seen = new Set<string>()
    for (const item of listOf(document, 'PODS')) {
      const [text = ''] = isTable(item) ? [...pairsOf(item)].map(([name]) => name) : [asText(item, 'a pod')]
      const [, whole = '', version] = /^(\S+) \(([^()]+)\)$/.exec(text) ?? []
      if (version === undefined) throw fault(item, `${JSON.stringify(text.slice(0, 100))} is no pod and version`)
      const name = whole.replace(/\/.*$/s, '')
      if (seen.size === seen.add(name).size) continue
      const checksum = checksums.get(name)
      const digests: LockedDigest[] =
        checksum === undefined
          ? []
          : [{ of: 'content', digests: hexDigest(checksum, 'sha1', asText(checksum, 'a digest')) }]
      const base = { ecosystem: 'cocoapods', name, version, digests }
      const outside = external.get(name)
      yield outside === undefined
        ? locked(item, { ...base, registry: registries.get(name) })
        : locked(item, { ...base, ...sourceOf(outside, checkouts.get(name)) })
    }
  },
}

function sourceOf(
  outside: Place,
  checkout: Place | undefined,
): Pick<Locked, 'source'> & { readonly url: string | undefined } {
  const git = textOf(outside, ':git')
  if (git !== undefined) {
    const revision =
      (checkout && textOf(checkout, ':commit')) ?? textOf(outside, ':tag') ?? textOf(outside, ':branch') ?? ''
    return { source: 'git', url: `git+${git}#${revision}` }
  }
  const path = textOf(outside, ':path')
  return path === undefined
    ? { source: 'url', url: textOf(outside, ':podspec') ?? textOf(outside, ':http') }
    : { source: 'link', url: path }
}

/** Repositories of specifications; the public one is called `trunk` and has no address. */
function registriesOf(document: Place): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [address] of pairsOf(document, 'SPEC REPOS')) {
    const repos = field(document, 'SPEC REPOS')
    if (repos === undefined || !/^https?:/.test(address)) continue
    for (const name of listOf(repos, address)) found.set(asText(name, 'a pod'), address)
  }
  return found
}
