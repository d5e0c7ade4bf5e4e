// conan.lock of Conan 2 (0.5 and later) and of Conan 1 (0.0 to 0.4). A recipe revision names the files of a recipe; none of
// the digests in it is of a file. https://docs.conan.io/2/tutorial/versioning/lockfiles.html

import type { Locked, LockFormat } from '../contract.ts'
import { parseJson } from './json-places.ts'
import { locked } from './locked.ts'
import { type At, asText, fault, field, listOf, pairsOf, textOf } from './place.ts'
import { headText, readText } from './text.ts'

const kinds = ['requires', 'build_requires', 'python_requires', 'config_requires']

export const conanLock: LockFormat = {
  id: 'conan-lock',
  names: ['conan.lock', 'conan-*.lock', '*.conan.lock'],
  sniff: (head) =>
    /^\s*\{\s*"(?:version"\s*:\s*"0\.\d",\s*"(?:config_|build_|python_)?requires|graph_lock)"/.test(headText(head)),
  async *read(input) {
    const document = parseJson(await readText(input), input.name)
    const version = textOf(document, 'version')
    if (version === undefined || !/^0\.\d+$/.test(version))
      throw fault(field(document, 'version') ?? document, `version ${version} is not known`)
    const graph = field(document, 'graph_lock')
    if (graph !== undefined) {
      for (const [, node] of pairsOf(graph, 'nodes')) {
        const reference = textOf(node, 'ref')
        if (reference === undefined) continue
        const found = fromReference(field(node, 'ref') ?? node, reference, textOf(node, 'package_id'))
        // recipes of the project itself, and those that are being edited
        yield field(node, 'path') === undefined ? found : { ...found, source: 'workspace' }
      }
      return
    }
    for (const kind of kinds)
      for (const item of listOf(document, kind)) yield fromReference(item, asText(item, 'a reference'))
  },
}

/** `name/version@user/channel#revision%time`. */
function fromReference(at: At, text: string, packageId?: string): Locked {
  const [, name, version, user, channel, revision] =
    /^([^\s/@#%]+)\/([^\s/@#%]+)(?:@([^\s/@#%]*)(?:\/([^\s/@#%]*))?)?(?:#([^\s/@#%:]+))?(?::[^\s%]*)?(?:%[\d.]+)?$/.exec(
      text,
    ) ?? []
  if (name === undefined || version === undefined)
    throw fault(at, `${JSON.stringify(text.slice(0, 100))} is no reference`)
  const stated = { user, channel, revision, package: packageId }
  const options = Object.fromEntries(
    Object.entries(stated).filter(([, value]) => value !== undefined && value !== '' && value !== '_'),
  )
  return locked(at, {
    ecosystem: 'conan',
    name,
    version,
    options: Object.keys(options).length > 0 ? options : undefined,
  })
}
