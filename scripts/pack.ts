// Makes the package as it is published, `npm run package [-- DIRECTORY]`: compiled, and without what only a checkout needs:
// development dependencies, scripts, and the Node of the lockfile.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from './build.ts'

const root = path.resolve(import.meta.dirname, '..')
const destination = path.resolve(process.argv[2] ?? '.')
const folder = mkdtempSync(path.join(tmpdir(), 'pkgmirror-package-'))

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`)
}

try {
  const { devDependencies, optionalDependencies, scripts, ...published } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  ) as { readonly files: readonly string[]; readonly [key: string]: unknown }
  for (const name of published.files) {
    if (name !== 'dist') cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
  }
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  await build(path.join(folder, 'dist'))
  mkdirSync(destination, { recursive: true })
  run('npm', ['pack', '--pack-destination', destination], folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
