// Set-ups of clients as text: for people, as files, as environment variables, as shell commands.

import type { Setup } from '../contract.ts'
import { firstForms, gathered } from './client-files.ts'

export const setupFormats = ['env', 'file', 'command'] as const
export type SetupFormat = (typeof setupFormats)[number]

interface Named extends Setup {
  readonly repo: string
}

/** A note that several of them share stands once. */
export function asText(setups: readonly Named[]): string {
  const told = new Set<string>()
  const texts = setups.map((setup) => {
    const { note } = setup
    const isNew = note !== undefined && !told.has(note)
    if (isNew) told.add(note)
    return setupText(setup, isNew ? note : undefined)
  })
  return texts.join('\n')
}

function setupText(
  { title, repo, client, files = [], env = {}, commands = [] }: Named,
  note: string | undefined,
): string {
  const parts = [`${title} (client ${client}, repository ${repo})\n`]
  for (const { path, text } of files) parts.push(`  ${path}:\n${indented(text)}`)
  if (Object.keys(env).length > 0)
    parts.push(`  ${files.length > 0 ? 'or in the environment' : 'environment'}:\n${indented(variables(env))}`)
  if (commands.length > 0) parts.push(`  then:\n${indented(`${commands.join('\n')}\n`)}`)
  if (note !== undefined) parts.push(`  ${note}\n`)
  return parts.join('')
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ')

/** A single file as it is, so that it can be redirected; several under their names. */
export function asFiles(setups: readonly Named[]): string {
  const files = gathered(firstForms(setups))
  const [first] = files
  if (first !== undefined && files.length === 1) return first.text
  return files.map(({ path, text }) => `# ${path}\n${text}`).join('\n')
}

/** For `eval "$(pkgmirror setup npm --format env)"`. */
export const asEnvironment = (setups: readonly Named[]): string =>
  variables(Object.assign({}, ...setups.map(({ env = {} }) => env)))

const variables = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('')

/** Shell commands that write the files, refusing to overwrite any, and do what is to be done after. */
export function asCommands(setups: readonly Named[]): string {
  const chosen = firstForms(setups)
  const files = gathered(chosen).map(({ path, text }) => {
    const place = path.startsWith('~/') ? `"$HOME"/${quoted(path.slice(2))}` : quoted(path)
    return `mkdir -p "$(dirname ${place})" && (set -C; cat > ${place}) <<'PKGMIRROR'\n${text}PKGMIRROR\n`
  })
  const commands = new Set(chosen.flatMap(({ commands: its = [] }) => its))
  return [...files, ...[...commands].map((command) => `${command}\n`)].join('')
}

/** A word for a shell. */
export const quoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
