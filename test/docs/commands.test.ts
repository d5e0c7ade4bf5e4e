// Command lines in the pages are ones that the program takes, and the JSON lines it prints are described.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import { commandTree } from '../../scripts/docs.ts'
import { blocks, pages, root, snippets } from './pages.ts'

/** What stands behind `pkgmirror` in a line, up to a comment, a pipe, a redirection or the next command. */
function argumentsIn(line: string): readonly string[] | undefined {
  const found = /(?:^|[\s/=])pkgmirror(?= |$)(.*)/.exec(line)
  if (found === null) return undefined
  const [own = ''] = (found[1] ?? '').split(/\s(?:#|\||>|&&|;)(?:\s|$)/)
  return own.split(' ').filter((word) => word !== '')
}

/** Lines of shell and unit files, and code within prose that begins with the program's name. */
const linesOf = (text: string): readonly string[] => [
  ...blocks(text)
    .filter(({ language }) => ['sh', 'ini', 'cron'].includes(language))
    .flatMap(({ body }) => body.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => /(?:^|&& |npx |bin\/|^docker (?:run|exec) .*)pkgmirror /.test(line)),
  ...snippets(text).filter((snippet) => /^(?:npx )?pkgmirror /.test(snippet)),
]

/** Why the program does not take these arguments; undefined when it does. */
async function refusal(words: readonly string[]): Promise<string | undefined> {
  const program = commandTree()
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} })
  }
  try {
    await program.parseAsync(words, { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // prose may speak of a verb without saying what it is given
    const isNameAlone = words.length === 1 && error.code === 'commander.missingArgument'
    return error.exitCode === 0 || isNameAlone ? undefined : error.message
  }
}

for (const { file, text } of pages) {
  test(`the program takes every command line of ${file}`, async () => {
    const refused: string[] = []
    for (const line of linesOf(text)) {
      const why = await refusal(argumentsIn(line) ?? [])
      if (why !== undefined) refused.push(`${line.trim()}: ${why}`)
    }
    assert.deepEqual(refused, [])
  })
}

/** The help of a verb as people see it, examples included. */
function helpOf(name: string): string {
  const texts: string[] = []
  const command = commandTree().commands.find((one) => one.name() === name)
  command?.configureOutput({ writeOut: (text) => texts.push(text) }).outputHelp()
  return texts.join('')
}

for (const name of commandTree().commands.map((command) => command.name())) {
  test(`the program takes the example in the help of ${name}`, async () => {
    const [, example = ''] = helpOf(name).split('Example:\n')
    const line = example.split('\n')[0]?.replace(/^.*\$\((.*)\)"?$/, '$1') ?? ''
    const words = argumentsIn(line)
    assert.equal(words?.[0], name)
    assert.equal(await refusal(words), undefined)
  })
}

test('a wrong verb and a wrong flag would be noticed', async () => {
  assert.match((await refusal(['synk', 'x.yaml'])) ?? '', /unknown command/)
  assert.match((await refusal(['sync', 'x.yaml', '--no-such-flag'])) ?? '', /unknown option/)
})

test('docs/commands.md describes every type of JSON output', () => {
  const described = readFileSync(path.join(root, 'docs/commands.md'), 'utf8')
  const types = new Set(
    globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
      [...readFileSync(path.join(root, file), 'utf8').matchAll(/(?:(?:printJson|jsonLine)\('|"type":")([a-z-]+)/g)].map(
        ([, type = '']) => type,
      ),
    ),
  )
  assert.ok(types.size > 0)
  assert.deepEqual(
    [...types].filter((type) => !described.includes(`\`${type}\``)),
    [],
  )
})
