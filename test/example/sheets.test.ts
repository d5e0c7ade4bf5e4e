// The example of the documentation keeps to all that an ecosystem must keep to.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Archive, Fixtures } from '../suites/ecosystem/fixtures.ts'
import { testEcosystem } from '../suites/ecosystem.ts'
import { sheets } from './sheets.ts'

const score = (version: string): string => `the notes of the ${version} edition\n`

const edition = (version: string) => ({
  version,
  file: `fugue-${version}.pdf`,
  sha256: createHash('sha256').update(score(version)).digest('hex'),
  published: '2025-11-24T09:14:46Z',
})

const versions = ['1.10.60101', '2.0.60202']

async function archive(): Promise<Archive> {
  const files = Object.fromEntries(versions.map((each) => [`/files/fugue/fugue-${each}.pdf`, { body: score(each) }]))
  const list = { body: JSON.stringify({ editions: versions.map(edition) }), type: 'application/json' }
  return {
    files: { '/fugue.json': list, ...files },
    requests: [{ path: '/fugue.json' }, ...Object.keys(files).map((path) => ({ path }))],
    routes: {
      '/fugue.json': 'index /:name.json',
      ...Object.fromEntries(Object.keys(files).map((path) => [path, 'artifact /files/:name/:file'])),
    },
    wants: ['fugue@2', 'fugue@1'],
  }
}

const number = fc.nat({ max: 20 })

const fixtures: Fixtures = {
  archive,
  lines: { fugue: { name: 'fugue', range: undefined }, 'fugue@^2': { name: 'fugue', range: '^2' } },
  garbage: ['fugue@one two', '@1', 'Fugue'],
  versions: ['1.0.0-rc.1', '1.0.0', '1.2.0', '1.10.0'],
  version: fc.tuple(number, number, number).map((parts) => parts.join('.')),
}

testEcosystem(sheets, fixtures, new URL('./sheets.ts', import.meta.url))
