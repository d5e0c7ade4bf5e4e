// flake.lock, versions 4 to 7: inputs with the digest of their tree in Nix's archive form.
// https://nix.dev/manual/nix/stable/command-ref/new-cli/nix3-flake.html#lock-files

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked, sriDigests } from './locked.ts'
import { fault, field, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const flakeLock: LockFormat = {
  id: 'flake-lock',
  names: ['flake.lock'],
  sniff: (head) => /^\s*\{\s*"nodes"\s*:\s*\{/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const version = field(document, 'version')
    if (typeof version?.value !== 'number' || version.value < 4 || version.value > 7)
      throw fault(version ?? document, `version ${String(version?.value)} is not known`)
    for (const [name, node] of pairsOf(document, 'nodes')) {
      const found = field(node, 'locked')
      // the root has inputs and nothing else
      if (found !== undefined) yield fromInput(name, { ...found, line: node.line })
    }
  },
}

function fromInput(node: string, item: Place): Locked {
  const type = mustText(item, 'type')
  const hash = textOf(item, 'narHash')
  const [owner, repo, revision] = ['owner', 'repo', 'rev'].map((name) => textOf(item, name))
  const address =
    textOf(item, 'url') ?? textOf(item, 'path') ?? (owner === undefined ? undefined : `${type}:${owner}/${repo ?? ''}`)
  return locked(item, {
    ecosystem: 'nix',
    name: owner === undefined ? node : `${owner}/${repo ?? ''}`,
    version: revision,
    url: type === 'tarball' || type === 'file' || type === 'path' ? address : `${address}#${revision ?? ''}`,
    source: type === 'path' ? 'link' : type === 'tarball' || type === 'file' ? 'url' : 'git',
    digests: hash === undefined ? [] : [{ of: 'tree', digests: sriDigests(item, hash) }],
  })
}
