// A project page in JSON (PEP 691, 700, 714), read file by file.

import type { Doc } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../formats/json-object.ts'
import { jsonValues } from '../../formats/json-stream.ts'
import { type File, fileOf, plainText, readAddress, readDigests } from './file.ts'
import { normalName } from './names.ts'

/** What a page says beside its files. */
export interface PageFacts {
  /** Of the project: archived, quarantined, deprecated (PEP 792). */
  status?: { readonly status: string; readonly reason?: string } | undefined
}

/** In groups. Throws UNREADABLE for what is no page of this project. */
export async function* readJsonPage(doc: Doc, project: string, facts: PageFacts): AsyncGenerator<readonly File[]> {
  let named = false
  let paged = false
  const places = [['files', '*'], ['name'], ['meta'], ['project-status']]
  for await (const group of jsonValues(doc.stream(), places, doc)) {
    const files: File[] = []
    for (const { path, value } of group) {
      const [key] = path
      if (key === 'files') {
        paged = true
        const file = isObject(value) ? fileOfItem(value, doc, project) : undefined
        if (file !== undefined) files.push(file)
      } else if (key === 'name') {
        if (typeof value !== 'string' || normalName(value) !== project)
          throw unreadable(doc, `speaks of another project, ${JSON.stringify(value)?.slice(0, 80)}`)
        named = true
      } else if (key === 'meta') {
        const version = isObject(value) ? value['api-version'] : undefined
        if (typeof version !== 'string' || !/^1\.\d{1,4}$/.test(version))
          throw unreadable(doc, 'is of a version that is not known')
        paged = true
      } else if (isObject(value)) facts.status = statusOf(value)
    }
    yield files
  }
  if (!named || !paged) throw unreadable(doc, 'is no page of a project')
}

const unreadable = (doc: Doc, why: string): MirrorError =>
  new MirrorError('UNREADABLE', `the page ${doc.path} ${why}`, { path: doc.path, url: doc.url })

function fileOfItem(item: JsonObject, doc: Doc, project: string): File | undefined {
  const { filename, url } = item
  if (typeof filename !== 'string' || typeof url !== 'string') return undefined
  const address = readAddress(url, doc.url)
  if (address === undefined) return undefined
  const metadata = metadataOf(item['core-metadata'] ?? item['dist-info-metadata'] ?? item['data-dist-info-metadata'])
  return fileOf(
    {
      file: filename,
      url: address.url,
      digests: isObject(item.hashes) ? readDigests(item.hashes) : {},
      size: item.size,
      uploaded: item['upload-time'],
      python: item['requires-python'],
      yanked: item.yanked,
      provenance: item.provenance,
      ...(metadata === undefined ? {} : { metadata }),
    },
    project,
  )
}

/** `true`, `false`, or digests by algorithm. */
export function metadataOf(value: unknown): File['metadata'] {
  if (value === true) return {}
  return isObject(value) ? readDigests(value) : undefined
}

function statusOf({ status, reason }: JsonObject): PageFacts['status'] {
  const word = plainText(status)
  if (word === undefined || !/^[a-z][a-z-]{0,30}$/.test(word)) return undefined
  const why = plainText(reason)
  return { status: word, ...(why === undefined ? {} : { reason: why }) }
}
