// The package managers of the npm ecosystem, each as one function from a project to the command that installs it. Those
// that are not on the machine are had from a registry into node_modules/.cache, by `test/clients/install.ts` alone.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { found, root } from './place.ts'

export interface NpmClient {
  readonly name: string
  /** What npm installs to have it; undefined for the one that is the machine's own. */
  readonly spec?: string
  /** The path of its program below node_modules; run by Node when it is JavaScript. */
  readonly program?: string
  /** Files of the project and of the home directory that point it at a registry. */
  files(registry: string): Readonly<Record<string, string>>
  readonly install: readonly string[]
}

const npmrc = (registry: string): string => `registry=${registry}/\naudit=false\nfund=false\n`
const npm = {
  files: (registry: string) => ({ '.npmrc': npmrc(registry) }),
  install: ['install'],
}

export const npmClients: readonly NpmClient[] = [
  { name: 'npm', ...npm },
  { name: 'npm 10', spec: 'npm@10', program: 'npm/bin/npm-cli.js', ...npm },
  { name: 'npm 6', spec: 'npm@6', program: 'npm/bin/npm-cli.js', ...npm },
  {
    name: 'pnpm',
    spec: 'pnpm',
    program: `@pnpm/exe.${process.platform}-${process.arch}/pnpm`,
    files: (registry) => ({
      '.npmrc': npmrc(registry),
      'pnpm-workspace.yaml': "packages: ['.']\ndangerouslyAllowAllBuilds: true\n",
    }),
    install: ['install', '--no-frozen-lockfile', '--store-dir', '../store'],
  },
  {
    name: 'yarn 1',
    spec: 'yarn@1',
    program: 'yarn/bin/yarn.js',
    files: (registry) => ({ '.yarnrc': `registry "${registry}/"\n` }),
    install: ['install', '--non-interactive'],
  },
  {
    name: 'yarn 4',
    spec: '@yarnpkg/cli-dist',
    program: '@yarnpkg/cli-dist/bin/yarn.js',
    files: (registry) => ({
      '.yarnrc.yml': [
        `npmRegistryServer: "${registry}"`,
        'unsafeHttpWhitelist: ["127.0.0.1"]',
        'nodeLinker: node-modules',
        'enableGlobalCache: false',
        'enableTelemetry: false',
        'enableImmutableInstalls: false',
        '',
      ].join('\n'),
      'yarn.lock': '',
    }),
    install: ['install'],
  },
  {
    name: 'bun',
    spec: 'bun',
    program: `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}/bin/bun`,
    files: (registry) => ({ 'bunfig.toml': `[install]\nregistry = "${registry}/"\n` }),
    install: ['install'],
  },
]

const cache = path.join(root, 'node_modules', '.cache', 'clients')

/** Where a client is installed. */
export const prefixOf = ({ name }: NpmClient): string => path.join(cache, name.replace(' ', '-'))

/** The beginning of the client's command; undefined when it is not here. */
export function commandOf(client: NpmClient): readonly string[] | undefined {
  if (client.program === undefined) {
    const own = found(client.name)
    return own === undefined ? undefined : [own]
  }
  const program = path.join(prefixOf(client), 'node_modules', client.program)
  if (!existsSync(program)) return undefined
  return program.endsWith('.js') ? [process.execPath, program] : [program]
}
