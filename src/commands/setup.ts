// `pkgmirror setup [CLIENT…]`: how clients are pointed at the mirror, printed or written.

import { didYouMean } from '../config/nearest.ts'
import type { Repository, Settings } from '../config/types.ts'
import { findEcosystem } from '../config/words.ts'
import type { Setup } from '../contract.ts'
import { ecosystems } from '../ecosystems/index.ts'
import { MirrorError } from '../errors.ts'
import { baseOf } from './base-address.ts'
import { type ClientFile, firstForms, gathered, written } from './client-files.ts'
import { asCommands, asEnvironment, asFiles, asText, type SetupFormat } from './client-texts.ts'
import { type Context, printJson, say } from './context.ts'

export interface SetupOptions {
  readonly format: SetupFormat | undefined
  readonly write: boolean
  readonly force: boolean
  /** Absolute: what relative paths, and those that begin with `~`, are below. */
  readonly directory: string
  readonly home: string | undefined
}

/** How one client is pointed at one repository. */
export interface ClientSetup extends Setup {
  readonly repo: string
  readonly builtin: boolean
}

/** Returns the exit code. Throws USAGE for an unknown client, and for files that are there with other content. */
export async function setup(context: Context, words: readonly string[], options: SetupOptions): Promise<number> {
  const { settings } = context
  const base = baseOf(settings)
  const all = settings.repositories.flatMap((repository) => setupsOf(repository, base))
  const chosen = words.length === 0 ? all : [...new Set(words.flatMap((word) => chosenBy(word, all)))]
  const files = options.write ? filesToWrite(words, chosen, settings) : []
  const done = await written(files, options)
  if (context.json) {
    const clients = chosen.map(({ builtin: _, ...rest }) => rest)
    printJson('setup', { base, clients, ...(options.write ? { written: done } : {}) })
    return 0
  }
  if (options.write)
    for (const { file, state } of done)
      say(context, state === 'unchanged' ? `${file} is as it should be` : `wrote ${file}`)
  else if (!context.quiet) process.stdout.write(textOf(chosen, options.format, words))
  return 0
}

function setupsOf(repository: Repository, base: string): readonly ClientSetup[] {
  const { name, upstreams, options, mount, builtin } = repository
  const ecosystem = ecosystems.find(({ id }) => id === repository.ecosystem)
  const setups = ecosystem?.setup({ repo: { name, upstreams, options }, base: `${base}${mount}` }) ?? []
  return setups.map((one) => ({ ...one, repo: name, builtin }))
}

/** By client (with its later generations: yarn-berry is a yarn), else by repository, else by ecosystem. */
function chosenBy(word: string, all: readonly ClientSetup[]): readonly ClientSetup[] {
  const byClient = all.filter(({ client }) => client === word || client.startsWith(`${word}-`))
  if (byClient.length > 0) return byClient
  const byRepo = all.filter(({ repo }) => repo === word)
  if (byRepo.length > 0) return byRepo
  const names = new Set(findEcosystem(word, ecosystems)?.repos.map(({ name }) => name))
  const byEcosystem = all.filter(({ repo }) => names.has(repo))
  if (byEcosystem.length > 0) return byEcosystem
  const clients = [...new Set(all.map(({ client }) => client))]
  throw new MirrorError('USAGE', `there is no client ${JSON.stringify(word)}${didYouMean(word, clients)}`, {
    hint: `There are: ${clients.join(', ')}.`,
  })
}

/** The first form of each client and repository; throws USAGE where somebody has to choose. */
function filesToWrite(
  words: readonly string[],
  chosen: readonly ClientSetup[],
  settings: Settings,
): readonly ClientFile[] {
  if (words.length === 0) {
    throw new MirrorError('USAGE', '--write needs the clients named', {
      hint: 'Name them: `pkgmirror setup npm cargo --write`.',
    })
  }
  const narrowed = settings.origins.only?.file !== 'default'
  const first = firstForms(chosen)
  for (const [client, setups] of Map.groupBy(first, (one) => one.client)) {
    const repos = setups.filter(({ builtin }) => builtin).map(({ repo }) => repo)
    if (repos.length < 2 || narrowed || words.some((word) => repos.includes(word))) continue
    throw new MirrorError('USAGE', `${client} may be pointed at ${repos.join(', ')}`, {
      hint: `Choose with --only, such as \`pkgmirror setup ${client} --only ${repos[0] ?? ''} --write\`.`,
    })
  }
  return gathered(first)
}

function textOf(chosen: readonly ClientSetup[], format: SetupFormat | undefined, words: readonly string[]): string {
  if (format === undefined) return asText(chosen)
  const text = { file: asFiles, env: asEnvironment, command: asCommands }[format](chosen)
  if (text !== '') return text
  throw new MirrorError(
    'USAGE',
    `${words.join(', ')} cannot be set up by ${format === 'env' ? 'environment variables' : format}`,
    {
      hint: 'Use --format file, or leave --format out to see all there is.',
    },
  )
}
