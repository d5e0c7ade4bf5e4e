// The verbs: what each takes, with an example. What each does is in src/commands; it is imported when it is run, so that
// the command line starts quickly.

import { homedir } from 'node:os'
import path from 'node:path'
import { type Command, Option } from 'commander'
import { addressForms } from '../commands/address-forms.ts'
import { setupFormats } from '../commands/client-texts.ts'
import type { Verb } from '../commands/context.ts'
import { contextOf, withSettings } from './options.ts'

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
    ['policy.cooldown.default', 'keep_free', 'max_growth', 'report', 'wait'],
  ).action((manifests: string[], flags: Record<string, unknown>) =>
    act(flags, manifests, async (context) =>
      (await import('../commands/sync.ts')).sync(context, { dryRun: flags.dryRun === true }),
    ),
  )

  withSettings(
    program
      .command('serve')
      .description('serve repositories over HTTP, fetching on demand what is missing')
      .option('--static <directory>', 'serve an exported tree instead, as a dumb web server would')
      .addHelpText('after', example('pkgmirror serve --listen 0.0.0.0:8080 --offline')),
    ['listen', 'base_url', 'only', 'workers', 'policy.cooldown.default'],
  ).action((flags: Record<string, unknown>) =>
    act(flags, [], async (context) => {
      if (typeof flags.static === 'string')
        return (await import('../commands/static.ts')).serveStatic(context, flags.static)
      return (await import('../commands/serve.ts')).serve(context)
    }),
  )

  withSettings(
    program
      .command('export')
      .description('write what is held as a plain tree that any web server can serve')
      .argument('[target]', 'directory, FILE.tar, or - for an archive on standard output (default: publish.directory)')
      .option('--repo <name>', 'only this repository; may be repeated', (name, all: string[] = []) => [...all, name])
      .option('-n, --dry-run', 'show what would change, write nothing')
      .option('--force', 'even if most of the tree would be deleted, or files are there that no export wrote')
      .option('--case-sensitive', 'let names differ in letter case alone')
      .option('--oci-layout', 'container images alone, as an OCI image layout for skopeo, podman and containerd')
      .option(
        '--snapshot <name>',
        'what was held at this snapshot (default: the one that is shown, or the newest state)',
      )
      .option('--check <url>', 'see whether a web server serves a tree as clients need it, and write nothing')
      .option('--sample <share>', 'with --check: only a part of the files, such as 5%')
      .option('--bundle', 'a signed bundle for a mirror that no network reaches: a directory, FILE.tar or FILE.tar.zst')
      .option('--volume-size <size>', 'with --bundle: cut the archive into files of this size, such as 4GB')
      .option('--since <snapshot>', 'with --bundle: only what is new since the bundle of this snapshot')
      .option('--since-bundle <number>', 'with --bundle: only what is new since this bundle')
      .option('--receipt <file>', 'with --bundle: only what is new since what this receipt of the other side says')
      .option('--overlap <count>', 'with --bundle: so many bundles before that may have been lost')
      .option('--sign-key <name>', 'the key that signs a bundle, or the MANIFEST of a tree (default: mirror)')
      .addHelpText('after', example('pkgmirror export ./site --base-url https://mirror.example.org'))
      .addHelpText('after', '  pkgmirror export --bundle /media/disk/today --since-bundle 4'),
    ['base_url', 'publish.grace'],
  ).action((target: string | undefined, flags: Record<string, unknown>) =>
    act(flags, [], async (context) => {
      const { bundleExportFlags, mustBelongTogether } = await import('../commands/bundle-flags.ts')
      mustBelongTogether(flags)
      if (typeof flags.check === 'string')
        return (await import('../commands/export-check.ts')).exportCheck(context, flags.check, textOf(flags.sample))
      if (flags.bundle === true) {
        return (await import('../commands/bundle-export.ts')).exportBundle(context, bundleExportFlags(target, flags))
      }
      return (await import('../commands/export.ts')).exportCommand(context, {
        ...(target === undefined ? {} : { target }),
        ...(Array.isArray(flags.repo) ? { repos: flags.repo.map(String) } : {}),
        ...(flags.baseUrl === undefined || context.settings.baseUrl === undefined
          ? {}
          : { baseUrl: context.settings.baseUrl }),
        dryRun: flags.dryRun === true,
        force: flags.force === true,
        caseSensitive: flags.caseSensitive === true,
        ...(flags.ociLayout === true ? { layout: 'oci-layout' } : {}),
        ...(typeof flags.snapshot === 'string' ? { snapshot: flags.snapshot } : {}),
        ...(typeof flags.signKey === 'string' ? { signKey: flags.signKey } : {}),
      })
    }),
  )

  withSettings(
    program
      .command('import')
      .description('bring in what was carried here, verified like what comes from an upstream')
      .argument('[bundle]', 'a bundle: its directory, its archive, or the first volume of that')
      .option('--receipt <file>', 'write what this side has now into a file, for the next bundle')
      .option('--new-series', 'take the first bundle of a series that this mirror does not know')
      .option('--sign-key <name>', 'the key that signs the receipt (default: mirror)')
      .option('--oci-layout <directory>', 'container images as an OCI image layout instead')
      .option('--repo <name>', 'the repository that they belong to', 'container')
      .option('--name <image>', 'the image, where the layout has its tags alone')
      .option('-n, --dry-run', 'show what would come in, and check what can be checked without it')
      .addHelpText('after', example('pkgmirror import /media/disk/today --receipt /media/disk/receipt'))
      .addHelpText('after', '  pkgmirror import --oci-layout ./images --repo harbour'),
  ).action((bundle: string | undefined, flags: Record<string, unknown>) =>
    act(flags, [], async (context) => {
      const { bundleImportFlags } = await import('../commands/bundle-flags.ts')
      if (typeof flags.ociLayout !== 'string' || bundle !== undefined)
        return (await import('../commands/bundle-import.ts')).importBundle(context, bundleImportFlags(bundle, flags))
      return (await import('../commands/import.ts')).importLayout(context, {
        directory: path.resolve(flags.ociLayout),
        repo: String(flags.repo),
        name: textOf(flags.name),
        dryRun: flags.dryRun === true,
      })
    }),
  )

  withSettings(
    program
      .command('seed')
      .description('bring in what lockfiles lock, without a manifest')
      .argument('<file...>', 'lockfiles')
      .option('--as <format>', 'the format of the files, where their names do not tell it')
      .option('-n, --dry-run', 'show the plan with bytes, fetch nothing but indexes')
      .addOption(
        new Option(
          '--addresses <form>',
          'print where the mirror has what the lockfiles name by address, as text or as a script for sed',
        ).choices(addressForms),
      )
      .option('--write-manifest <file>', 'write a manifest that keeps what was understood')
      .option('--force', 'overwrite that manifest')
      .addHelpText('after', example('pkgmirror seed package-lock.json Cargo.lock --write-manifest mirror.yaml')),
    ['base_url', 'policy.cooldown.default'],
  ).action((files: string[], flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/seed.ts')).seed(context, {
        files: files.map((file) => path.resolve(file)),
        as: textOf(flags.as),
        dryRun: flags.dryRun === true,
        addresses: addressForms.find((form) => form === flags.addresses),
        writeManifest: typeof flags.writeManifest === 'string' ? path.resolve(flags.writeManifest) : undefined,
        force: flags.force === true,
      }),
    ),
  )

  withSettings(
    program
      .command('status')
      .description('what is held: repositories, sizes, hits, generations, holders, last runs')
      .option('--runs [number]', 'the history of runs: so many, the newest first (default: 20)')
      .option('--manifests', 'what each manifest and lockfile holds, its last run and whether its file is there')
      .addHelpText('after', example('pkgmirror status --json')),
  ).action((flags: Record<string, unknown>) =>
    act(flags, [], async (context) => {
      if (flags.manifests === true) return (await import('../commands/manifests.ts')).manifests(context)
      if (flags.runs !== undefined) return (await import('../commands/runs.ts')).runs(context, textOf(flags.runs))
      return (await import('../commands/status.ts')).status(context)
    }),
  )

  withSettings(
    program
      .command('forget')
      .description('let go of what a manifest or lockfile holds; gc then goes by its rules')
      .argument('<name>', 'its name in `status --manifests`, or the end of it')
      .option('-n, --dry-run', 'show what would be let go of')
      .addHelpText('after', example('pkgmirror forget manifests/old.yaml')),
  ).action((name: string, flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/manifests.ts')).forget(context, { name, dryRun: flags.dryRun === true }),
    ),
  )

  withSettings(
    program
      .command('explain')
      .description('why something is here, or why it is not and until when; asks nobody')
      .argument('<what>', 'a path as clients ask for it, an address, or a package URL')
      .addHelpText('after', example('pkgmirror explain pkg:npm/express@4'))
      .addHelpText('after', 'Exit codes: 0 held and allowed, 3 not held, 5 denied.'),
  ).action((what: string, flags: Record<string, unknown>) =>
    act(flags, [], async (context) => (await import('../commands/explain.ts')).explain(context, what)),
  )

  withSettings(
    program
      .command('verify')
      .description('prove again, offline, everything that is held: digests, signatures, documents')
      .option('--sample <percent>', 'only a random part of it: 5%')
      .option('--repo <name>', 'only this repository')
      .option('--repair', 'fetch again what is damaged')
      .option(
        '--from <directory>',
        'take it from there first: a data directory, an exported tree, a bundle; may be repeated',
        (name, all: string[] = []) => [...all, name],
      )
      .option('--rebuild', 'find again first what a lost catalog knew: by copies of it, by --from, by signed indexes')
      .option('--recognise', 'with --rebuild: place documents without a signature by what they say of themselves')
      .option('--list', 'every path with its proof, not only what is wrong')
      .addHelpText('after', example('pkgmirror verify --sample 5% --repair')),
  ).action((flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/verify.ts')).verify(context, {
        sample: textOf(flags.sample),
        repo: textOf(flags.repo),
        repair: flags.repair === true,
        list: flags.list === true,
        rebuild: flags.rebuild === true,
        from: Array.isArray(flags.from) ? flags.from.map((one) => path.resolve(String(one))) : [],
        recognise: flags.recognise === true,
      }),
    ),
  )

  withSettings(
    program
      .command('prove')
      .description('replay lockfiles against the mirror, offline: is everything there that they lock, and the same')
      .argument('<file...>', 'lockfiles')
      .option('--as <format>', 'the format of the files, where their names do not tell it')
      .option('--list', 'with --json: every line, not only what is missing')
      .option(
        '--install',
        'have the real client install each in a scratch folder, from the mirror alone, without a network',
      )
      .addHelpText('after', example('pkgmirror prove package-lock.json uv.lock'))
      .addHelpText('after', 'Exit codes: 0 everything is there, 3 something is missing, 4 other bytes, 5 denied.'),
  ).action((files: string[], flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/prove.ts')).prove(context, {
        files: files.map((file) => path.resolve(file)),
        as: textOf(flags.as),
        list: flags.list === true,
        install:
          flags.install === true
            ? { argv: [process.execPath, ...process.execArgv, ...process.argv.slice(1)], env: process.env }
            : undefined,
      }),
    ),
  )

  withSettings(
    program
      .command('gc')
      .description('drop what nothing keeps')
      .option('-n, --dry-run', 'show what would go and who keeps the rest, touch nothing')
      .option('--force', 'even if more than half of what is kept would go')
      .addHelpText('after', example('pkgmirror gc --dry-run --keep-unused-for 180d')),
    ['keep.unused_for', 'keep.max_age', 'keep.max_size', 'keep.latest', 'keep.grace'],
  ).action((flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/gc.ts')).gc(context, { dryRun: flags.dryRun === true, force: flags.force === true }),
    ),
  )

  withSettings(
    program
      .command('keys')
      .description('make and show the keys that sign bundles and receipts, and say whose are taken')
      .argument('<action>', 'create, list or show keys of this mirror; trust or untrust those of others')
      .argument('[key]', 'to show: its name; to trust: a .pub file or its line; to untrust: the same, or its number')
      .option('--name <name>', 'name of the key to make (default: mirror)')
      .option('--public', 'show the public key alone')
      .addHelpText('after', example('pkgmirror keys show --public > mirror.pub')),
  ).action((action: string, key: string | undefined, flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/keys.ts')).keys(context, action, {
        what: key,
        name: textOf(flags.name),
        public: flags.public === true,
      }),
    ),
  )

  withSettings(
    program
      .command('snapshot')
      .description('named states of everything that is held: make, compare, show, remove')
      .argument('<action>', 'create [NAME], list, show NAME, diff A [B], rollback NAME, release, rm NAME…')
      .argument('[name...]', 'names of snapshots; what is left out of diff is the newest state')
      .option('--tag <tag>', 'with create: one with a tag stays; may be repeated', (tag, all: string[] = []) => [
        ...all,
        tag,
      ])
      .option('--note <text>', 'with create: what it is for')
      .option('--newest', 'with rollback: back to the newest state, as release does')
      .option('-n, --dry-run', 'say what would be done, change nothing')
      .addHelpText('after', example('pkgmirror snapshot create before-upgrade --tag release')),
  ).action((action: string, names: string[], flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/snapshot.ts')).snapshot(context, {
        action,
        names,
        tags: Array.isArray(flags.tag) ? flags.tag.map(String) : [],
        note: textOf(flags.note) ?? '',
        newest: flags.newest === true,
        dryRun: flags.dryRun === true,
      }),
    ),
  )

  withSettings(
    program
      .command('setup')
      .description('print how clients are pointed at the mirror, or write it')
      .argument('[client...]', 'npm, pnpm, yarn, bun, cargo, apt, or a repository (default: all)')
      .addOption(
        new Option('--format <format>', 'files as they are, shell variables, or shell commands').choices(setupFormats),
      )
      .option('--write', 'write the files of the named clients')
      .option('--force', 'overwrite files that have other content')
      .addHelpText('after', example('eval "$(pkgmirror setup npm --format env)"')),
    ['base_url', 'listen', 'only'],
  ).action((clients: string[], flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/setup.ts')).setup(context, clients, {
        format: setupFormats.find((format) => format === flags.format),
        write: flags.write === true,
        force: flags.force === true,
        directory: process.cwd(),
        home: homedir(),
      }),
    ),
  )

  withSettings(
    program
      .command('validate')
      .description('check manifests, configuration and lockfiles without running anything')
      .argument('[file...]', 'files to check (default: the configuration)')
      .option('--effective', 'print every value and where it came from')
      .addHelpText('after', example('pkgmirror validate manifests/ci.yaml package-lock.json')),
  ).action((files: string[], flags: Record<string, unknown>) =>
    act(flags, [], async (context) =>
      (await import('../commands/validate.ts')).validate(context, {
        files: files.map((file) => path.resolve(file)),
        effective: flags.effective === true,
        load: async (manifests) => (await contextOf(flags, manifests, context.signal)).settings,
      }),
    ),
  )

  withSettings(
    program
      .command('init')
      .description(
        'write a first manifest out of the lockfiles and image references of a folder, or a commented configuration',
      )
      .argument('[place]', 'folder to look in (default: this one); with --template the file to write')
      .option('-o, --output <file>', 'file to write (default: standard output)')
      .option('--template', 'a configuration file in which everything is explained and commented out, instead')
      .option('--force', 'overwrite a file that has other content')
      .addHelpText('after', example('pkgmirror init . --output mirror.yaml')),
  ).action((place: string | undefined, flags: Record<string, unknown>) =>
    act(flags, [], async (context) => {
      const { init, initTemplate } = await import('../commands/init.ts')
      const isTemplate = flags.template === true
      const output = textOf(flags.output) ?? (isTemplate ? place : undefined)
      const options = { output: output === undefined ? undefined : path.resolve(output), force: flags.force === true }
      return isTemplate ? initTemplate(context, options) : init(context, path.resolve(place ?? '.'), options)
    }),
  )
}

const textOf = (flag: unknown): string | undefined => (typeof flag === 'string' ? flag : undefined)
