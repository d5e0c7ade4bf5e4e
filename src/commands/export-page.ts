// The page for people at the top of a published tree: what is here, how fresh, how proven, and how clients are pointed at it.
// The same state of the mirror gives the same page; nothing in it runs, and no text is markup.

import type { About } from '../engine/export.ts'
import { escapeHtml } from '../formats/html-text.ts'
import { safeText } from '../telemetry/safe-text.ts'
import { bytesText, countText } from '../telemetry/words.ts'
import { asText } from './client-texts.ts'
import { proofWord } from './proof-words.ts'

const style =
  'body{font:15px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}table{border-collapse:collapse}' +
  'td,th{padding:.3em .8em;text-align:left;vertical-align:top;border-bottom:1px solid #8885}' +
  'pre{background:#8882;padding:.8em;overflow-x:auto}'

export function indexPage(repos: readonly About[], baseUrl: string): string {
  const checked = Math.max(0, ...repos.map((one) => one.checked))
  const files = repos.reduce((sum, one) => sum + one.files, 0)
  const bytes = repos.reduce((sum, one) => sum + one.bytes, 0)
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>Packages at ${html(baseUrl)}</title>`,
    `<style>${style}</style></head><body>`,
    `<h1>Packages at ${html(baseUrl)}</h1>`,
    `<p>${countText(files, 'file')}, ${bytesText(bytes)}, as upstream had them on ${timeText(checked)}.`,
    'Each with its size and digest is in <a href="MANIFEST">MANIFEST</a>.</p>',
    '<table><tr><th>repository</th><th>files</th><th>size</th><th>last asked upstream</th><th>proven by</th></tr>',
    ...repos.map(rowOf),
    '</table>',
    ...repos.map(setupOf),
    '</body></html>',
    '',
  ].join('\n')
}

function rowOf({ repo, title, files, bytes, checked, proofs }: About): string {
  const proven = Object.entries(proofs).map(([proof, count]) => `${proofWord(proof)}: ${count}`)
  const cells = [`${repo} (${title})`, String(files), bytesText(bytes), timeText(checked), proven.join(', ')]
  return `<tr>${cells.map((cell) => `<td>${html(cell)}</td>`).join('')}</tr>`
}

const setupOf = ({ repo, title, setup }: About): string =>
  `<h2>${html(title)}: ${html(repo)}</h2>\n<pre>${html(asText(setup.map((one) => ({ ...one, repo }))))}</pre>`

/** Line by line without control characters. */
const html = (text: string): string => escapeHtml(text.split('\n').map(safeText).join('\n'))

const timeText = (time: number): string =>
  time === 0 ? 'no day' : `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
