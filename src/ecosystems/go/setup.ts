// How the go command is pointed at the mirror: https://go.dev/ref/mod#environment-variables

import type { Mounted, Setup } from '../../contract.ts'
import type { GoOptions } from './options.ts'

/** `known`: names of the databases whose keys the go command has. */
export function setup({ repo, base }: Mounted<GoOptions>, known: readonly string[]): readonly Setup[] {
  const { sumdb, private: patterns } = repo.options
  // the go command has one database for everything: what others vouch for is verified here, and it is told not to ask
  const log = sumdb.find(({ modules }) => modules.length === 0)
  const unasked = [...patterns, ...sumdb.flatMap(({ modules }) => modules)]
  const env = {
    GOPROXY: base,
    GOTOOLCHAIN: 'local',
    ...(log === undefined ? { GOSUMDB: 'off' } : known.includes(log.name) ? {} : { GOSUMDB: log.key }),
    ...(unasked.length === 0 ? {} : { GONOSUMDB: unasked.join(',') }),
  }
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return [
    {
      client: 'go',
      title: 'Go',
      env,
      commands: [`go env -w ${settings.map((each) => (/[\s*?[]/.test(each) ? `'${each}'` : each)).join(' ')}`],
      note:
        'GOPROXY without `,direct` keeps every request at the mirror. With GOTOOLCHAIN=local a newer Go than the installed one is ' +
        'not fetched; leave it out to have toolchains through the mirror.',
    },
  ]
}
