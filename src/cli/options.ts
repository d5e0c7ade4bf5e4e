// Flags of the command line, out of the table of configuration keys.

import { homedir } from 'node:os'
import path from 'node:path'
import { type Command, Option } from 'commander'
import type { Context } from '../commands/context.ts'
import { attributeOf, flagOf, type KeyName, keyNames, keys } from '../config/keys.ts'

/** Flags that every `--help` shows; the others are in docs/configuration.md. */
const SHOWN: readonly KeyName[] = ['data', 'offline', 'log.level']

/** Adds `--config`, `--json`, `--quiet` and a flag for every configuration key; those in `shown` appear in the help. */
export function withSettings(command: Command, shown: readonly KeyName[] = []): Command {
  command.option(
    '-c, --config <file>',
    "configuration file (default: ./pkgmirror.yaml, then the user's and the system's)",
  )
  for (const name of keyNames) {
    const { doc, default: standard } = keys[name]
    const isSwitch = standard === 'true' || standard === 'false'
    const option = new Option(isSwitch ? flagOf(name) : `${flagOf(name)} <value>`, doc)
    if (!shown.includes(name) && !SHOWN.includes(name)) option.hideHelp()
    command.addOption(option)
  }
  return command
    .option('--json', 'machine-readable output on standard output (schema 1)')
    .option('-q, --quiet', 'only failures')
    .addHelpText('after', '\nEvery key of the configuration has a flag: see docs/configuration.md.')
}

/** Settings and the ways to speak, out of parsed flags and the manifests named. */
export async function contextOf(
  flags: Readonly<Record<string, unknown>>,
  manifests: readonly string[],
  signal: AbortSignal,
): Promise<Context> {
  // help needs none of this
  const [{ findConfig }, { loadSettings }, { ecosystems }] = await Promise.all([
    import('../config/files.ts'),
    import('../config/load.ts'),
    import('../ecosystems/index.ts'),
  ])
  const cwd = process.cwd()
  const named = typeof flags.config === 'string' ? flags.config : undefined
  const config = await findConfig({ config: named, env: process.env, cwd, home: homedir() })
  const files = [...(config === undefined ? [] : [config]), ...manifests].map((file) => path.resolve(cwd, file))
  const settings = await loadSettings({
    files,
    flags: onlyGiven(flags),
    env: process.env,
    cwd,
    home: homedir(),
    ecosystems,
  })
  return {
    settings,
    json: flags.json === true,
    quiet: flags.quiet === true,
    signal,
    files: manifests.map((file) => path.resolve(cwd, file)),
  }
}

/** Commander sets a `--no-x` switch to true when it was not given. */
function onlyGiven(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = { ...flags }
  if (given[attributeOf('builtin')] === true) delete given[attributeOf('builtin')]
  return given
}
