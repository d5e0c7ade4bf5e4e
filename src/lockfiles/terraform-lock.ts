// .terraform.lock.hcl: `zh` is the digest of a provider's archive, one for each platform, `h1` of what is in it.
// https://developer.hashicorp.com/terraform/language/files/dependency-lock

import type { LockedDigest, LockFormat } from '../contract.ts'
import { hexDigest, locked, ofFile } from './locked.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

interface Provider {
  readonly at: At
  readonly address: string
  version?: string
  readonly digests: LockedDigest[]
}

export const terraformLock: LockFormat = {
  id: 'terraform-lock',
  names: ['.terraform.lock.hcl'],
  sniff: (head) => /^provider "[^"\n]+" \{$/m.test(headText(head)),
  async *read(input) {
    let open: Provider | undefined
    let inHashes = false
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.trim()
      if (text === '' || text.startsWith('#') || text.startsWith('//')) continue
      const [, address] = /^provider "([^"]+)" \{$/.exec(text) ?? []
      const [, name, value] = /^(version|constraints)\s*=\s*"([^"]*)"$/.exec(text) ?? []
      const [, hash] = /^"([^"]+)",?$/.exec(text) ?? []
      if (address !== undefined && open === undefined) open = { at, address, digests: [] }
      else if (open === undefined) throw fault(at, 'stands in no provider')
      else if (name === 'version' && value !== undefined) open.version = value
      else if (/^hashes\s*=\s*\[$/.test(text)) inHashes = true
      else if (inHashes && hash !== undefined) open.digests.push(...digestOf(at, hash))
      else if (inHashes && text === ']') inHashes = false
      else if (text === '}' && !inHashes) {
        yield fromProvider(open)
        open = undefined
      } else if (name === undefined && !/^hashes\s*=\s*\[(?:\s*"[^"]*",?)*\s*\]$/.test(text.slice(0, 10_000)))
        throw fault(at, 'is no part of a provider')
      else for (const [, one = ''] of text.matchAll(/"((?:h1|zh):[^"]+)"/g)) open.digests.push(...digestOf(at, one))
    }
    if (open !== undefined) throw fault(open.at, 'the provider does not end')
  },
}

function digestOf(at: At, text: string): readonly LockedDigest[] {
  if (text.startsWith('zh:')) return [ofFile(hexDigest(at, 'sha256', text.slice(3)))]
  if (/^h1:[A-Za-z0-9+/]{43}=$/.test(text)) return [{ of: 'tree', digests: { h1: text } }]
  throw fault(at, `${JSON.stringify(text.slice(0, 100))} is no hash of a provider`)
}

function fromProvider({ at, address, version, digests }: Provider) {
  const [host, namespace, type] = address.split('/')
  if (type === undefined || version === undefined)
    throw fault(at, `the provider ${address.slice(0, 100)} has no name or version`)
  return locked(at, {
    ecosystem: 'terraform',
    name: `${namespace}/${type}`,
    version,
    registry: `https://${host}`,
    digests,
  })
}
