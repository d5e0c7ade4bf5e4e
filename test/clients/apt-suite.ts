// apt in a root of its own: it updates, downloads what an installation needs, and fetches sources, as any user.

import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { environment, execute, files, folder } from './place.ts'
import type { Use } from './voyage.ts'

export interface AptProject {
  readonly suites: readonly string[]
  /** The keyring with the suites' key: armoured text, or the path of a file. */
  readonly key: { readonly armoured: string } | { readonly file: string }
  readonly install: readonly string[]
  readonly source: readonly string[]
  readonly architecture: string
}

/** Digests by file name: of the packages and sources, and of the lists under `lists/` without host and port. */
export type Downloaded = Readonly<Record<string, string>>

export function apt(t: TestContext, { suites, key, install, source, architecture }: AptProject): Use<Downloaded> {
  return async (url, { enter }) => {
    const home = folder(t)
    files(home, rootOfApt(home, { types: 'deb deb-src', url: `${url}/debian`, suites, key, architecture }))
    files(home, { 'sources/.keep': '' })
    const env = environment(home, { APT_CONFIG: `${home}/etc/apt/apt.conf` })
    const run = (...args: readonly string[]) =>
      execute({ argv: [...enter, 'apt-get', '-q', ...args], cwd: `${home}/sources`, env })
    await run('update', '--error-on=any')
    await run('install', '--yes', '--download-only', '--no-install-recommends', ...install)
    if (source.length > 0) await run('source', '--download-only', ...source)
    return {
      ...digests(`${home}/var/cache/apt/archives`, '*.deb'),
      ...digests(`${home}/sources`, '*.{dsc,tar.*,diff.gz}'),
      ...digests(`${home}/var/lib/apt/lists`, '*_dists_*', (name) => name.replace(/^.*?_debian_dists_/, 'lists/')),
    }
  }
}

export interface AptSource extends Pick<AptProject, 'suites' | 'key' | 'architecture'> {
  readonly types: 'deb' | 'deb deb-src'
  readonly url: string
}

/** What apt needs below `home`, with one source; APT_CONFIG is `etc/apt/apt.conf` of it. */
export function rootOfApt(home: string, { types, url, suites, key, architecture }: AptSource): Record<string, string> {
  const keyring = 'file' in key ? key.file : `${home}/etc/apt/keyrings/mirror.asc`
  return {
    'etc/apt/apt.conf': configuration(home, architecture),
    'etc/apt/sources.list': '',
    ...('file' in key ? {} : { 'etc/apt/keyrings/mirror.asc': key.armoured }),
    'etc/apt/preferences.d/.keep': '',
    'etc/apt/trusted.gpg.d/.keep': '',
    'etc/apt/apt.conf.d/.keep': '',
    'etc/apt/auth.conf.d/.keep': '',
    'etc/apt/sources.list.d/mirror.sources': [
      `Types: ${types}`,
      `URIs: ${url}`,
      `Suites: ${suites.join(' ')}`,
      'Components: main',
      `Signed-By: ${keyring}`,
      '',
    ].join('\n'),
    'var/lib/dpkg/status': '',
    'var/lib/apt/lists/partial/.keep': '',
    'var/cache/apt/archives/partial/.keep': '',
  }
}

/** Everything below `home`, nothing of this machine's settings. */
const configuration = (home: string, architecture: string): string => `
Dir "${home}";
Dir::State::status "${home}/var/lib/dpkg/status";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Log "${home}/var/log/apt";
APT::Architecture "${architecture}";
APT::Architectures { "${architecture}"; };
APT::Sandbox::User "${userInfo().username}";
APT::Install-Recommends "false";
Acquire::Languages { "en"; };
Acquire::Retries "0";
Debug::NoLocking "true";
`

function digests(at: string, pattern: string, named = (name: string): string => name): Downloaded {
  const found = globSync(pattern, { cwd: at }).sort()
  return Object.fromEntries(
    found.map((name) => [
      named(path.basename(name)),
      createHash('sha256')
        .update(readFileSync(path.join(at, name)))
        .digest('hex'),
    ]),
  )
}
