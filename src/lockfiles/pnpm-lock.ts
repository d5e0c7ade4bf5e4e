// pnpm-lock.yaml, lockfileVersion 5 to 9: packages by `name@version`, with the versions of their peers behind it, which are
// the same file. Every document of the file counts: pnpm keeps the packages of its own configuration in one of its own.
// https://github.com/pnpm/spec/tree/master/lockfile

import type { Locked, LockFormat } from '../contract.ts'
import { locked, ofFileIf, sriDigests } from './locked.ts'
import { npm, platformsOf, specSource, splitAt, whereItFits } from './npm.ts'
import { fault, field, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'
import { parseYaml } from './yaml-places.ts'

export const pnpmLock: LockFormat = {
  id: 'pnpm-lock',
  names: ['pnpm-lock.yaml', 'shrinkwrap.yaml', 'pnpm-lock.*.yaml'],
  sniff: (head) => /^lockfileVersion: ['"]?\d+\.\d/m.test(headText(head)),
  async *read(input) {
    const documents = await parseYaml(await readText(input), input.name)
    if (documents.length === 0) throw fault({ file: input.name, line: 1 }, 'is empty')
    const seen = new Set<string>()
    for (const document of documents) {
      const version = mustText(document, 'lockfileVersion')
      if (!/^[5679](?:\.\d+)*$/.test(version))
        throw fault(field(document, 'lockfileVersion') ?? document, `lockfileVersion ${version} is not known`)
      const read = version.startsWith('5') ? withSlashes : withAt
      for (const [key, item] of pairsOf(document, 'packages')) {
        const found = fromPackage(read(key), item)
        const same = JSON.stringify([found.name, found.version, found.url])
        if (seen.size !== seen.add(same).size) yield found
      }
    }
  },
}

interface Named {
  readonly name?: string | undefined
  /** A version, or the address that takes its place. */
  readonly rest: string
}

/** Version 5: `/@scope/name/1.0.0_peer@2.0.0`, before it the host of another registry; else an address. */
function withSlashes(key: string): Named {
  const [, name, version] = /^(?:[^/]*)\/((?:@[^/]+\/)?[^/@]+)\/(\d[^/_(]*)(?:[_(].*)?$/.exec(key) ?? []
  return version === undefined ? { rest: key } : { name, rest: version }
}

/** From version 6 on: `/name@1.0.0(peer@2.0.0)`, later without the slash; behind the `@` an address too. */
function withAt(key: string): Named {
  const [name, rest] = splitAt(key.replace(/^\//, '')) ?? []
  const plain = rest?.replace(/\(.*$/s, '')
  return plain === undefined || /^(?:file|link):/.test(key) ? { rest: key } : { name, rest: plain }
}

function fromPackage({ name: own, rest }: Named, item: Place): Locked {
  const resolution = field(item, 'resolution')
  if (resolution === undefined) throw fault(item, 'has no resolution')
  const [integrity, tarball, type, repo, commit] = ['integrity', 'tarball', 'type', 'repo', 'commit'].map((name) =>
    textOf(resolution, name),
  )
  const isVersion = /^v?\d[\w.+-]*$/.test(rest) && own !== undefined
  const source = isVersion ? 'registry' : sourceOf(rest, type, tarball)
  const name = textOf(item, 'name') ?? own
  if (name === undefined) throw fault(item, `${JSON.stringify(rest.slice(0, 100))} names no package`)
  return locked(item, {
    ecosystem: npm,
    options: whereItFits,
    name,
    version: isVersion ? rest : textOf(item, 'version'),
    url: repo === undefined ? (tarball ?? (isVersion ? undefined : rest)) : `git+${repo}#${commit ?? ''}`,
    source,
    digests: integrity === undefined || source === 'git' ? [] : ofFileIf(sriDigests(resolution, integrity)),
    markers: platformsOf(item),
  })
}

function sourceOf(address: string, type: string | undefined, tarball: string | undefined): Locked['source'] {
  if (type === 'git') return 'git'
  if (type === 'directory') return 'link'
  return specSource(address) ?? (tarball === undefined ? 'git' : (specSource(tarball) ?? 'url'))
}
