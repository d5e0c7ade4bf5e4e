// How each client installs what is locked, and nothing else, in a folder of its own.

export interface TrialClient {
  /** Formats of lockfiles, by their ids. */
  readonly formats: readonly string[]
  /** Its name among the set-ups of its ecosystem. */
  readonly client: string
  readonly ecosystem: string
  /** The program, and what it is given; `FILE` is the lockfile, `HOME` the folder that stands for the user's. */
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Its major versions that read the format, by what `--version` prints. */
  readonly version?: RegExp
  /** Why its own set-up cannot be used. */
  readonly unless?: string
}

const npm = { ecosystem: 'npm' }
const pypi = { ecosystem: 'pypi' }

export const trialClients: readonly TrialClient[] = [
  {
    ...npm,
    formats: ['package-lock'],
    client: 'npm',
    argv: ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', 'HOME/cache'],
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
    formats: ['bun-lock', 'bun-lockb'],
    client: 'bun',
    argv: ['bun', 'install', '--frozen-lockfile', '--ignore-scripts'],
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
    unless: 'poetry takes another index only from pyproject.toml, which the lockfile has a digest of',
  },
  { ecosystem: 'cargo', formats: ['cargo-lock'], client: 'cargo', argv: ['cargo', 'fetch', '--locked'] },
  {
    ecosystem: 'go',
    formats: ['go-sum', 'go-mod'],
    client: 'go',
    argv: ['go', 'mod', 'download'],
    env: { GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw' },
  },
  { ecosystem: 'maven', formats: ['pom'], client: 'mvn', argv: ['mvn', '-B', '-q', 'verify', '-DskipTests'] },
  {
    ecosystem: 'rubygems',
    formats: ['gemfile-lock'],
    client: 'bundler',
    argv: ['bundle', 'install'],
    env: { BUNDLE_FROZEN: 'true', BUNDLE_SILENCE_ROOT_WARNING: '1' },
  },
]
