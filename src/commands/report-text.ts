// The report of a sync for people: Markdown for chats and issues, HTML for mail and browsers, with the same lines.

import { escapeHtml } from '../formats/html-text.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { bytesText, countText, durationText } from '../telemetry/words.ts'
import { timeText } from './print.ts'
import type { Report } from './report.ts'
import { changeLines } from './summary.ts'

/** Faults that are told of one by one; the JSON has all. */
const MOST_FAULTS = 100

interface Page {
  readonly title: string
  readonly lines: readonly string[]
  readonly tables: readonly {
    readonly title: string
    readonly head: readonly string[]
    readonly rows: readonly (readonly string[])[]
  }[]
}

const words = { success: 'is complete', failure: 'failed', stopped: 'was stopped' } as const

function pageOf({ command, state, code, started, ended, summary, error }: Report): Page {
  const lines = [
    `Began ${timeText(started)}, took ${durationText(ended - started)}, ended with ${code}.`,
    ...(error === undefined ? [] : [`${error.code}: ${error.located}. ${error.hint}`]),
  ]
  if (summary === undefined) return { title: `${command} ${words[state]}`, lines, tables: [] }
  const { repositories, faults, changed } = summary
  const told = faults.slice(0, MOST_FAULTS)
  return {
    title: `${command} ${words[state]}`,
    lines: [...lines, ...(changed ? [] : ['Nothing changed.']), ...changeLines(summary)],
    tables: [
      {
        title: 'Repositories',
        head: ['repository', 'files', 'size', 'fetched', 'of them', 'requests', 'new generations'],
        rows: Object.entries(repositories).map(([name, one]) => [
          ...[name, String(one.items), bytesText(one.bytes), String(one.fetched), bytesText(one.fetchedBytes)],
          ...[String(one.requests), one.flipped.join(', ')],
        ]),
      },
      ...(told.length === 0
        ? []
        : [
            {
              title:
                faults.length === told.length
                  ? 'Faults'
                  : `The first ${told.length} of ${countText(faults.length, 'fault')}`,
              head: ['repository', 'path', 'code', 'what', 'the way out'],
              rows: told.map(({ repo = '', path = '', error: of }) => [repo, path, of.code, of.located, of.hint]),
            },
          ]),
    ],
  }
}

/** A backslash in front of what Markdown or the HTML in it would read. */
const markdown = (text: string): string => shownText(text).replace(/[\\`*_{}[\]<>()#+!|&~-]/g, '\\$&')

export function reportMarkdown(report: Report): string {
  const { title, lines, tables } = pageOf(report)
  const row = (cells: readonly string[]): string => `| ${cells.map(markdown).join(' | ')} |`
  return [
    `# ${markdown(title)}`,
    '',
    ...lines.flatMap((line) => [markdown(line), '']),
    ...tables.flatMap(({ title: name, head, rows }) => [
      `## ${markdown(name)}`,
      '',
      row(head),
      `|${' --- |'.repeat(head.length)}`,
      ...rows.map(row),
      '',
    ]),
  ].join('\n')
}

const html = (text: string): string => escapeHtml(shownText(text))

export function reportHtml(report: Report): string {
  const { title, lines, tables } = pageOf(report)
  const row = (tag: 'td' | 'th', cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${html(cell)}</${tag}>`).join('')}</tr>`
  return [
    `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${html(title)}</title>\n<h1>${html(title)}</h1>`,
    ...lines.map((line) => `<p>${html(line)}</p>`),
    ...tables.map(
      ({ title: name, head, rows }) =>
        `<h2>${html(name)}</h2>\n<table border="1" cellpadding="4">\n${[row('th', head), ...rows.map((one) => row('td', one))].join('\n')}\n</table>`,
    ),
    '</html>\n',
  ].join('\n')
}
