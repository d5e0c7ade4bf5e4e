// The metadata file beside a wheel (PEP 658): upstream's, verified by the digest on the page, or what the wheel itself holds.

import type { Bytes, Show } from '../../contract.ts'
import { documentOrNone } from './held-or-not.ts'
import { metadataOfWheel } from './metadata.ts'
import { filePath, metadataPath, pagePath } from './names.ts'
import { pageOf, readPage } from './page.ts'

/** Undefined where there is no such wheel, or it has no metadata. */
export async function showMetadata(show: Show, project: string, file: string): Promise<Bytes | undefined> {
  const upstreams = await documentOrNone(show, metadataPath(project, file))
  if (upstreams !== undefined) return upstreams.stream()
  const wheel = await documentOrNone(show, filePath(project, file))
  return wheel === undefined ? undefined : metadataOfWheel(wheel, await statedDigest(show, project, file))
}

async function statedDigest(show: Show, project: string, file: string): Promise<string | undefined> {
  const page = await pageOf(pagePath(project), project, show)
  if (page === undefined) return undefined
  for await (const files of readPage(page.doc, project, page.beside)) {
    const found = files.find((one) => one.file === file)
    if (found !== undefined) return found.metadata?.sha256
  }
  return undefined
}
