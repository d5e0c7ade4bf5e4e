// The page for people at the top of a tree.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { indexPage } from '../../src/commands/export-page.ts'
import type { About } from '../../src/engine/export.ts'

const about: About = {
  repo: 'npm',
  title: 'npm',
  mount: '/npm',
  files: 1200,
  bytes: 3_400_000,
  checked: Date.UTC(2026, 0, 2, 3, 4, 5),
  proofs: { digest: 1000, 'first-seen': 200 },
  setup: [{ client: 'npm', title: 'npm', files: [{ path: '.npmrc', text: 'registry=https://a.test/npm/\n' }] }],
}

it('tells what is here, how fresh, how proven, and how clients are set up', () => {
  const page = indexPage([about], 'https://a.test')
  assert.match(page, /1,200 files, 3\.4 MB, as upstream had them on 2026-01-02 03:04 UTC/)
  assert.match(page, /registry digest: 1000, first seen: 200/)
  assert.match(page, /\.npmrc:\n {4}registry=https:\/\/a\.test\/npm\//)
})

it('takes no text for markup, and runs nothing', () => {
  const hostile = '<script>alert(1)</script>"&\u202e'
  const setup = [{ client: hostile, title: hostile, note: hostile, env: { A: hostile } }]
  const page = indexPage(
    [{ ...about, repo: hostile, title: hostile, proofs: { [hostile]: 1 }, setup }],
    `https://${hostile}`,
  )
  assert.doesNotMatch(page, /<script|\u202e/)
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&amp;/)
})

it('says of a tree without anything that there is nothing', () => {
  assert.match(indexPage([], 'https://a.test'), /0 files, 0 B, as upstream had them on no day/)
})
