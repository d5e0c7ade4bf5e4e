// How apt is pointed at the mirror: sources.list(5), in the deb822 form and in the older form of one line.

import type { Mounted, Setup } from '../../contract.ts'
import { formatStanza } from '../../formats/deb822.ts'
import type { DebianOptions } from './options.ts'

const note =
  'apt asks the mirror directly: no Acquire::http::Proxy is needed, and where one is set, ' +
  '`Acquire::http::Proxy::HOST "DIRECT";` exempts the mirror. The signatures are upstream’s own, so Signed-By names ' +
  'upstream’s keyring: an armoured file must end in .asc, a binary one in .gpg. Remove or disable the sources that name ' +
  'the upstream. For a mirror that stays offline past the Valid-Until of its suites, add `Check-Valid-Until: no`.'

/** The keyring as the distribution's own package installs it, else where an administrator would put it. */
function keyringFile({ name, options }: Mounted<DebianOptions>['repo']): string {
  const [shipped] = options.keyrings
  return shipped === undefined ? `/etc/apt/keyrings/${name}.asc` : `/usr/share/keyrings/${shipped}-keyring.gpg`
}

export function setup({ repo, base }: Mounted<DebianOptions>): readonly Setup[] {
  const { suites, components } = repo.options
  const file = `/etc/apt/sources.list.d/pkgmirror-${repo.name}`
  const keyring = keyringFile(repo)
  const stanzas = parted(suites).map(({ names, flat }) =>
    formatStanza([
      ['Types', 'deb'],
      ['URIs', base],
      ['Suites', names.join(' ')],
      ...(flat ? [] : [['Components', components.join(' ')] as const]),
      ['Signed-By', keyring],
    ]),
  )
  const lines = suites.map((suite) => {
    const rest = suite.endsWith('/') ? suite : `${suite} ${components.join(' ')}`
    return `deb [signed-by=${keyring}] ${base} ${rest}\n`
  })
  const commands = ['apt-get update']
  return [
    { client: 'apt', title: 'apt', files: [{ path: `${file}.sources`, text: stanzas.join('\n') }], commands, note },
    { client: 'apt', title: 'apt before 1.1', files: [{ path: `${file}.list`, text: lines.join('') }], commands, note },
  ]
}

/** Flat suites take no components, so they cannot share a stanza with others. */
function parted(suites: readonly string[]): readonly { readonly names: readonly string[]; readonly flat: boolean }[] {
  const groups = [false, true].map((flat) => ({ names: suites.filter((suite) => suite.endsWith('/') === flat), flat }))
  return groups.filter(({ names }) => names.length > 0)
}
