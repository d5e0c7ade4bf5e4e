// deno.lock, versions 2 to 5: packages of npm and JSR, and modules by address.
// https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { hexDigest, locked, ofFileIf, sriDigests } from './locked.ts'
import { npm, platformsOf, splitAt, whereItFits } from './npm.ts'
import { asText, fault, field, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const denoLock: LockFormat = {
  id: 'deno-lock',
  names: ['deno.lock'],
  sniff: (head) =>
    /^\s*\{\s*"version"\s*:\s*"\d+",\s*"(?:specifiers|packages|npm|jsr|remote|redirects|workspace)"/.test(
      headText(head),
    ),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const version = mustText(document, 'version')
    if (!/^[2-5]$/.test(version)) throw fault(field(document, 'version') ?? document, `version ${version} is not known`)
    const packages = version === '3' ? (field(document, 'packages') ?? document) : document
    const npmPackages = version === '2' ? field(document, 'npm') : packages
    const seen = new Set<string>()
    for (const [key, item] of npmPackages === undefined
      ? []
      : pairsOf(npmPackages, version === '2' ? 'packages' : 'npm')) {
      const found = fromNpm(key, item)
      if (seen.size !== seen.add(`${found.name} ${found.version}`).size) yield found
    }
    if (version !== '2') for (const [key, item] of pairsOf(packages, 'jsr')) yield fromJsr(key, item)
    for (const [url, hash] of pairsOf(document, 'remote')) yield fromRemote(url, hash)
  },
}

function named(key: string, item: Place): readonly [string, string] {
  const found = splitAt(key)
  if (found === undefined) throw fault(item, `${JSON.stringify(key.slice(0, 100))} is no package and version`)
  return found
}

/** Behind the version stand those of its peers. */
function fromNpm(key: string, item: Place): Locked {
  const [name, rest] = named(key, item)
  const integrity = textOf(item, 'integrity')
  return locked(item, {
    ecosystem: npm,
    options: whereItFits,
    name,
    version: rest.replace(/_.*$/s, ''),
    url: textOf(item, 'tarball'),
    digests: integrity === undefined ? [] : ofFileIf(sriDigests(item, integrity)),
    markers: platformsOf(item),
  })
}

/** The digest is of the document that lists the files of a version. */
function fromJsr(key: string, item: Place): Locked {
  const [name, version] = named(key, item)
  const digests = hexDigest(item, 'sha256', mustText(item, 'integrity'))
  return locked(item, { ecosystem: 'jsr', name, version, digests: [{ of: 'content', digests }] })
}

const fromRemote = (url: string, hash: Place): Locked =>
  locked(hash, {
    ecosystem: 'files',
    name: url,
    url,
    source: 'url',
    digests: ofFileIf(hexDigest(hash, 'sha256', asText(hash, 'a digest'))),
  })
