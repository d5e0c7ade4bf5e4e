import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { validate } from '../../src/commands/validate.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

const lock = {
  name: 'project',
  lockfileVersion: 3,
  packages: {
    '': { name: 'project', dependencies: { bolt: '^2' } },
    'node_modules/bolt': {
      version: '2.4.40404',
      resolved: 'https://registry.example.org/bolt/-/bolt-2.4.40404.tgz',
      integrity: 'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
    },
  },
}

describe('validate', () => {
  let bench: Workbench
  before(async () => {
    bench = await openWorkbench()
  })
  after(() => bench.close())

  const asked = (
    files: readonly string[],
    speaking: Speaking & { readonly effective?: boolean } = {},
  ): Promise<Said> => {
    const { effective = false, ...rest } = speaking
    return bench.say((context) => validate(context, { files, effective, load: bench.load }), { files: [], ...rest })
  }
  const checking = (text: string, speaking?: Speaking): Promise<Said> =>
    asked([bench.write('one.yaml', text)], speaking)

  it('counts what a manifest wants', async () => {
    const text =
      'packages:\n  npm: [react, "vite@^6"]\n  cargo: [serde]\nroots:\n  - debian\npolicy:\n  deny: ["pkg:npm/x"]\n'
    const { code, out } = await checking(text)
    assert.equal(code, 0)
    assert.match(out, /one\.yaml: correct: 3 packages \(npm 2, cargo 1\), 1 root, 1 rule\n/)
  })

  for (const [name, text, message] of [
    [
      'an unknown key',
      'packages:\n  npm: [react]\npackges: {}\n',
      /one\.yaml:3: unknown key "packges".*did you mean "packages"/,
    ],
    [
      'an unknown repository',
      'packages:\n  npmm: [react]\n',
      /one\.yaml:2: there is no repository "npmm"; did you mean "npm"/,
    ],
    ['a line that is no package', 'packages:\n  npm:\n    - "./here"\n', /one\.yaml:3: .*local folder/],
    ['an impossible range', 'packages:\n  cargo:\n    - "serde@^^1"\n', /one\.yaml:3: /],
    [
      'an impossible range in the long form',
      'packages:\n  npm:\n    - { name: vite, version: "^^1" }\n',
      /one\.yaml:3: vite: "\^\^1" is no semver range/,
    ],
    ['a bad duration', 'policy:\n  cooldown: 3 days\n', /one\.yaml:2: .*3 days.* is not a duration/],
    ['broken YAML', 'packages: [\n', /one\.yaml:\d: /],
    ['a glob that fits nothing', 'lockfiles:\n  - "*.nothing"\n', /one\.yaml:2: no file fits .*\*\.nothing/],
  ] as const) {
    it(`finds ${name}, with its line, and ends with 2`, async () => {
      const { code, err, out } = await checking(text)
      assert.equal(code, 2)
      assert.match(err, message)
      assert.equal(out, '')
    })
  }

  it('takes a tag for a version that only upstream knows', async () => {
    assert.equal((await checking('packages:\n  npm: [{ name: vite, version: next }]\n')).code, 0)
  })

  it('recognises a lockfile by its content and counts its lines', async () => {
    const { code, out } = await asked([bench.write('strange.json', JSON.stringify(lock))])
    assert.equal(code, 0)
    assert.match(out, /strange\.json: package-lock: npm .*1 registry.*; 1 line with a digest\n/)
  })

  it('finds the broken line of a lockfile', async () => {
    const { code, err } = await asked([bench.write('Cargo.lock', 'version = 4\n[[package]]\nname = 3\n')])
    assert.equal(code, 2)
    assert.match(err, /Cargo\.lock:\d: /)
  })

  it('counts the lockfiles that a manifest names', async () => {
    bench.write('project/package-lock.json', JSON.stringify(lock))
    const { out } = await checking('lockfiles: ["project/*.json"]\n')
    assert.match(out, /correct: 1 lockfile \(\d lines?\)/)
  })

  it('tells of every file that is wrong, not only of the first', async () => {
    const files = [bench.write('one.yaml', 'a: 1\n'), bench.write('two.yaml', 'b: 1\n'), '/nowhere/three.yaml']
    const { err } = await asked(files)
    assert.match(err, /one\.yaml:1: [\s\S]*two\.yaml:1: [\s\S]*three\.yaml: there is no such file/)
  })

  it('finds two right files that contradict each other', async () => {
    const files = [bench.write('one.yaml', 'offline: true\n'), bench.write('two.yaml', 'offline: false\n')]
    const { code, err } = await asked(files)
    assert.equal(code, 2)
    assert.match(err, /two\.yaml:1: offline is "false" here, but "true" at .*one\.yaml:1/)
  })

  it('warns of what is surely not meant, and ends with 0', async () => {
    const { code, err } = await checking('policy:\n  cooldown: { packages: { "pkg:deb/jq": 3d } }\n')
    assert.equal(code, 0)
    assert.match(err, /^warning: .*one\.yaml:2: pkg:deb\/jq has no effect/)
  })

  it('prints every value and where it came from, secrets blanked', async () => {
    const repository = '{ ecosystem: npm, upstream: "https://npm.example.org", credentials: { bearer: hunter2 } }'
    const text = `offline: true\nrepositories:\n  corp: ${repository}\n`
    const { out } = await checking(text, { effective: true, flags: { listen: '127.0.0.1:9' } } as Speaking)
    assert.match(out, /^offline +true +.*one\.yaml:1$/m)
    assert.match(out, /^policy\.expired +refuse +default$/m)
    assert.doesNotMatch(out, /hunter2/)
  })

  it('is one document with --json, errors with file, line and hint', async () => {
    const { code, document, out } = await checking('packges: {}\n', { json: true })
    const [error] = document.errors as readonly Record<string, unknown>[]
    assert.deepEqual([code, document.schema, document.type, document.code], [2, 1, 'validation', 2])
    assert.deepEqual([error?.code, error?.line], ['CONFIG', 1])
    assert.match(String(error?.hint), /Known here: /)
    assert.equal(out.trimEnd().split('\n').length, 1)
  })

  it('checks the configuration alone when no file is named', async () => {
    const { code, out } = await asked([])
    assert.equal(code, 0)
    assert.match(out, /the defaults are in use/)
  })

  it('says nothing of what is right when it is to be quiet', async () => {
    const { code, out, err } = await checking('packages: { npm: [react] }\n', { quiet: true })
    assert.deepEqual([code, out, err], [0, '', ''])
  })
})
