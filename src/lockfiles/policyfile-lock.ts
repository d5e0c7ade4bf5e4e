// Policyfile.lock.json: cookbooks; an identifier is of the files in one. https://docs.chef.io/policyfile/

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { hexDigest, locked } from './locked.ts'
import { fault, field, mustText, type Place, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

export const policyfileLock: LockFormat = {
  id: 'policyfile-lock',
  names: ['Policyfile.lock.json', '*.policyfile.lock.json'],
  sniff: (head) => /"revision_id"\s*:\s*"[0-9a-f]{64}"/.test(headText(head)) && /"run_list"/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    if (field(document, 'cookbook_locks') === undefined) throw fault(document, 'has no cookbook_locks')
    for (const [name, item] of pairsOf(document, 'cookbook_locks')) yield fromCookbook(name, item)
  },
}

function fromCookbook(name: string, item: Place): Locked {
  const options = field(item, 'source_options')
  const said = (key: string): string | undefined => options && textOf(options, key)
  const git = said('git') ?? said('github')
  const path = said('path') ?? (options === undefined ? textOf(item, 'source') : undefined)
  const server = said('artifactserver') ?? said('chef_server')
  const identifier = textOf(item, 'identifier')
  const base = { ecosystem: 'chef', name, version: mustText(item, 'version') }
  if (git !== undefined) return locked(item, { ...base, source: 'git', url: `git+${git}#${said('revision') ?? ''}` })
  if (path !== undefined && server === undefined) return locked(item, { ...base, source: 'link', url: path })
  return locked(item, {
    ...base,
    url: server,
    digests: identifier === undefined ? [] : [{ of: 'content', digests: hexDigest(item, 'sha1', identifier) }],
  })
}
