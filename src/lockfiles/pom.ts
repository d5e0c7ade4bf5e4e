// pom.xml: the dependencies and plugins that it names itself with an exact version. Properties of the file expand; what a
// parent or an imported list of versions decides is not in this file, so such entries are left out; those two are entries.
// https://maven.apache.org/pom.html

import type { Locked, LockFormat } from '../contract.ts'
import { fromCoordinate } from './maven.ts'
import { fault } from './place.ts'
import { headText, readText } from './text.ts'
import { childrenOf, childText, type Element, inside, parseXml } from './xml.ts'

export const pom: LockFormat = {
  id: 'pom',
  names: ['pom.xml', '*.pom'],
  direct: true,
  sniff: (head) => /<project[\s>][\s\S]*<modelVersion>/.test(headText(head)),
  async *read(input) {
    const root = await parseXml(await readText(input), input.name)
    if (root.name !== 'project') throw fault(root, `is <${root.name}>, not <project>`)
    const expand = expander(root)
    const [parent] = childrenOf(root, 'parent')
    if (parent !== undefined) yield* entry(parent, expand, { type: 'pom' })
    const managed = inside(root, 'dependencyManagement', 'dependencies', 'dependency')
    const versions = new Map(managed.map((one) => [keyOf(one, expand), childText(one, 'version')]))
    for (const one of managed) if (childText(one, 'scope') === 'import') yield* entry(one, expand, { type: 'pom' })
    for (const one of inside(root, 'dependencies', 'dependency')) {
      const version = childText(one, 'version') ?? versions.get(keyOf(one, expand))
      yield* entry(one, expand, { version })
    }
    for (const one of inside(root, 'build', 'plugins', 'plugin'))
      yield* entry(one, expand, { group: 'org.apache.maven.plugins' })
    for (const one of inside(root, 'build', 'extensions', 'extension')) yield* entry(one, expand)
  },
}

type Expand = (text: string | undefined) => string | undefined

function* entry(
  of: Element,
  expand: Expand,
  more: { readonly version?: string | undefined; readonly type?: string; readonly group?: string } = {},
): Generator<Locked> {
  const group = expand(childText(of, 'groupId')) ?? more.group
  const artifact = expand(childText(of, 'artifactId'))
  if (group === undefined || artifact === undefined) throw fault(of, 'has no groupId and artifactId')
  const version = exact(expand(more.version ?? childText(of, 'version')))
  if (
    version === undefined ||
    childText(of, 'scope') === 'system' ||
    [group, artifact].some((part) => part.includes('${'))
  )
    return
  const type = more.type ?? expand(childText(of, 'type'))
  const scope = childText(of, 'scope')
  yield fromCoordinate(
    of,
    { group, artifact, version, type, classifier: expand(childText(of, 'classifier')) },
    scope === undefined || scope === 'import' ? {} : { markers: scope },
  )
}

const keyOf = (of: Element, expand: Expand): string =>
  ['groupId', 'artifactId', 'type', 'classifier'].map((name) => expand(childText(of, name)) ?? '').join(':')

/** `1.0` and `[1.0]`; undefined for ranges and what was not expanded. */
function exact(version: string | undefined): string | undefined {
  const [, bracketed] = /^\[([^,[\]()]+)\]$/.exec(version ?? '') ?? []
  const plain = bracketed ?? version
  return plain === undefined || /[[\](),$]|^(?:LATEST|RELEASE)$|-SNAPSHOT$/.test(plain) ? undefined : plain
}

/** `${name}` of the file's own properties and coordinates, in a bounded number of steps. */
function expander(root: Element): Expand {
  const properties = new Map<string, string>()
  for (const { children } of childrenOf(root, 'properties'))
    for (const { name, text } of children) properties.set(name, text.trim())
  const [parent] = childrenOf(root, 'parent')
  for (const part of ['groupId', 'artifactId', 'version']) {
    const own = childText(root, part) ?? (parent && childText(parent, part))
    for (const prefix of ['project.', 'pom.', '']) if (own !== undefined) properties.set(`${prefix}${part}`, own)
    const above = parent && childText(parent, part)
    if (above !== undefined) properties.set(`project.parent.${part}`, above)
  }
  return (text) => {
    let expanded = text
    for (let step = 0; step < 10 && expanded?.includes('${') && expanded.length < 4096; step++) {
      expanded = expanded.replace(/\$\{([^{}]{1,200})\}/g, (whole, name: string) => properties.get(name) ?? whole)
    }
    return expanded
  }
}
