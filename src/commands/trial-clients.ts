// How each client installs what is locked, and nothing else, in a folder of its own.

import type { Setup } from '../contract.ts'

/** A repository that lines of the lockfile come from. */
interface Pointing {
  readonly name: string
  /** Where it is mounted. */
  readonly address: string
  /** Does the lockfile name the registry that its client knows by itself? */
  readonly isOwn: boolean
  /** What else it names. */
  readonly others: readonly string[]
}

export interface TrialClient {
  /** Formats of lockfiles, by their ids. */
  readonly formats: readonly string[]
  /** Its name among the set-ups of its ecosystem. */
  readonly client: string
  readonly ecosystem: string
  /** The program, and what it is given; `FILE` is the lockfile, `HOME` the folder that stands for the user's. */
  readonly argv: readonly string[]
  /** Variables; `HOME` in them, too. */
  readonly env?: Readonly<Record<string, string>>
  /** What points it at a repository, where its set-up is not made for a folder that is there for a moment. */
  readonly pointed?: (at: Pointing) => Pick<Setup, 'env' | 'files'>
  /** Its major versions that read the format, by what `--version` prints. */
  readonly version?: RegExp
  /** Why it cannot be tried at all. */
  readonly unless?: string
  /** A question to the program, and why it cannot be tried where the answer has no such text. */
  readonly needs?: { readonly argv: readonly string[]; readonly text: string; readonly reason: string }
  /** A file of the project, and why it cannot be tried where that has such a text. */
  readonly bars?: { readonly file: string; readonly text: RegExp; readonly reason: string }
}

const npm = { ecosystem: 'npm' }
const pypi = { ecosystem: 'pypi' }

export const trialClients: readonly TrialClient[] = [
  {
    ...npm,
    formats: ['package-lock'],
    client: 'npm',
    argv: ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', 'HOME/cache'],
    // the lockfile has the mirror's addresses already, and npm would put the path of the registry before them once more
    env: { npm_config_replace_registry_host: 'npmjs' },
  },
  {
    ...npm,
    formats: ['pnpm-lock'],
    client: 'pnpm',
    argv: ['pnpm', 'install', '--frozen-lockfile', '--ignore-scripts'],
  },
  {
    ...npm,
    formats: ['yarn-lock'],
    client: 'yarn',
    version: /^1\./,
    argv: ['yarn', 'install', '--frozen-lockfile', '--non-interactive', '--ignore-scripts'],
  },
  {
    ...npm,
    formats: ['yarn-berry'],
    client: 'yarn-berry',
    version: /^[2-9]\./,
    argv: ['yarn', 'install', '--immutable', '--mode', 'skip-build'],
    env: { YARN_ENABLE_GLOBAL_CACHE: 'false', YARN_ENABLE_TELEMETRY: 'false' },
  },
  {
    ...npm,
    formats: ['bun-lock'],
    client: 'bun',
    argv: ['bun', 'install', '--frozen-lockfile', '--ignore-scripts'],
  },
  {
    ...npm,
    formats: ['bun-lockb'],
    client: 'bun',
    argv: ['bun'],
    unless:
      'bun follows the addresses in a binary lockfile; `bun install --save-text-lockfile` makes one that can be tried',
  },
  {
    ...pypi,
    formats: ['requirements'],
    client: 'pip',
    argv: ['python3', '-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--target', 'HOME/site', '-r', 'FILE'],
  },
  {
    ...pypi,
    formats: ['uv-lock'],
    client: 'uv',
    argv: ['uv', 'sync', '--frozen', '--no-install-project', '--no-install-workspace', '--no-managed-python'],
    env: { UV_NO_CACHE: '1' },
  },
  { ...pypi, formats: ['pdm-lock'], client: 'pdm', argv: ['pdm', 'sync', '--no-self'], env: { PDM_CHECK_UPDATE: '0' } },
  {
    ...pypi,
    formats: ['poetry-lock'],
    client: 'poetry',
    argv: ['poetry', 'sync', '--no-root', '--no-interaction'],
    env: { POETRY_VIRTUALENVS_IN_PROJECT: 'true' },
    needs: {
      argv: ['self', 'show', 'plugins'],
      text: 'poetry-plugin-pypi-mirror',
      reason: 'poetry takes another index only from pyproject.toml, or by its plugin poetry-plugin-pypi-mirror',
    },
    bars: {
      file: 'pyproject.toml',
      text: /^\[\[tool\.poetry\.source\]\]/m,
      reason: 'pyproject.toml names sources of its own, which poetry.lock has a digest of',
    },
  },
  {
    ecosystem: 'cargo',
    formats: ['cargo-lock'],
    client: 'cargo',
    argv: ['cargo', 'fetch', '--locked'],
    // every source that the lockfile names is replaced: variables cannot do that
    pointed({ name, address, isOwn, others }) {
      const replaced = `replace-with = "mirror-${name}"\n`
      const own = isOwn ? [`[source.crates-io]\n${replaced}`] : []
      const further = others.map((one) => `[source."${one}"]\nregistry = "${one}"\n${replaced}`)
      const mirror = `[source.mirror-${name}]\nregistry = "sparse+${address}/"\n`
      return { files: [{ path: '~/.cargo/config.toml', text: [mirror, ...own, ...further].join('\n') }] }
    },
  },
  {
    ecosystem: 'go',
    formats: ['go-sum', 'go-mod'],
    client: 'go',
    argv: ['go', 'mod', 'download'],
    env: { GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw' },
  },
  {
    ecosystem: 'maven',
    formats: ['pom'],
    client: 'mvn',
    argv: ['mvn', '-B', '-q', 'verify', '-DskipTests'],
    // Java takes the user's home from elsewhere
    env: { MAVEN_OPTS: '-Duser.home=HOME' },
  },
  {
    ecosystem: 'rubygems',
    formats: ['gemfile-lock'],
    client: 'bundler',
    argv: ['bundle', 'install'],
    // without a path it would install among the gems of the system
    env: { BUNDLE_PATH: 'HOME/gems', BUNDLE_FROZEN: 'true', BUNDLE_SILENCE_ROOT_WARNING: '1' },
    // whatever sources the Gemfile names: another one in it would not fit the lockfile
    pointed: ({ address }) => ({ env: { BUNDLE_MIRROR__ALL: `${address}/` } }),
  },
]
