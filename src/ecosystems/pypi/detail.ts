// The older JSON interface of a project (`/pypi/NAME/json`), read along with pages in HTML: sizes, times and metadata
// digests that those do not tell, by the name of the file. https://docs.pypi.org/api/json/

import type { Digests, Doc } from '../../contract.ts'
import { isObject } from '../../formats/json-object.ts'
import { jsonValues } from '../../formats/json-stream.ts'
import { type File, plainText, readDigests, readTime, writtenTime } from './file.ts'
import { metadataOf } from './page-json.ts'

type Detail = Pick<File, 'size' | 'published' | 'uploaded' | 'metadata'> & {
  readonly sha256: string
  readonly yanked?: string
}

/** More files than any project has. */
const most = 500_000

/** By file name. A document that cannot be read is an error: it may be the only one that dates a file. */
export async function readDetails(doc: Doc): Promise<ReadonlyMap<string, Detail>> {
  const details = new Map<string, Detail>()
  for await (const group of jsonValues(doc.stream(), [['releases', '*', '*']], doc)) {
    for (const { value } of group) {
      if (!isObject(value) || typeof value.filename !== 'string' || details.size >= most) continue
      const { sha256 } = isObject(value.digests) ? readDigests(value.digests) : ({} as Digests)
      if (sha256 === undefined) continue
      const uploaded = value.upload_time_iso_8601 ?? value.upload_time
      const published = readTime(uploaded)
      const metadata = metadataOf(value['core-metadata'])
      const { size } = value
      const yanked = value.yanked === true ? (plainText(value.yanked_reason) ?? '') : undefined
      details.set(value.filename, {
        sha256,
        ...(Number.isSafeInteger(size) && (size as number) >= 0 ? { size: size as number } : {}),
        ...(published === undefined ? {} : { published }),
        ...writtenTime(uploaded, published),
        ...(metadata === undefined ? {} : { metadata }),
        ...(yanked === undefined ? {} : { yanked }),
      })
    }
  }
  return details
}

/** A file of a page with what else is known of the same bytes: other bytes of that name are another file. */
export function joined(file: File, details: ReadonlyMap<string, Detail>): File {
  const detail = details.get(file.file)
  if (detail === undefined || detail.sha256 !== file.digests.sha256) return file
  const { sha256: _, metadata, ...more } = detail
  return {
    ...more,
    ...(metadata === undefined || file.name.kind !== 'wheel' ? {} : { metadata }),
    ...file,
  }
}
