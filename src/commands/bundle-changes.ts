// What goes over with a bundle, for the person who has to approve it: as text and as a page, written as it is read.

import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Entries, Entry } from '../catalog/entries.ts'
import type { PackageChange } from '../engine/changes.ts'
import { escapeHtml } from '../formats/html-text.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { bytesText } from '../telemetry/words.ts'
import { packageLines } from './snapshot-diff-text.ts'

export interface About {
  readonly title: string
  /** What it is put upon. */
  readonly upon: string
  /** What changed by package, where it is put upon something. */
  readonly packages: () => AsyncIterable<PackageChange>
}

interface Sums {
  held: number
  bytes: number
  gone: number
}

function sums(entries: Entries): ReadonlyMap<string, Sums> {
  const by = new Map<string, Sums>()
  for (const entry of entries.scan()) {
    const sum = by.get(entry.repo) ?? { held: 0, bytes: 0, gone: 0 }
    by.set(entry.repo, sum)
    if (entry.type === 'gone') sum.gone += 1
    else {
      sum.held += 1
      sum.bytes += entry.size
    }
  }
  return by
}

export async function writeChangesText(
  file: string,
  entries: Entries,
  { title, upon, packages }: About,
): Promise<void> {
  await pipeline(async function* text() {
    yield `${title}\n${upon}\n\n`
    for (const [repo, { held, bytes, gone }] of sums(entries))
      yield `${repo}: ${held} new or changed (${bytesText(bytes)}), ${gone} gone\n`
    yield '\n'
    let told = false
    for await (const change of packages()) {
      told = true
      for (const line of packageLines(change)) yield `${shownText(line)}\n`
    }
    if (told) yield '\n'
    for (const entry of entries.scan()) yield `${shownText(lineOf(entry))}\n`
  }, createWriteStream(file))
}

const lineOf = (entry: Entry): string =>
  entry.type === 'gone'
    ? `- ${entry.repo} ${placeOf(entry)}  sha256 ${entry.was.join(' or ')}`
    : `+ ${entry.repo} ${nameOf(entry)}${placeOf(entry)}  ${entry.size} bytes, sha256 ${entry.sha256}, by ${entry.proof}`

const placeOf = ({ path, variant }: Entry): string => (variant === '' ? path : `${path} [${variant}]`)
const nameOf = (entry: Entry & { type: 'held' }): string =>
  entry.name === undefined ? '' : `${entry.name}${entry.version === undefined ? '' : ` ${entry.version}`}  `

const html = (text: string): string => escapeHtml(shownText(text))

export async function writeChangesPage(
  file: string,
  entries: Entries,
  { title, upon, packages }: About,
): Promise<void> {
  const cells = (...texts: readonly string[]): string => texts.map((text) => `<td>${html(text)}</td>`).join('')
  await pipeline(async function* page() {
    yield `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${html(title)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{padding:.2em .6em;text-align:left;border-bottom:1px solid #ddd;overflow-wrap:anywhere}tr.gone{color:#a00}code{font-size:11px}</style>
</head><body><h1>${html(title)}</h1><p>${html(upon)}</p>
<table><tr><th>repository</th><th>new or changed</th><th>size</th><th>gone</th></tr>\n`
    for (const [repo, { held, bytes, gone }] of sums(entries))
      yield `<tr>${cells(repo, String(held), bytesText(bytes), String(gone))}</tr>\n`
    yield '</table>\n'
    let told = false
    for await (const change of packages()) {
      if (!told) yield '<pre>'
      told = true
      for (const line of packageLines(change)) yield `${html(line)}\n`
    }
    if (told) yield '</pre>\n'
    yield '<table><tr><th></th><th>repository</th><th>name</th><th>version</th><th>path</th><th>size</th><th>proof</th><th>sha256</th></tr>\n'
    for (const entry of entries.scan()) yield rowOf(entry)
    yield '</table></body></html>\n'
  }, createWriteStream(file))

  function rowOf(entry: Entry): string {
    const code = `<td><code>${entry.type === 'gone' ? entry.was.join(' ') : entry.sha256}</code></td>`
    if (entry.type === 'gone')
      return `<tr class="gone">${cells('-', entry.repo, '', '', placeOf(entry), '', '')}${code}</tr>\n`
    const { repo, name = '', version = '', size, proof } = entry
    return `<tr>${cells('+', repo, name, version, placeOf(entry), bytesText(size), proof)}${code}</tr>\n`
  }
}
