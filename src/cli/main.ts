// The command line: the tree of verbs, and where errors become exit codes.

import { Command, CommanderError } from 'commander'
import type { Verb } from '../commands/context.ts'
import { version } from '../commands/version.ts'
import { asMirrorError, type MirrorError } from '../errors.ts'
import { boundYoungGeneration } from './heap.ts'
import { contextOf } from './options.ts'
import { addVerbs } from './verbs.ts'

const stopping = new AbortController()
let signals = 0
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    signals += 1
    // the second one does not wait
    if (signals > 1) process.exit(signal === 'SIGINT' ? 130 : 143)
    stopping.abort()
  })
}

// a reader that has seen enough, such as `head`, is no fault of ours
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  report(asMirrorError(error), {})
  process.exit()
})
// a log that cannot be written, on a full disk or because nobody reads it any more, ends no service
process.stderr.on('error', () => undefined)

const program = new Command('pkgmirror')
  .description('Mirrors, serves and publishes packages of every ecosystem, verified.')
  .version(version, '-V, --version')
  .exitOverride()
  .configureHelp({ showGlobalOptions: false })
  .showSuggestionAfterError(true)
  .addHelpText(
    'after',
    `
Start here:
  pkgmirror serve                           a pull-through mirror on http://127.0.0.1:8080
  pkgmirror sync manifests/quickstart.yaml  bring in what a manifest lists, verified
  pkgmirror setup                           point your clients at it`,
  )

/** Runs a verb with its context and ends with its exit code. */
async function act(flags: Readonly<Record<string, unknown>>, manifests: readonly string[], verb: Verb): Promise<void> {
  // should all work end without a word, that is no success
  process.exitCode = 1
  try {
    const context = await contextOf(flags, manifests, stopping.signal)
    for (const { message, where } of context.settings.warnings) {
      if (!context.quiet)
        process.stderr.write(`warning: ${where.file}${where.line === undefined ? '' : `:${where.line}`}: ${message}\n`)
    }
    process.exitCode = await verb(context)
  } catch (error) {
    report(asMirrorError(error), flags)
  }
}

function report(error: MirrorError, flags: Readonly<Record<string, unknown>>): void {
  if (flags.json === true) {
    const { code, message, facts, hint } = error
    process.stdout.write(
      `${JSON.stringify({ schema: 1, type: 'error', code, message, file: facts.file, line: facts.line, hint })}\n`,
    )
  } else {
    process.stderr.write(`pkgmirror: ${error.located}\n  ${error.hint}\n`)
    if (error.code === 'FAULT' && error.cause instanceof Error && flags.debug === true)
      process.stderr.write(`${error.cause.stack ?? ''}\n`)
  }
  process.exitCode = error.failure.exit
}

boundYoungGeneration()
addVerbs(program, act)

try {
  if (process.argv.length <= 2) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
