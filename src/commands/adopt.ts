// `pkgmirror adopt DIR…`: takes over what an existing cache or mirror has. Nothing in DIR is changed.

import { availableParallelism } from 'node:os'
import { type Adopted, type AdoptItem, adopt as adoptFiles } from '../engine/adopt.ts'
import { exitCode, MirrorError } from '../errors.ts'
import { errorFields, errorText } from '../telemetry/lines.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { type Context, printJson, say } from './context.ts'
import { offeredFiles, rootsOf } from './offered-files.ts'
import { openWorkspace, record } from './workspace.ts'

export interface AdoptFlags {
  /** Absolute. */
  readonly directories: readonly string[]
  /** The repository whose own layout the directories have. */
  readonly repo: string | undefined
  readonly dryRun: boolean
}

/** Files that are told of one by one. */
const MOST = 50

/** Returns the exit code: 4 where a file has other bytes than are stated of it. Throws USAGE for what is no directory. */
export async function adopt(context: Context, { directories, repo, dryRun }: AdoptFlags): Promise<number> {
  const roots = await rootsOf(directories)
  const { settings, signal } = context
  const workspace = await openWorkspace(settings, { lock: true })
  const { mirror } = workspace
  try {
    const layout = repo === undefined ? undefined : mirror.repos.get(repo)
    if (repo !== undefined && layout === undefined)
      throw new MirrorError('USAGE', `there is no repository ${repo}`, { hint: 'See `pkgmirror status`.' })
    const repos = new Set<string>()
    // one of each code tells the exit code; a hostile tree may have any number
    const errors = new Map<string, MirrorError>()
    let failed = 0
    const offered = offeredFiles(roots, [settings.data, workspace.places.store])
    const run = dryRun ? undefined : mirror.catalog.runs.start(`adopt ${directories.join(' ')}`, mirror.now())
    const adopted = await adoptFiles(mirror, {
      ...offered,
      layout,
      dryRun,
      signal,
      threads: availableParallelism(),
      told(item) {
        if (item.what === 'taken') repos.add(item.repo)
        if ('error' in item) {
          errors.set(item.error.code, item.error)
          failed += 1
        }
        tell(context, item, failed)
      },
    })
    if (!dryRun) record(mirror, repos)
    const code = exitCode([...errors.values()])
    if (run !== undefined) mirror.catalog.runs.end(run, mirror.now(), code, { ...adopted, passed: offered.passed() })
    showAdopted(context, adopted, { code, dryRun, passed: offered.passed() })
    return code
  } finally {
    await workspace.close()
  }
}

function tell(context: Context, item: AdoptItem, errors: number): void {
  const { what, file } = item
  if (context.json) {
    const { error, ...rest } = { error: undefined, ...item }
    printJson('item', { ...rest, ...(error === undefined ? {} : { error: errorFields(error) }) })
    return
  }
  if ('error' in item) {
    if (errors <= MOST) process.stderr.write(`${what}: ${shownText(file)}: ${errorText(item.error)}\n`)
  } else if (what === 'taken') say(context, `taken: ${shownText(file)} as ${item.repo} ${shownText(item.path)}`)
}

function showAdopted(
  context: Context,
  adopted: Adopted,
  { code, dryRun, passed }: { code: number; dryRun: boolean; passed: number },
): void {
  if (context.json) {
    printJson('summary', { code, dryRun, ...adopted, passed })
    return
  }
  const files = ({ items, bytes }: Adopted['taken']): string => `${countText(items, 'file')} (${bytesText(bytes)})`
  const { taken, held, left, refused, unreadable } = adopted
  say(context, `${dryRun ? 'Would take' : 'Took'} ${files(taken)}; held already: ${files(held)}.`)
  if (left.items > 0)
    say(
      context,
      `${files(left)} left: no index that is held states their digests. \`pkgmirror sync MANIFEST --dry-run\` brings in the indexes of what you want; then adopt again.`,
    )
  if (refused.items + unreadable.items > MOST)
    say(context, `${refused.items + unreadable.items} failed; --json lists all.`)
  if (passed > 0) say(context, `${countText(passed, 'link')} or devices passed by.`)
}
