// Links between pages lead somewhere, and files that the pages name are there.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pages, prose, root, snippets } from './pages.ts'

/** The anchor that a heading gets: as GitHub makes them. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (text: string): readonly string[] =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

for (const { file, text } of pages) {
  test(`every link of ${file} resolves`, () => {
    const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = links.filter((link) => !/^https?:/.test(link)).filter((link) => !resolves(file, link))
    assert.deepEqual(broken, [])
  })

  test(`every file that ${file} names is there`, () => {
    const named = snippets(text).filter((snippet) =>
      /^(?:src|test|docs|scripts|bin|manifests|keyrings)\/[\w./-]*$/.test(snippet),
    )
    assert.deepEqual(
      named.filter((name) => !existsSync(path.join(root, name))),
      [],
    )
  })
}

function resolves(file: string, link: string): boolean {
  const [target = '', anchor] = link.split('#')
  const found = target === '' ? path.join(root, file) : path.join(root, path.dirname(file), target)
  if (!existsSync(found)) return false
  return anchor === undefined || anchorsOf(readFileSync(found, 'utf8')).includes(anchor)
}
