// How the go command is pointed at the mirror: https://go.dev/ref/mod#environment-variables

import type { Mounted, Setup } from '../../contract.ts'
import type { GoOptions } from './options.ts'

export function setup({ repo, base }: Mounted<GoOptions>): readonly Setup[] {
  const { sumdb, private: patterns } = repo.options
  const [log] = sumdb
  const isPublic = log !== undefined && log.modules.length === 0
  const env = {
    GOPROXY: base,
    GOTOOLCHAIN: 'local',
    // a database that the go command knows by name is found through the proxy
    ...(log === undefined ? { GOSUMDB: 'off' } : isPublic ? {} : { GOSUMDB: log.key }),
    ...(patterns.length === 0 ? {} : { GONOSUMDB: patterns.join(',') }),
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
