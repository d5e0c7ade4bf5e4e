// Settings out of texts, over two tiny ecosystems.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import * as v from 'valibot'
import { loadSettings } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/types.ts'
import { type AnyEcosystem, route, type Versions } from '../../src/contract.ts'
import { MirrorError } from '../../src/errors.ts'

const versions: Versions = {
  compare: (a, b) => a.localeCompare(b),
  satisfies: (version, range) => version === range,
  prerelease: () => false,
  fault: () => undefined,
  exact: (version) => version,
}

function ecosystem(id: string, more: Partial<AnyEcosystem>): AnyEcosystem {
  return {
    id,
    title: id,
    purl: id,
    repos: [{ name: id, upstreams: [`https://${id}.example.org`], hosts: [`files.${id}.example.org`] }],
    options: v.strictObject({}),
    routes: [],
    versions,
    name: (text) => text,
    want(text) {
      if (text.includes(' ')) throw new MirrorError('CONFIG', `${JSON.stringify(text)} is not a package`)
      return { name: text }
    },
    async *closure() {},
    setup: () => [],
    ...more,
  }
}

export const ecosystems: readonly AnyEcosystem[] = [
  ecosystem('crate', {
    aliases: ['cr', 'container'],
    options: v.strictObject({
      scopes: v.optional(v.array(v.string()), []),
      peers: v.optional(v.picklist(['follow', 'skip']), 'follow'),
    }),
  }),
  ecosystem('deb', {
    title: 'Debian',
    aliases: ['apt', 'debian'],
    repos: [
      { name: 'debian', upstreams: ['https://deb.example.org/debian'], options: { suites: ['stable'] } },
      { name: 'security', upstreams: ['https://deb.example.org/security'], mount: '/debian-security' },
    ],
    options: v.strictObject({ suites: v.optional(v.array(v.string()), ['x']) }),
    routes: [route('/dists/:suite/InRelease', { kind: 'index', generation: ({ suite }) => suite })],
  }),
]

export const folder = mkdtempSync(path.join(tmpdir(), 'settings-'))
after(async () => {
  const { rm } = await import('node:fs/promises')
  await rm(folder, { recursive: true, force: true })
})

export interface Given {
  readonly flags?: Record<string, unknown>
  readonly env?: Record<string, string>
}

/** Settings of texts, each of which becomes a file: one.yaml, two.yaml. */
export function settingsOf(texts: string | readonly string[], { flags = {}, env = {} }: Given = {}): Promise<Settings> {
  const files = [texts].flat().map((text, index) => {
    const file = path.join(folder, `${['one', 'two'][index]}.yaml`)
    writeFileSync(file, text)
    return file
  })
  return loadSettings({ files, flags, env, cwd: '/place', home: '/home/me', ecosystems })
}

/** What a bad text is answered with, the folder left out. */
export async function faultOf(texts: string | readonly string[], given?: Given): Promise<string> {
  try {
    await settingsOf(texts, given)
  } catch (error) {
    if (error instanceof MirrorError && error.code === 'CONFIG') return error.located.replaceAll(`${folder}/`, '')
    throw error
  }
  return 'no error'
}
