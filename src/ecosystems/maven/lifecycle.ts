// The plugins that a release of Maven binds by itself, as its core says, and what plugins fetch beyond their descriptors.
// https://maven.apache.org/ref/current/maven-core/default-bindings.html

import type { Doc } from '../../contract.ts'
import { collect } from '../../formats/bytes.ts'
import { children, type Element, elements, parseXml, text, textAt } from '../../formats/xml.ts'
import { zipFiles } from '../../formats/zip.ts'
import { type Coordinate, isName, isVersionText } from './layout.ts'

const files = ['META-INF/plexus/components.xml', 'META-INF/plexus/default-bindings.xml']
const largest = 1024 * 1024

/** The plugins that Maven's core binds for projects of these packagings, and for `clean` and `site`. Throws UNREADABLE. */
export async function boundPlugins(core: Doc, packagings: readonly string[]): Promise<readonly Coordinate[]> {
  const found = new Map<string, Coordinate>()
  for await (const file of zipFiles(core)) {
    if (!files.includes(file.name) || file.size > largest) continue
    const root = await parseXml(await collect(file.bytes(), largest))
    for (const component of elements(root).flatMap((each) => children(each, 'component'))) {
      if (!isMeant(component, packagings)) continue
      for (const plugin of goals(component)) found.set(`${plugin.group}:${plugin.artifact}:${plugin.version}`, plugin)
    }
  }
  return [...found.values()]
}

function isMeant(component: Element, packagings: readonly string[]): boolean {
  const role = textAt(component, 'role') ?? ''
  const hint = textAt(component, 'role-hint') ?? ''
  if (role.endsWith('.LifecycleMapping')) return packagings.includes(hint)
  return role.endsWith('.Lifecycle') && (hint === 'clean' || hint === 'site')
}

/** `group:artifact:version:goal`, several parted by commas, wherever they stand. */
function* goals(element: Element): Generator<Coordinate> {
  for (const goal of (text(element) ?? '').split(',')) {
    const [group = '', artifact = '', version = '', name] = goal.trim().split(':')
    if (name !== undefined && isName(group, artifact) && isVersionText(version)) yield { group, artifact, version }
  }
  for (const inner of elements(element)) yield* goals(inner)
}

/** What Maven before version 4 gives a plugin that does not say which it wants. */
export const injected: Coordinate = { group: 'org.codehaus.plexus', artifact: 'plexus-utils', version: '1.1' }

/** Providers that the test plugins choose by what they find in the project. */
const providers = [
  'surefire-junit-platform',
  'surefire-junit47',
  'surefire-junit4',
  'surefire-junit3',
  'surefire-testng',
]
const testers: ReadonlySet<string> = new Set(['maven-surefire-plugin', 'maven-failsafe-plugin'])

/** What a plugin fetches while it runs, of its own version. */
export const fetchedBy = ({ group, artifact, version }: Coordinate): readonly Coordinate[] =>
  group === 'org.apache.maven.plugins' && testers.has(artifact)
    ? providers.map((provider) => ({ group: 'org.apache.maven.surefire', artifact: provider, version }))
    : []
