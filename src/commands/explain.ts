// `pkgmirror explain PATH|ADDRESS|PURL`: why a path is here, or why it is not, and until when.

import { ecosystems } from '../ecosystems/index.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { resolve } from '../engine/resolve.ts'
import { MirrorError } from '../errors.ts'
import { type Context, printJson } from './context.ts'
import { type Explanation, explain as explainResource } from './explanation.ts'
import { explanationJson, explanationLines } from './explanation-text.ts'
import { columns, print, timeText } from './print.ts'
import { type PackageSubject, type PathSubject, type Subject, subjectOf } from './subject.ts'
import { openWorkspace } from './workspace.ts'

/** As many matches of a package are explained in full for people; the others get a line each, up to the second number. */
const IN_FULL = 2
const IN_LINES = 40

/** Returns the exit code: 0 held and allowed, 3 not held, 5 denied. */
export async function explain(context: Context, text: string): Promise<number> {
  const workspace = await openWorkspace(context.settings, { mustExist: true, offline: true })
  try {
    const { mirror } = workspace
    const subject = subjectOf(text, mirror, ecosystems)
    const found = await explained(mirror, subject)
    const verdict = subject.kind === 'package' && found.length === 0 ? nameVerdict(mirror, subject) : undefined
    const code = verdict?.code ?? codeOf(found)
    if (context.json)
      printJson('explanation', { asked: text, code, matches: found.map(explanationJson), reason: verdict?.reason })
    else print(context, verdict === undefined ? lines(subject, found, mirror.now()) : [verdict.reason])
    return code
  } finally {
    await workspace.close()
  }
}

async function explained(mirror: Mirror, subject: Subject): Promise<readonly Explanation[]> {
  if (subject.kind === 'path') return [await explainResource(mirror, resourceOf(subject))]
  const found: Explanation[] = []
  for (const mounted of subject.mounted) {
    const its: Explanation[] = []
    for (const path of pathsOf(mirror, mounted, subject)) {
      const resource = resolve(mounted, path)
      if (resource !== undefined) its.push(await explainResource(mirror, resource))
    }
    const { compare } = mounted.ecosystem.versions
    its.sort(
      (a, b) =>
        Number(a.version !== undefined) - Number(b.version !== undefined) || compare(b.version ?? '', a.version ?? ''),
    )
    found.push(...its)
  }
  return found
}

function resourceOf({ mounted, path, query }: PathSubject) {
  const found = resolve(mounted, path, query)
  if (found !== undefined) return found
  throw new MirrorError('NO_ROUTE', `${mounted.settings.name} has no path like ${path}`, {
    path,
    hint: `Paths of ${mounted.ecosystem.title} look like: ${mounted.ecosystem.routes
      .slice(0, 4)
      .map(({ pattern }) => pattern)
      .join(', ')} …`,
  })
}

/** Paths that are held under that name, or that a document names. Without a version, its index documents too. */
function pathsOf(
  { catalog }: Mirror,
  mounted: MountedRepo,
  { name, version, fits }: PackageSubject,
): ReadonlySet<string> {
  const paths = new Set<string>()
  const repo = mounted.settings.name
  const take = (path: string, one: string | undefined): void => {
    if (one === undefined ? version === undefined : fits(one)) paths.add(path)
  }
  for (const ref of catalog.refs.byName(repo, name)) if (!ref.variant.startsWith('!')) take(ref.path, ref.version)
  for (const { entry } of catalog.facts.byName(repo, name)) take(entry.path, entry.version)
  return paths
}

/** Of a package that nothing is known of. */
function nameVerdict(
  mirror: Mirror,
  { mounted, name, version }: PackageSubject,
): { readonly code: number; readonly reason: string } {
  const now = mirror.now()
  const what = version === undefined ? name : `${name}@${version}`
  for (const { judge, settings } of mounted) {
    const verdict = judge.verdict({ name }, now)
    if (!verdict.allow) return { code: 5, reason: `${name} of ${settings.name} is ${verdict.reason}` }
  }
  const names = mounted.map(({ settings }) => settings.name).join(', ')
  return {
    code: 3,
    reason: `Nothing is held or known of ${what} in ${names}: a client’s request, or a sync, would ask upstream for its index.`,
  }
}

/** Of a package its files decide, where any is known. One that is held and allowed is enough; else a denial counts more than an absence. */
function codeOf(found: readonly Explanation[]): number {
  const files = found.filter(({ resource }) => resource.route.kind === 'artifact')
  const codes = new Set((files.length === 0 ? found : files).map(({ code }) => code))
  return [0, 4, 5].find((code) => codes.has(code)) ?? 3
}

function lines(subject: Subject, found: readonly Explanation[], now: number): readonly string[] {
  if (subject.kind === 'path' || found.length <= IN_FULL)
    return found.flatMap((one, at) => [...(at === 0 ? [] : ['']), ...explanationLines(one, now)])
  const held = found.filter(({ code }) => code === 0)
  const full = held.length <= IN_FULL ? held : []
  const rest = found
    .filter((one) => !full.includes(one))
    .sort((a, b) => Number(a.held === undefined) - Number(b.held === undefined))
  const shown = rest.slice(0, IN_LINES)
  const denied = rest.find(({ verdict }) => !verdict.allow)?.verdict
  return [
    ...full.flatMap((one) => [...explanationLines(one, now), '']),
    `${full.length === 0 ? '' : 'Also known: '}${rest.length} paths of ${subject.name}:`,
    ...columns(shown.map(row), 2),
    ...(rest.length > shown.length ? [`  … and ${rest.length - shown.length} more; --json lists all.`] : []),
    ...(denied?.allow === false ? [`The first that is denied: ${denied.reason}.`] : []),
  ]
}

function row({ resource, version, held, verdict }: Explanation): readonly string[] {
  const state = held === undefined ? 'not held' : 'held'
  const policy = verdict.allow ? '' : `denied${verdict.until === undefined ? '' : ` until ${timeText(verdict.until)}`}`
  return [
    version ?? '(index)',
    [state, policy].filter((part) => part !== '').join(', '),
    `${resource.mounted.settings.mount}${resource.path}`,
  ]
}
