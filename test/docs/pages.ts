// The pages that people read: README, CONTRIBUTING and everything in docs.

import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')

export interface Page {
  /** Relative to the checkout. */
  readonly file: string
  readonly text: string
}

export const pages: readonly Page[] = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })]
  .sort()
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))

/** Fenced blocks, with the language after the fence. */
export const blocks = (text: string): readonly { readonly language: string; readonly body: string }[] =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({ language, body }))

/** The text without its fenced blocks. */
export const prose = (text: string): string => text.replace(/^```\w*\n.*?^```$/gms, '')

/** Code within the prose. */
export const snippets = (text: string): readonly string[] =>
  [...prose(text).matchAll(/`([^`]+)`/g)].map(([, snippet = '']) => snippet.replaceAll('\n', ' '))
