// What is published is bundled: a file that is started or imported by its address has to be an entry of the build.

import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { entries } from '../../scripts/build.ts'
import { sources, textOf } from './sources.ts'

it('has an entry for every file that is found by its address, at the place where it is looked for', () => {
  const found = sources.flatMap((file) =>
    [...textOf(file).matchAll(/import\.meta\.url\.endsWith\('\.ts'\)\s*\?\s*'([^']+)'\s*:\s*'([^']+)'/g)].map(
      ([, source = '', built = '']) => [
        path.join('dist/chunks', built).replace(/^dist\/|\.js$/g, ''),
        path.join(path.dirname(file), source).replace(/^src\//, ''),
      ],
    ),
  )
  const begun = ['cli/main', 'cli/main.ts']

  assert.deepEqual(Object.fromEntries([begun, ...found]), entries)
})
