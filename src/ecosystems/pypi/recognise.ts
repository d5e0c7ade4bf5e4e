// Which project a page is of, by what it says of itself (PEP 691).

import { isObject, objectOf } from '../../formats/json-object.ts'
import { normalName, pagePath, project } from './names.ts'
import { jsonType } from './page.ts'

export function recognise(bytes: Uint8Array): readonly { path: string; type: string }[] {
  const { name, meta, files } = objectOf(bytes) ?? {}
  if (typeof name !== 'string' || !isObject(meta) || typeof meta['api-version'] !== 'string' || !Array.isArray(files))
    return []
  const normal = normalName(name)
  return project.test(normal) ? [{ path: pagePath(normal), type: jsonType }] : []
}
