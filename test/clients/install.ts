// `node install.ts`: brings the package managers that the tests of clients try from their registries into
// node_modules/.cache. What cannot be had is said, and is no failure: its tests are skipped.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { installJar, type JarName, jarOf, jars } from './jars.ts'
import { commandOf, type NpmClient, npmClients, prefixOf } from './npm-clients.ts'
import { found } from './place.ts'
import { commandOf as commandOfTool, environmentOf, type PythonTool, pythonTools } from './python-clients.ts'

/** Milliseconds for one client. */
const PATIENCE = 180_000

async function ran(program: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: PATIENCE })
  const [code] = await once(child, 'close').catch(() => [undefined])
  return code === 0
}

async function installNpm(client: NpmClient): Promise<void> {
  if (client.spec === undefined || commandOf(client) !== undefined) return
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error']
  const done = await ran('npm', ['install', '--prefix', prefixOf(client), ...options, client.spec])
  say(client.name, done && commandOf(client) !== undefined)
}

async function installPython(tool: PythonTool): Promise<void> {
  if (commandOfTool(tool) !== undefined) return
  const at = environmentOf(tool)
  const python = path.join(at, 'bin/python')
  const done =
    found('python3') !== undefined &&
    (await ran('python3', ['-m', 'venv', at])) &&
    (await ran(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...tool.spec])) &&
    (await ran(
      path.join(at, 'bin', tool.program),
      tool.program === 'python' ? ['-m', 'pip', '--version'] : ['--version'],
    ))
  if (!done) rmSync(at, { recursive: true, force: true })
  say(tool.name, done)
}

const say = (name: string, done: boolean): void => console.log(`${name}: ${done ? 'installed' : 'cannot be had'}`)

// those of one registry one after the other: npm shares a cache among them
const all = [
  (async () => {
    for (const client of npmClients) await installNpm(client)
  })(),
  ...pythonTools.map(installPython),
  ...(Object.keys(jars) as JarName[]).map(async (name) => {
    if (!existsSync(jarOf(name))) say(name, await installJar(name))
  }),
]
await Promise.all(all)
