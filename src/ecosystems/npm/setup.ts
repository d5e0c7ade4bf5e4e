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
      note: 'For packages with install scripts it asks for node-gyp too: add node-gyp to what a sync wants.',
    },
    { client: 'bun', title: 'Bun', files: [{ path: 'bunfig.toml', text: lines(bun(registry, scopes)) }] },
  ]
}

const lines = (texts: readonly string[]): string => `${texts.join('\n')}\n`

function berry(base: string, scopes: readonly string[] | undefined): readonly string[] {
  const { protocol, hostname } = new URL(base)
  // Yarn refuses plain http to any other host.
  const plain = protocol === 'http:' ? ['unsafeHttpWhitelist:', `  - "${hostname}"`] : []
  if (scopes === undefined) return [`npmRegistryServer: "${base}"`, ...plain]
  const servers = scopes.flatMap((scope) => [`  "${scope.slice(1)}":`, `    npmRegistryServer: "${base}"`])
  return ['npmScopes:', ...servers, ...plain]
}

function bun(registry: string, scopes: readonly string[] | undefined): readonly string[] {
  if (scopes === undefined) return ['[install]', `registry = "${registry}"`]
  return ['[install.scopes]', ...scopes.map((scope) => `"${scope}" = "${registry}"`)]
}
