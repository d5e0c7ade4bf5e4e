// What `init --template` writes, and the tables of docs/configuration.md: both out of the declared keys.

import { flagOf, type Key, type KeyName, keyNames, keys, variableOf } from './keys.ts'
import { repositoryKeys, repositoryStructures, type Structure, structures } from './structures.ts'

/** A configuration in which everything is commented out: `##` before words, `#` before what can be set. */
export function configTemplate(): string {
  const parts = [
    ['## pkgmirror: configuration and manifest in one. Durations: 30s 5m 12h 3d 2w 1h30m; sizes: 500MB 10GiB.'],
    [
      `## Flags count more than the environment, the environment more than this file. \${VAR} and \${VAR:-default} expand.`,
    ],
  ]
  const groups = new Map<string, string[]>()
  for (const [name, doc, value] of settable()) {
    const [group = '', leaf] = name.split('.')
    const [key, indent] = leaf === undefined ? [group, ''] : [leaf, '  ']
    const lines = [`${indent && '# '}${indent}## ${doc}`, `# ${indent}${key}: ${value}`]
    if (leaf === undefined) parts.push(['', ...lines])
    else groups.set(group, [...(groups.get(group) ?? ['', `# ${group}:`]), ...lines])
  }
  return `${[...parts, ...groups.values()].flat().join('\n')}\n`
}

/** Key, words and value of everything that a file may hold. */
function settable(): readonly (readonly [name: string, doc: string, value: string])[] {
  const simple = keyNames
    .filter((name) => name !== 'policy.cooldown.default')
    .map((name) => [name, withPlaces(name), shown(keys[name])] as const)
  const structured = Object.entries(structures).map(([name, { doc, example }]) => {
    return [name, doc, example.startsWith('[') || example.startsWith('{') ? example : `{ ${example} }`] as const
  })
  return [...simple, ...structured]
}

const withPlaces = (name: KeyName): string => `${keys[name].doc} (${flagOf(name)}, ${variableOf(name)})`

function shown({ kind, default: standard, example }: Key<unknown>): string {
  const value = standard ?? example ?? ''
  if (kind.several && value === '') return '[]'
  return /^[a-z0-9.][\w./-]*$/.test(value) ? value : JSON.stringify(value)
}

/** Rows of a Markdown table, by the heading it stands under in docs/configuration.md. */
export function configTables(): Readonly<Record<string, string>> {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
    [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')
  const structured = (entries: Readonly<Record<string, Structure>>) =>
    Object.entries(entries).map(([name, { doc, example }]) => [`\`${name}\``, doc, `\`${example}\``])
  return {
    values: table(
      ['key', 'flag', 'variable', 'default', 'takes', 'what'],
      keyNames.map((name) => {
        const { kind, default: standard, doc }: Key<unknown> = keys[name]
        const usual = standard === undefined || standard === '' ? '' : `\`${standard}\``
        return [`\`${name}\``, `\`${flagOf(name)}\``, `\`${variableOf(name)}\``, usual, kind.accepts, doc]
      }),
    ),
    structures: table(['key', 'what', 'example'], structured(structures)),
    repository: table(
      ['key', 'takes', 'what'],
      [
        ...Object.entries(repositoryKeys).map(([name, { kind, doc }]) => [`\`${name}\``, kind.accepts, doc]),
        ...structured(repositoryStructures).map(([name = '', doc = '', example = '']) => [name, example, doc]),
      ],
    ),
  }
}
