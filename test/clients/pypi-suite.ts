// Python projects, installed by each client into an empty environment, run, and listed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { environment, execute, files, folder, found } from './place.ts'
import { commandOf as commandOfTool, pythonTools } from './python-clients.ts'
import type { Use } from './voyage.ts'

export interface PythonProject {
  readonly requirements: readonly string[]
  /** One line of Python. */
  readonly program: string
  readonly printed: string
}

/** `NAME==VERSION`, sorted. */
export type Installed = readonly string[]

export interface PythonClient {
  readonly name: string
  /** Why it cannot be tried. */
  readonly missing: string | false
  install(t: TestContext, project: PythonProject): Use<Installed>
}

/** An interpreter by its own path (a version manager's stand-in needs a home), and its minor version. */
const [interpreter, minor] = ((): readonly [string?, string?] => {
  if (found('python3') === undefined) return []
  const asked = 'import sys, venv, pip; print(sys.executable); print("%d.%d" % sys.version_info[:2])'
  const { status, stdout } = spawnSync('python3', ['-c', asked], { encoding: 'utf8' })
  return status === 0 ? (stdout.trim().split('\n') as [string, string]) : []
})()
export const python = interpreter

export const commandOf = (name: string): string | undefined => {
  const tool = pythonTools.find((one) => one.name === name)
  return tool === undefined ? undefined : commandOfTool(tool)
}
const notHere = (name: string): string => `${name} is not here: test/clients/install.ts brings it`

export const indexOf = (url: string): string => `${url}/pypi/simple/`

export async function ran(
  { program, printed }: Pick<PythonProject, 'program' | 'printed'>,
  interpreter: string,
  enter: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Installed> {
  const cwd = path.dirname(interpreter)
  assert.equal((await execute({ argv: [...enter, interpreter, '-c', program], cwd, env })).trim(), printed)
  const sites = path.join(path.dirname(cwd), 'lib/python*/site-packages/*.dist-info/METADATA')
  return globSync(sites)
    .map((file) => readFileSync(file, 'utf8'))
    .map((text) => `${/^Name: (.*)$/m.exec(text)?.[1]}==${/^Version: (.*)$/m.exec(text)?.[1]}`)
    .filter((one) => !/^(?:pip|setuptools)==/.test(one))
    .sort()
}

export async function virtualEnvironment(home: string, env: NodeJS.ProcessEnv): Promise<string> {
  const at = path.join(home, 'venv')
  await execute({ argv: [python ?? '', '-m', 'venv', '--without-pip', at], cwd: home, env })
  return path.join(at, 'bin/python')
}

/** Several versions of pip are told apart by the interpreters they come with. */
function pip(name: string, interpreterOf: () => string | undefined): PythonClient {
  const own = interpreterOf()
  return {
    name,
    missing: own !== undefined ? false : name === 'pip' ? 'there is no Python with pip on this machine' : notHere(name),
    install:
      (t, project) =>
      async (url, { enter }) => {
        const home = folder(t)
        const env = environment(home, {
          PIP_INDEX_URL: indexOf(url),
          PIP_NO_CACHE_DIR: '1',
          PIP_DISABLE_PIP_VERSION_CHECK: '1',
        })
        const interpreter = await virtualEnvironment(home, env)
        const site = path.join(path.dirname(path.dirname(interpreter)), 'lib')
        const [packages = ''] = globSync('python*/site-packages', { cwd: site })
        const into = path.join(site, packages)
        const argv = [...enter, own ?? '', '-m', 'pip', 'install', '--quiet', '--target', into, ...project.requirements]
        await execute({ argv, cwd: home, env })
        return ran(project, interpreter, enter, env)
      },
  }
}

const uv: PythonClient = {
  name: 'uv',
  missing: python === undefined || commandOf('uv') === undefined ? notHere('uv') : false,
  install:
    (t, project) =>
    async (url, { enter }) => {
      const home = folder(t)
      const env = environment(home, { UV_DEFAULT_INDEX: indexOf(url), UV_NO_CACHE: '1', UV_PYTHON: python ?? '' })
      const at = files(path.join(home, 'project'), { 'pyproject.toml': pyproject(project) })
      const argv = [...enter, commandOf('uv') ?? '', 'sync', '--quiet', '--no-managed-python']
      await execute({ argv, cwd: at, env })
      return ran(project, path.join(at, '.venv/bin/python'), enter, env)
    },
}

const poetry: PythonClient = {
  name: 'poetry',
  missing: python === undefined || commandOf('poetry') === undefined ? notHere('poetry') : false,
  install:
    (t, project) =>
    async (url, { enter }) => {
      const home = folder(t)
      const env = environment(home, {
        POETRY_VIRTUALENVS_IN_PROJECT: 'true',
        POETRY_CACHE_DIR: path.join(home, 'cache'),
      })
      const source = `\n[tool.poetry]\npackage-mode = false\n\n[[tool.poetry.source]]\nname = "mirror"\nurl = "${indexOf(url)}"\n`
      const at = files(path.join(home, 'project'), { 'pyproject.toml': pyproject(project) + source })
      const argv = [...enter, commandOf('poetry') ?? '', 'install', '--no-interaction', '--quiet']
      await execute({ argv, cwd: at, env })
      return ran(project, path.join(at, '.venv/bin/python'), enter, env)
    },
}

const pdm: PythonClient = {
  name: 'pdm',
  missing: python === undefined || commandOf('pdm') === undefined ? notHere('pdm') : false,
  install:
    (t, project) =>
    async (url, { enter }) => {
      const home = folder(t)
      const env = environment(home, {
        PDM_PYPI_URL: indexOf(url),
        PDM_CHECK_UPDATE: '0',
        PDM_CACHE_DIR: path.join(home, 'cache'),
      })
      const at = files(path.join(home, 'project'), {
        'pyproject.toml': `${pyproject(project)}\n[tool.pdm]\ndistribution = false\n`,
      })
      const argv = [...enter, commandOf('pdm') ?? '', 'install', '--quiet']
      await execute({ argv, cwd: at, env })
      return ran(project, path.join(at, '.venv/bin/python'), enter, env)
    },
}

/** Locked for this Python on: of what older ones need a mirror holds the metadata alone. */
export const pyproject = ({ requirements }: PythonProject): string =>
  `[project]\nname = "project"\nversion = "1.0"\nrequires-python = ">=${minor}"\ndependencies = ${JSON.stringify(requirements)}\n`

export const pythonClients: readonly PythonClient[] = [
  pip('pip', () => python),
  pip('pip-20', () => commandOf('pip-20')),
  pip('pip-26', () => commandOf('pip-26')),
  uv,
  poetry,
  pdm,
]
