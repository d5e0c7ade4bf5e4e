// Every ecosystem has its page, which names it and what it mounts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { filesOf, textOf } from './sources.ts'

describe('pages of ecosystems', () => {
  it('are there for each, and for no others', () => {
    const pages = filesOf('docs/ecosystems').map((file) => file.replace(/^.*\/|\.md$/g, ''))
    assert.deepEqual(pages, ecosystems.map(({ id }) => id).sort())
  })

  for (const { id, repos } of ecosystems) {
    it(`tells where ${id} is mounted and how a manifest wants its packages`, () => {
      const page = textOf(`docs/ecosystems/${id}.md`)
      for (const { name, mount = `/${name}` } of repos) assert.ok(page.includes(`\`${mount}\``), `${mount} is not told`)
      assert.match(page, /^# \S/)
      assert.match(page, /^#{2} What (?:to (?:sync|hold)|a sync takes along)|^ {2}\w+: \[/m)
    })
  }
})
