// A registry's host is named in one place, the declaration of its ecosystem: whoever mirrors another registry, or forks
// the project, changes it there. Looked for are the hosts of the declarations themselves.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { filesOf, textOf } from './sources.ts'

/** Recorded documents keep the bytes of the tool or registry that wrote them. */
const recorded = /^test\/(?:fixtures|replica\/recorded)\//

const files = [
  'src',
  'bin',
  'scripts',
  'bench',
  'test',
  'docs',
  'manifests',
  'README.md',
  'CONTRIBUTING.md',
  'package.json',
]
  .flatMap(filesOf)
  .filter((file) => !recorded.test(file) && !file.includes('/node_modules/'))

/** A host, and for other spellings that lie on a host of everybody their path too. */
const spelt = (address: string): string => {
  const { host, pathname } = new URL(address.replace(/^[a-z]+\+/, ''))
  return host === 'github.com' ? `${host}${pathname}` : host
}

/** By host or spelling, where it is declared, and whether tests may quote it: lockfiles are full of other spellings. */
const hosts = new Map<string, { readonly declaration: string; readonly quoted: boolean }>()
for (const { id, repos } of ecosystems) {
  const declaration = `src/ecosystems/${id}/index.ts`
  const also = repos.flatMap((one) => (one.also ?? []).map(spelt))
  const own = repos.flatMap(({ upstreams, hosts: others = [] }) => [...upstreams.map(spelt), ...others])
  for (const host of also) hosts.set(host, { declaration, quoted: true })
  for (const host of own) hosts.set(host, { declaration, quoted: false })
}

/** What scripts/docs.ts wrote out of the declarations. */
const generated = /<!-- [\w-]+: generated [\s\S]*?<!-- end -->/g

for (const [host, { declaration, quoted }] of hosts) {
  it(`${host} is named by ${declaration} alone`, () => {
    const whole = new RegExp(`(?<![\\w.-])${host.replace(/[.*]/g, '\\$&')}(?![\\w-])`)
    const naming = files.filter((file) => whole.test(textOf(file).replace(generated, '')))
    assert.deepEqual(
      naming.filter((file) => !quoted || !file.startsWith('test/')),
      [declaration],
    )
  })
}

it('knows hosts of every ecosystem', () => {
  assert.deepEqual(
    ecosystems
      .filter(
        ({ id, repos }) =>
          repos.length > 0 &&
          ![...hosts.values()].some(({ declaration }) => declaration === `src/ecosystems/${id}/index.ts`),
      )
      .map(({ id }) => id),
    [],
  )
})
