// The list of tags: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags

import type { Bytes, Doc, Entry, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { attachedForm, manifestPath, tagForm, tagsPath } from './names.ts'
import { pagesOf } from './pages.ts'

interface Named {
  readonly name: string
}

/** More than this in one answer is not asked for by anybody. */
const most = 100_000

async function tagsOf(doc: Doc): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const { tags } of await pagesOf(doc)) {
    if (tags === null || tags === undefined) continue
    if (!Array.isArray(tags))
      throw new MirrorError('UNREADABLE', `${doc.path} lists no tags`, { path: doc.path, url: doc.url })
    for (const tag of tags) if (typeof tag === 'string' && tagForm.test(tag)) found.add(tag)
  }
  return [...found].sort()
}

/** A tag that stands for what belongs to a digest has no age of its own: it comes with the digest. */
const entryOf = (name: string, tag: string): Entry => ({
  path: manifestPath(name, tag),
  name,
  ...(attachedForm.test(tag) ? {} : { version: tag }),
})

export async function* readTags(doc: Doc, { name }: Named): AsyncGenerator<Entry> {
  for (const tag of await tagsOf(doc)) yield entryOf(name, tag)
}

/** The tags that are shown; after `last`, and no more than `n`, when the client says so. */
export async function viewTags(doc: Doc | undefined, show: Show, { name }: Named): Promise<Bytes | undefined> {
  if (doc === undefined) return undefined
  const { n = '', last = '' } = show.query
  const limit = /^\d{1,9}$/.test(n) ? Math.min(Number(n), most) : Number.POSITIVE_INFINITY
  const shown: string[] = []
  let more = false
  for (const tag of await tagsOf(doc)) {
    if (tag <= last || !show.sees(entryOf(name, tag))) continue
    more = shown.length >= limit
    if (more) break
    shown.push(tag)
  }
  const end = shown.at(-1)
  if (more && end !== undefined) {
    const query = new URLSearchParams({ n: String(limit), last: end })
    show.states({ link: `<${new URL(show.base).pathname}${tagsPath(name)}?${query}>; rel="next"` })
  }
  return Buffer.from(JSON.stringify({ name, tags: shown }))
}
