// The executable as a user starts it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'

const executable = path.resolve(import.meta.dirname, '../../bin/pkgmirror.js')
const folder = mkdtempSync(path.join(tmpdir(), 'cli-'))
after(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function runIn(cwd: string, ...args: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: folder }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [executable, ...args], { cwd, env }, (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    )
  })
}

const run = (...args: readonly string[]): Promise<Ended> => runIn(folder, ...args)

const write = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text)
  return name
}

const help = await run()

describe('pkgmirror', { concurrency: 4 }, () => {
  it('alone prints help that leads to serve and sync', async () => {
    const { code, out } = help
    assert.equal(code, 0)
    assert.match(out, /pkgmirror serve .*\n.*pkgmirror sync manifests\/quickstart\.yaml/)
  })

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(path.join(executable, '../../package.json'), 'utf8')) as {
      version: string
    }
    assert.deepEqual(await run('--version'), { code: 0, out: `${version}\n`, err: '' })
  })

  it('suggests a verb for an unknown one', async () => {
    const { code, err } = await run('statsu')
    assert.equal(code, 2)
    assert.match(err, /unknown command 'statsu'[\s\S]*status/)
  })

  it('suggests a flag for an unknown one', async () => {
    const { code, err } = await run('sync', 'x.yaml', '--dryrun')
    assert.equal(code, 2)
    assert.match(err, /unknown option '--dryrun'[\s\S]*--dry-run/)
  })

  it('says which argument is missing', async () => {
    const { code, err } = await run('explain')
    assert.equal(code, 2)
    assert.match(err, /missing required argument 'what'/)
  })

  const verbs = [...help.out.matchAll(/^ {2}([a-z]+) (?:\[|<|\S)/gm)].map(([, verb = '']) => verb)
  it('has the verbs of a mirror', () => {
    for (const verb of ['sync', 'serve', 'seed', 'status', 'explain', 'setup', 'validate', 'init'])
      assert.ok(verbs.includes(verb), verb)
  })
  for (const verb of verbs.filter((one) => one !== 'help' && one !== 'pkgmirror')) {
    it(`shows an example in the help of ${verb}`, async () => {
      const { code, out } = await run(verb, '--help')
      assert.equal(code, 0)
      assert.match(out, new RegExp(`Example:\\n.*pkgmirror ${verb}`))
      assert.match(out, /--json/)
    })
  }

  it('ends with 2 and the line for a bad manifest', async () => {
    const { code, err } = await run('validate', write('bad.yaml', 'packages:\n  npmm: [x]\n'))
    assert.equal(code, 2)
    assert.match(err, /bad\.yaml:2: there is no repository "npmm"; did you mean "npm"\?\n {2}There are: /)
  })

  it('ends with 2 and the line for a sync of a bad manifest', async () => {
    const { code, err } = await run('sync', write('worse.yaml', 'packages:\n  npm: [x]\ncooldwn: 3d\n'))
    assert.equal(code, 2)
    assert.match(err, /^pkgmirror: .*worse\.yaml:3: unknown key "cooldwn"/)
  })

  it('says an error as JSON too', async () => {
    const { code, out } = await run('status', '--json')
    const { schema, type, code: word, hint } = JSON.parse(out) as Record<string, unknown>
    assert.deepEqual([code, schema, type, word], [2, 1, 'error', 'CONFIG'])
    assert.match(String(hint), /pkgmirror sync/)
  })

  it('ends with 2 and a hint for a status without data directory', async () => {
    const { code, err } = await run('status', '--data', 'nowhere')
    assert.equal(code, 2)
    assert.match(err, /there is no mirror at .*nowhere\n.*pkgmirror sync MANIFEST/)
  })

  it('names the flag whose value is bad', async () => {
    const { code, err } = await run('status', '--cooldown', 'soon')
    assert.equal(code, 2)
    assert.match(err, /--cooldown/)
  })

  it('writes a configuration that it finds correct', async () => {
    const own = mkdtempSync(path.join(folder, 'init-'))
    assert.equal((await runIn(own, 'init', '--template', 'pkgmirror.yaml')).code, 0)
    assert.equal((await runIn(own, 'validate', 'pkgmirror.yaml')).code, 0)
    assert.equal((await runIn(own, 'init', '--template', 'pkgmirror.yaml')).code, 0)
    writeFileSync(path.join(own, 'pkgmirror.yaml'), 'offline: true\n')
    const { code, err } = await runIn(own, 'init', '--template', 'pkgmirror.yaml')
    assert.equal(code, 2)
    assert.match(err, /is there with other content/)
  })

  it('prints every value and where it came from', async () => {
    const { code, out } = await run('validate', '--effective', '--fresh-for', '9m')
    assert.equal(code, 0)
    assert.match(out, /^policy\.fresh_for +9m +--fresh-for$/m)
  })

  it('sets up a client without a data directory', async () => {
    assert.equal(
      (await run('setup', 'npm', '--format', 'file')).out,
      'registry=http://127.0.0.1:8080/npm/\nreplace-registry-host=always\n',
    )
    assert.equal((await run('setup', 'npm', '--format', 'toml')).code, 2)
  })
})
