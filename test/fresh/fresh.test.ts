// A stranger's machine: a clone of what is committed, and a PATH of node, npm and coreutils alone. Packages come out of npm's own cache
// on this machine, so that no registry is needed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { commandOf, npmClients } from '../clients/npm-clients.ts'
import { folder, found, root } from '../clients/place.ts'

/** What npm and its shell scripts may want of coreutils; no compiler, no Python, no git. */
const programs = [
  'sh',
  'env',
  'uname',
  'cat',
  'ls',
  'mkdir',
  'rm',
  'cp',
  'ln',
  'chmod',
  'dirname',
  'basename',
  'readlink',
  'sed',
]
const git = found('git')
const systemNode = found('node')
const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string }

/** A directory of links to the few programs there are. */
function barePath(t: TestContext, node: string): string {
  const bin = path.join(folder(t), 'bin')
  mkdirSync(bin)
  symlinkSync(node, path.join(bin, 'node'))
  for (const program of programs) {
    const real = found(program)
    if (real !== undefined && path.isAbsolute(real)) symlinkSync(realpathSync(real), path.join(bin, program))
  }
  return bin
}

function clone(t: TestContext): string {
  const to = path.join(folder(t), 'clone')
  const { status, stderr } = spawnSync('git', ['clone', '--quiet', root, to], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return to
}

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly said: string
}

function run(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Ran {
  const [program = '', ...args] = argv
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  })
  return { status, out: stdout, said: `${error?.message ?? ''}${stdout}${stderr}` }
}

/** npm's cache on this machine. */
function cacheFolder(npm: readonly string[]): string {
  return run([...npm, 'config', 'get', 'cache'], root, process.env).out.trim()
}

describe('a fresh clone', { skip: git === undefined ? 'git is not on this machine' : false }, () => {
  for (const client of npmClients.filter(({ name }) => name === 'npm' || name === 'npm 10')) {
    it(`installs and starts with ${client.name} where there is nothing but Node`, (t) => {
      const command = commandOf(client)
      if (command === undefined || systemNode === undefined) return t.skip(`${client.name} is not here`)
      const npm = realpathSync(command.at(-1) ?? '')
      const bin = barePath(t, realpathSync(systemNode))
      const at = clone(t)
      const env = {
        PATH: bin,
        HOME: folder(t),
        npm_config_cache: cacheFolder(command),
        npm_config_update_notifier: 'false',
      }
      const node = path.join(bin, 'node')

      const ci = run([node, npm, 'ci', '--offline', '--no-audit', '--no-fund'], at, env)
      if (/ENOTCACHED|cache mode is 'only-if-cached'/.test(ci.said))
        return t.skip("npm's cache does not hold the packages")
      assert.equal(ci.status, 0, ci.said)

      const npx = [node, path.join(path.dirname(npm), 'npx-cli.js'), 'pkgmirror']
      const version = run([...npx, '--version'], at, env)
      assert.equal(version.out, `${own.version}\n`, version.said)
      const help = run([...npx, '--help'], at, env)
      assert.match(help.out, /pkgmirror serve[\s\S]*pkgmirror sync/, help.said)
      assert.equal(help.status, 0)

      // ignore-scripts=true leaves out the scripts of packages, not the one that is asked for by name
      const types = run([node, npm, 'test', '--', 'test/formats/duration.test.ts'], at, env)
      assert.match(types.out, /\n. pass \d+/, types.said)
    })
  }
})

it('a Node that is too old says what to do', (t) => {
  const at = folder(t)
  cpSync(path.join(root, 'bin'), path.join(at, 'bin'), { recursive: true })
  cpSync(path.join(root, 'package.json'), path.join(at, 'package.json'))
  const pretend = `
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '16.20.2' } })
    process.argv = [process.argv[0], '${at}/bin/pkgmirror.js', 'serve']
    require('${at}/bin/pkgmirror.js')`
  const { status, said } = run([process.execPath, '-e', pretend], at, { PATH: process.env.PATH })
  assert.equal(status, 2)
  assert.match(said, /needs Node 22\.19 or newer; this is 16\.20\.2/)
  assert.match(said, /Install Node 24/)
})

describe('the published package', () => {
  it('holds what it needs to run, and runs', (t) => {
    const npm = found('npm')
    if (npm === undefined) return t.skip('npm is not on this machine')
    const home = folder(t)
    const env = { ...process.env, HOME: home, npm_config_cache: path.join(home, 'cache') }
    const packed = run([process.execPath, 'scripts/pack.ts', home], root, env)
    assert.equal(packed.status, 0, packed.said)

    const to = path.join(home, 'installed', 'node_modules', 'pkgmirror')
    mkdirSync(to, { recursive: true })
    const [archive = ''] = readdirSync(home).filter((name) => name.endsWith('.tgz'))
    const unpacked = run(['tar', '-xzf', path.join(home, archive), '--strip-components=1', '-C', to], home, env)
    assert.equal(unpacked.status, 0, unpacked.said)
    assert.equal(readdirSync(to).includes('src'), false)
    const published = JSON.parse(readFileSync(path.join(to, 'package.json'), 'utf8')) as Record<string, unknown>
    assert.deepEqual([published.optionalDependencies, published.devDependencies], [undefined, undefined])
    // its dependencies, as npm lays them out beside it
    for (const name of readdirSync(path.join(root, 'node_modules')).filter((each) => !each.startsWith('.')))
      symlinkSync(path.join(root, 'node_modules', name), path.join(home, 'installed', 'node_modules', name))
    const bin = path.join(to, 'bin', 'pkgmirror.js')
    const version = run([process.execPath, bin, '--version'], home, env)
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/, version.said)
    const help = run([process.execPath, bin, 'sync', '--help'], home, env)
    assert.equal(help.status, 0, help.said)
    assert.match(help.out, /Example:/)
  })
})
