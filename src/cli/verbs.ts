// The verbs: what each takes, with an example. What each does is in src/commands; it is imported when it is run, so that
// the command line starts quickly.

import type { Command } from 'commander'
import type { Verb } from './main.ts'
import { withSettings } from './options.ts'

type Act = (flags: Readonly<Record<string, unknown>>, manifests: readonly string[], verb: Verb) => Promise<void>

const example = (text: string): string => `\nExample:\n  ${text}`

export function addVerbs(program: Command, act: Act): void {
  withSettings(
    program
      .command('sync')
      .description('bring in what manifests list: packages, repositories, lockfiles')
      .argument('<manifest...>', 'manifest files')
      .option('-n, --dry-run', 'show the plan with bytes, fetch nothing but indexes')
      .addHelpText('after', example('pkgmirror sync manifests/ci.yaml --dry-run')),
    ['policy.cooldown.default'],
  ).action((manifests: string[], flags: Record<string, unknown>) =>
    act(flags, manifests, async (context) =>
      (await import('../commands/sync.ts')).sync(context, { dryRun: flags.dryRun === true }),
    ),
  )

  withSettings(
    program
      .command('serve')
      .description('serve repositories over HTTP, fetching on demand what is missing')
      .addHelpText('after', example('pkgmirror serve --listen 0.0.0.0:8080 --offline')),
    ['listen', 'base_url', 'only', 'policy.cooldown.default'],
  ).action((flags: Record<string, unknown>) =>
    act(flags, [], async (context) => (await import('../commands/serve.ts')).serve(context)),
  )
}
