// How npm's clients are pointed at the mirror.

import type { Mounted, Setup } from '../../contract.ts'
import type { NpmOptions } from './options.ts'

export function setup({ repo, base }: Mounted<NpmOptions>): readonly Setup[] {
  const registry = `${base}/`
  const scopes = repo.options.scopes
  // locks that were written with another registry are followed here too; pnpm has no such addresses in its own
  const npmrc =
    scopes === undefined
      ? [`registry=${registry}`, 'replace-registry-host=always']
      : scopes.map((scope) => `${scope}:registry=${registry}`)
  const npmFile = { path: '.npmrc', text: lines(npmrc) }
  const offline = 'Offline nobody can answer an audit: add `audit=false`.'
  return [
    {
      client: 'npm',
      title: 'npm',
      files: [npmFile],
      ...(scopes === undefined
        ? {
            env: {
              npm_config_registry: registry,
              npm_config_replace_registry_host: 'always',
              COREPACK_NPM_REGISTRY: base,
            },
          }
        : {}),
      note: offline,
    },
    { client: 'pnpm', title: 'pnpm', files: [npmFile] },
    {
      client: 'yarn',
      title: 'Yarn classic (1.x)',
      files: [
        {
          path: '.yarnrc',
          text: lines(
            scopes === undefined
              ? [`registry "${registry}"`]
              : scopes.map((scope) => `"${scope}:registry" "${registry}"`),
          ),
        },
      ],
      note: 'It follows the addresses in a yarn.lock: `pkgmirror seed yarn.lock --addresses sed` makes a script that brings them here.',
    },
    {
      client: 'yarn-berry',
      title: 'Yarn (2 and later)',
      files: [{ path: '.yarnrc.yml', text: lines(berry(base, scopes)) }],
      ...(scopes === undefined && { env: berryVariables(base) }),
      note: 'For packages with install scripts it asks for node-gyp too: add node-gyp to what a sync wants.',
    },
    {
      client: 'bun',
      title: 'Bun',
      files: [{ path: 'bunfig.toml', text: lines(bun(registry, scopes)) }],
      ...(scopes === undefined && { env: { BUN_CONFIG_REGISTRY: registry } }),
    },
  ]
}

const lines = (texts: readonly string[]): string => `${texts.join('\n')}\n`

/** Yarn refuses plain http to any other host. */
const plainHost = (base: string): string | undefined => {
  const { protocol, hostname } = new URL(base)
  return protocol === 'http:' ? hostname : undefined
}

function berryVariables(base: string): Readonly<Record<string, string>> {
  const host = plainHost(base)
  return { YARN_NPM_REGISTRY_SERVER: base, ...(host !== undefined && { YARN_UNSAFE_HTTP_WHITELIST: host }) }
}

function berry(base: string, scopes: readonly string[] | undefined): readonly string[] {
  const host = plainHost(base)
  const plain = host === undefined ? [] : ['unsafeHttpWhitelist:', `  - "${host}"`]
  if (scopes === undefined) return [`npmRegistryServer: "${base}"`, ...plain]
  const servers = scopes.flatMap((scope) => [`  "${scope.slice(1)}":`, `    npmRegistryServer: "${base}"`])
  return ['npmScopes:', ...servers, ...plain]
}

function bun(registry: string, scopes: readonly string[] | undefined): readonly string[] {
  if (scopes === undefined) return ['[install]', `registry = "${registry}"`]
  return ['[install.scopes]', ...scopes.map((scope) => `"${scope}" = "${registry}"`)]
}
