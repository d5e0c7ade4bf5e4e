// The clients of Python's index: where each of them is, and what brings those that a machine does not have.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { found, root } from './place.ts'

export interface PythonTool {
  readonly name: string
  /** What pip installs into an environment of its own. */
  readonly spec: readonly string[]
  readonly program: string
}

export const pythonTools = [
  // before PEP 691 and PEP 658, and the newest
  { name: 'pip-20', spec: ['pip==20.3.4'], program: 'python' },
  { name: 'pip-26', spec: ['pip>=26'], program: 'python' },
  { name: 'uv', spec: ['uv'], program: 'uv' },
  { name: 'poetry', spec: ['poetry', 'poetry-plugin-pypi-mirror'], program: 'poetry' },
  // it does not say that it does not work with hishel 2
  { name: 'pdm', spec: ['pdm', 'hishel<2'], program: 'pdm' },
] as const satisfies readonly PythonTool[]

/** Where `install.ts` puts it. */
export const environmentOf = ({ name }: PythonTool): string => path.join(root, 'node_modules/.cache/clients', name)

/** Out of the folder that PYTHON_CLIENTS names, or that `install.ts` fills, else, where its name is its own, on the path. */
export function commandOf(tool: PythonTool): string | undefined {
  const folders = [path.join(process.env.PYTHON_CLIENTS ?? '/nowhere', tool.name), environmentOf(tool)]
  const brought = folders.map((folder) => path.join(folder, 'bin', tool.program)).find((one) => existsSync(one))
  return brought ?? (tool.name === tool.program ? found(tool.program) : undefined)
}
