// How pip, uv, poetry, pdm and pipenv are pointed at the mirror.

import type { Mounted, Setup } from '../../contract.ts'

export function setup({ repo, base }: Mounted<unknown>): readonly Setup[] {
  // the last slash belongs to the address: clients append names to it
  const index = `${base}/simple/`
  const { protocol, hostname } = new URL(base)
  const plain = protocol === 'http:'
  const trusted = plain ? [`trusted-host = ${hostname}`] : []
  const note = plain
    ? 'Over plain http pip wants the host named as trusted, or it warns and keeps no cache.'
    : undefined
  return [
    {
      client: 'pip',
      title: 'pip',
      files: [{ path: '~/.config/pip/pip.conf', text: lines(['[global]', `index-url = ${index}`, ...trusted]) }],
      env: { PIP_INDEX_URL: index, ...(plain ? { PIP_TRUSTED_HOST: hostname } : {}) },
      ...(note === undefined ? {} : { note }),
    },
    {
      client: 'uv',
      title: 'uv',
      files: [{ path: '~/.config/uv/uv.toml', text: lines(['[[index]]', `url = "${index}"`, 'default = true']) }],
      env: { UV_DEFAULT_INDEX: index },
      note: '`uv sync` follows the addresses in a uv.lock. Install from it by `uv export --frozen` and `uv pip sync --require-hashes`, or from a copy that `pkgmirror seed uv.lock --addresses sed` has changed.',
    },
    {
      client: 'poetry',
      title: 'Poetry',
      files: [
        {
          path: 'pyproject.toml',
          text: lines([
            '[[tool.poetry.source]]',
            `name = "${repo.name}-mirror"`,
            `url = "${index}"`,
            'priority = "primary"',
          ]),
        },
      ],
    },
    {
      client: 'poetry',
      title: 'Poetry with its plugin poetry-plugin-pypi-mirror',
      env: { POETRY_PYPI_MIRROR_URL: index },
      note: 'pyproject.toml and poetry.lock stay as they are: the index stands in for the public one.',
    },
    { client: 'pdm', title: 'PDM', env: { PDM_PYPI_URL: index }, commands: [`pdm config pypi.url ${index}`] },
    { client: 'pipenv', title: 'Pipenv', env: { PIPENV_PYPI_MIRROR: index } },
  ]
}

const lines = (texts: readonly string[]): string => `${texts.join('\n')}\n`
