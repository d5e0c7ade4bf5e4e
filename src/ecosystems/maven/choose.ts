// Which of the versions that are met a client would take: Maven the nearest, with and without the management of the root, and
// Gradle, Coursier and sbt the highest. What any of them would take is held.
// https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html

import { isRange, mavenVersions } from '../../versions/maven.ts'
import { type Graph, isExcluded, type Node, type Root, type Step } from './graph.ts'
import { type Coordinate, nameOf } from './layout.ts'
import type { Exclusion } from './pom.ts'

/** A file that is taken. */
export interface Choice {
  readonly at: Coordinate
  readonly type: string
  readonly classifier?: string
}

interface Visit extends Choice {
  readonly exclusions: readonly Exclusion[]
  readonly root: Root
  /** Asked for by a range. */
  readonly ranged: boolean
}

const fileKey = ({ at, type, classifier = '' }: Choice): string => `${nameOf(at)}:${type}:${classifier}`

const choiceOf = ({ edge, to }: Step): Choice => ({
  at: to,
  type: edge.type,
  ...(edge.classifier === undefined ? {} : { classifier: edge.classifier }),
})

/** A line of visits that grows at its end while it is walked. */
function start(roots: readonly Root[]): Visit[] {
  return roots.map((root) => ({ ...root, exclusions: [], root, ranged: false }))
}

function* behind(visit: Visit, steps: readonly Step[]): Generator<Visit> {
  for (const step of steps) {
    if (isExcluded(step.edge, visit.exclusions)) continue
    yield {
      ...choiceOf(step),
      exclusions: step.edge.exclusions.length === 0 ? visit.exclusions : [...visit.exclusions, ...step.edge.exclusions],
      root: visit.root,
      ranged: isRange(step.edge.version),
    }
  }
}

const stepsOf = (node: Node | undefined, visit: Visit): readonly Step[] => [
  ...(visit.at === visit.root.at ? visit.root.steps : []),
  ...(node?.steps ?? []),
]

/** Maven's way: what is met first, level by level and in the order of declaration. */
export function nearest(roots: readonly Root[], graph: Graph, management: 'of the root' | 'none'): readonly Choice[] {
  const won = new Map<string, Choice>()
  const line = start(roots)
  for (const visit of line) {
    const key = fileKey(visit)
    if (won.has(key)) continue
    won.set(key, visit)
    const own = stepsOf(graph.node(visit.at), visit)
    const steps =
      management === 'none' || visit.at === visit.root.at
        ? own
        : own.map((step) => graph.managed(visit.root, step) ?? step)
    line.push(...behind(visit, steps))
  }
  return [...won.values()]
}

/** Gradle's way: of everything that is met the highest, by module files where there are any. */
export function highest(roots: readonly Root[], graph: Graph): readonly Choice[] {
  const won = new Map<string, Coordinate>()
  const files = new Map<string, Choice>()
  const bound: { readonly visit: Visit; readonly constraints: readonly Step[] }[] = []
  const line = start(roots)
  const isHigher = ({ version }: Coordinate, than: Coordinate | undefined): boolean =>
    than === undefined || mavenVersions.compare(version, than.version) > 0
  const take = (visit: Visit): void => {
    files.set(fileKey(visit), visit)
    if (!isHigher(visit.at, won.get(nameOf(visit.at)))) return
    won.set(nameOf(visit.at), visit.at)
    const steps = visit.at === visit.root.at ? visit.root.steps : []
    line.push(...behind(visit, [...steps, ...(graph.node(visit.at)?.moduleSteps ?? [])]))
    const constraints = graph.node(visit.at)?.constraints ?? []
    if (constraints.length > 0) bound.push({ visit, constraints })
  }
  for (let at = 0; at < line.length; ) {
    for (let visit = line[at]; visit !== undefined; visit = line[at]) {
      at += 1
      take(visit)
    }
    // a constraint counts for what something else needs
    for (const { visit, constraints } of bound) {
      const counting = constraints.filter(({ to }) => won.has(nameOf(to)) && isHigher(to, won.get(nameOf(to))))
      line.push(...behind(visit, counting))
    }
  }
  // what a range allows may be met by a version that somebody else asks for
  const ranged = new Set(line.flatMap((visit) => (visit.ranged ? nameOf(visit.at) : [])))
  return [
    ...[...files.values()].map((choice) => ({ ...choice, at: won.get(nameOf(choice.at)) ?? choice.at })),
    ...line.filter((visit) => ranged.has(nameOf(visit.at))),
  ]
}
