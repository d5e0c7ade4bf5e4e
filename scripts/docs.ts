// Writes the generated parts of README.md and docs/ anew, out of what the code declares: `node scripts/docs.ts`. A part
// stands between `<!-- NAME: generated … -->` and `<!-- end -->`; test/docs/generated.test.ts compares each with its source.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Command, type Option } from 'commander'
import { addVerbs } from '../src/cli/verbs.ts'
import { loadSettings } from '../src/config/load.ts'
import type { Repository } from '../src/config/types.ts'
import type { AnyEcosystem, Setup } from '../src/contract.ts'
import { ecosystems } from '../src/ecosystems/index.ts'
import { failures } from '../src/errors.ts'
import { lockFormats } from '../src/lockfiles/index.ts'

const root = path.resolve(import.meta.dirname, '..')
/** The ecosystem that shows how one is written; its test runs the suite over it. */
const example = 'test/example/sheets.ts'
/** Where `serve` listens when it is not told. */
const address = 'http://127.0.0.1:8080'

/** Generated parts by file, relative to the checkout, and by name. */
export type Parts = Readonly<Record<string, Readonly<Record<string, string>>>>

export async function generatedParts(): Promise<Parts> {
  const mounted = await mountedRepositories()
  return {
    'README.md': { ecosystems: ecosystemTable(mounted) },
    'docs/lockfiles.md': { lockfiles: lockfileTable() },
    'docs/clients.md': { clients: clientTexts(mounted) },
    'docs/commands.md': { verbs: verbTexts(commandTree()) },
    'docs/errors.md': { errors: errorTable() },
    'docs/adding-an-ecosystem.md': { example: fence('ts', readFileSync(path.join(root, example), 'utf8')) },
  }
}

/** The text with its generated parts as they should be. Throws for a part that the text has no place for. */
export function withParts(text: string, parts: Readonly<Record<string, string>>): string {
  let fresh = text
  for (const [name, part] of Object.entries(parts)) {
    const place = new RegExp(`(<!-- ${name}: generated[^\\n]*-->\\n).*?(<!-- end -->)`, 's')
    if (!place.test(fresh)) throw new Error(`there is no place for the generated part ${name}`)
    fresh = fresh.replace(place, (_, head: string, end: string) => `${head}\n${part}\n\n${end}`)
  }
  return fresh
}

/** The command line's tree of verbs, with nothing behind them. */
export function commandTree(): Command {
  const program = new Command('pkgmirror')
  addVerbs(program, async () => {})
  return program
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')
const code = (text: string): string => `\`${text}\``

interface Mounted {
  readonly ecosystem: AnyEcosystem
  readonly repository: Repository
}

/** What `serve` mounts without configuration. */
async function mountedRepositories(): Promise<readonly Mounted[]> {
  const settings = await loadSettings({ files: [], flags: {}, env: {}, cwd: '/', ecosystems })
  return settings.repositories.flatMap((repository) =>
    ecosystems.filter(({ id }) => id === repository.ecosystem).map((ecosystem) => ({ ecosystem, repository })),
  )
}

function ecosystemTable(mounted: readonly Mounted[]): string {
  return table(
    ['ecosystem', 'clients', 'mounted at'],
    ecosystems.map((ecosystem) => {
      const own = mounted.filter((one) => one.ecosystem === ecosystem)
      const clients = new Set(own.flatMap((one) => setups(one).map(({ client }) => client)))
      return [
        `[${ecosystem.title}](docs/ecosystems/${ecosystem.id}.md)`,
        [...clients].join(', '),
        own.map(({ repository }) => code(repository.mount)).join(' '),
      ]
    }),
  )
}

const lockfileTable = (): string =>
  table(
    ['format', 'recognised by name'],
    lockFormats.map(({ id, names }) => [code(id), names.map(code).join(' ')]),
  )

function setups({ ecosystem, repository }: Mounted): readonly Setup[] {
  const { name, upstreams, options, mount } = repository
  return ecosystem.setup({ repo: { name, upstreams, options }, base: `${address}${mount}` })
}

function clientTexts(mounted: readonly Mounted[]): string {
  return ecosystems
    .map((ecosystem) => {
      const own = mounted.filter((one) => one.ecosystem === ecosystem)
      const parts = own.map((one) => `### ${code(one.repository.name)}\n\n${setups(one).map(setupText).join('\n\n')}`)
      return `## ${ecosystem.title}\n\n${parts.join('\n\n')}`
    })
    .join('\n\n')
}

function setupText({ client, title, files = [], env = {}, commands = [], note }: Setup): string {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${value}\n`)
  const blocks = [
    `**${title}** (${code(client)})`,
    ...files.map(({ path: file, text }) => `In ${code(file)}:\n\n${fence('', text)}`),
    ...(variables.length === 0 ? [] : [`Or as variables:\n\n${fence('sh', variables.join(''))}`]),
    ...(commands.length === 0 ? [] : [`Then:\n\n${fence('sh', commands.map((line) => `${line}\n`).join(''))}`]),
    ...(note === undefined ? [] : [note]),
  ]
  return blocks.join('\n\n')
}

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``

/** The flags that all verbs show stand once, behind the verbs. */
function verbTexts({ commands }: Command): string {
  const shown = commands.map((command) => command.options.filter(({ hidden }) => !hidden))
  const [first = [], ...others] = shown
  const common = first.filter(({ flags }) => others.every((options) => options.some((one) => one.flags === flags)))
  const isCommon = new Set(common.map(({ flags }) => flags))
  const texts = commands.map((command, at) =>
    verbText(
      command,
      (shown[at] ?? []).filter(({ flags }) => !isCommon.has(flags)),
    ),
  )
  return [...texts, `### All of them\n\n${optionTable(common)}`].join('\n\n')
}

function verbText(command: Command, own: readonly Option[]): string {
  const operands = command.registeredArguments.map((argument) => {
    const text = `${argument.name().toUpperCase()}${argument.variadic ? '…' : ''}`
    return argument.required ? text : `[${text}]`
  })
  const needed = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags)
  const heading = `### ${code(['pkgmirror', command.name(), ...needed, ...operands].join(' '))}`
  const taken = command.registeredArguments.map((argument) => [
    code(argument.name().toUpperCase()),
    argument.description,
  ])
  const rows = [...taken, ...own.map(optionRow)]
  return [
    heading,
    `${capital(command.description())}.`,
    ...(rows.length === 0 ? [] : [table(['argument or flag', 'what'], rows)]),
  ].join('\n\n')
}

const optionTable = (options: readonly Option[]): string => table(['flag', 'what'], options.map(optionRow))
const optionRow = ({ flags, description }: Option): readonly string[] => [code(flags), description]
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const errorTable = (): string =>
  table(
    ['code', 'HTTP', 'exit', 'again?', 'what to do'],
    Object.entries(failures).map(([name, { status, exit, retry, hint }]) => [
      code(name),
      String(status),
      String(exit),
      retry ? 'yes' : '',
      hint,
    ]),
  )

if (process.argv[1] === import.meta.filename) {
  for (const [name, parts] of Object.entries(await generatedParts())) {
    const file = path.join(root, name)
    writeFileSync(file, withParts(readFileSync(file, 'utf8'), parts))
  }
}
