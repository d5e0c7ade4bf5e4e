import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import * as v from 'valibot'
import { type SetupOptions, setup } from '../../src/commands/setup.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { openWorkbench, type Said, type Speaking, type Workbench } from './workbench.ts'

describe('setup', () => {
  let bench: Workbench
  let home: string
  before(async () => {
    bench = await openWorkbench()
    home = mkdtempSync(path.join(tmpdir(), 'home-'))
  })
  after(async () => {
    rmSync(home, { recursive: true })
    await bench.close()
  })

  function asked(
    clients: readonly string[],
    options: Partial<SetupOptions> = {},
    speaking: Speaking = {},
  ): Promise<Said> {
    const all = { format: undefined, write: false, force: false, directory: home, home, ...options }
    return bench.say((context) => setup(context, clients, all), { files: [], ...speaking })
  }

  for (const client of ['npm', 'pnpm', 'yarn', 'bun', 'cargo', 'apt']) {
    it(`knows ${client}, at the default address`, async () => {
      const { code, out } = await asked([client])
      assert.equal(code, 0)
      assert.match(out, /127\.0\.0\.1:8080\/(npm|cargo|debian)/)
    })
  }

  it('lists every client when none is named', async () => {
    const { document } = await asked([], {}, { json: true })
    const clients = new Set((document.clients as readonly { client: string }[]).map(({ client }) => client))
    const declared = ecosystems.flatMap(({ repos, options, setup: setups }) =>
      repos.flatMap(({ name, upstreams, options: own = {} }) => {
        const repo = { name, upstreams, options: v.parse(options, own) }
        return setups({ repo, base: 'http://127.0.0.1:8080/x' }).map(({ client }) => client)
      }),
    )
    assert.deepEqual([...clients].sort(), [...new Set(declared)].sort())
  })

  it('shows both generations of yarn for `yarn`', async () => {
    const { out } = await asked(['yarn'])
    assert.match(out, /\.yarnrc:[\s\S]*\.yarnrc\.yml:/)
  })

  it('takes ecosystems and repositories too', async () => {
    assert.match((await asked(['crates'])).out, /config\.toml/)
    assert.match((await asked(['debian-security'])).out, /pkgmirror-debian-security\.sources/)
  })

  it('prints a single file as it is, so that it can be redirected', async () => {
    assert.equal(
      (await asked(['npm'], { format: 'file' })).out,
      'registry=http://127.0.0.1:8080/npm/\nreplace-registry-host=always\n',
    )
  })

  it('prints variables for a shell', async () => {
    const { out } = await asked(['npm'], { format: 'env' })
    assert.match(out, /^export npm_config_registry=http:\/\/127\.0\.0\.1:8080\/npm\/$/m)
  })

  it('prints commands that overwrite nothing', async () => {
    const { out } = await asked(['cargo'], { format: 'command' })
    assert.match(out, /^mkdir -p "\$\(dirname "\$HOME"\/\.cargo\/config\.toml\)" && \(set -C; cat > /)
  })

  it('says so when a client has no such form', async () => {
    const { code, err } = await asked(['pnpm'], { format: 'env' })
    assert.equal(code, 2)
    assert.match(err, /pnpm cannot be set up by environment variables/)
  })

  for (const [flags, base] of [
    [{ baseUrl: 'https://mirror.example.org/' }, 'https://mirror.example.org/npm/'],
    [{ listen: '0.0.0.0:9000' }, 'http://127.0.0.1:9000/npm/'],
    [{ listen: '[::1]:9000' }, 'http://[::1]:9000/npm/'],
  ] as const) {
    it(`uses ${base} under ${JSON.stringify(flags)}`, async () => {
      assert.equal(
        (await asked(['npm'], { format: 'file' }, { flags })).out,
        `registry=${base}\nreplace-registry-host=always\n`,
      )
    })
  }

  it('refuses to guess a port that is chosen at start', async () => {
    const { code, err } = await asked(['npm'], {}, { flags: { listen: '127.0.0.1:0' } })
    assert.equal(code, 2)
    assert.match(err, /--base-url/)
  })

  it('names the nearest client for one that it does not know', async () => {
    const { code, err } = await asked(['carg'])
    assert.equal(code, 2)
    assert.match(err, /there is no client "carg"; did you mean "cargo"\?\n {2}There are: npm, /)
  })

  it('writes files below the home and the working directory, and says where', async () => {
    const { code, err } = await asked(['cargo', 'npm'], { write: true })
    assert.equal(code, 0)
    assert.match(readFileSync(path.join(home, '.cargo/config.toml'), 'utf8'), /replace-with = "cargo"/)
    assert.ok(err.includes(`wrote ${path.join(home, '.npmrc')}\n`))
  })

  it('leaves a file alone that is as it should be', async () => {
    const { code, err } = await asked(['npm'], { write: true })
    assert.deepEqual([code, err], [0, `${path.join(home, '.npmrc')} is as it should be\n`])
  })

  it('overwrites other content only when forced, and writes nothing else before', async () => {
    writeFileSync(path.join(home, '.npmrc'), 'mine')
    const { code, err } = await asked(['npm', 'bun'], { write: true })
    assert.equal(code, 2)
    assert.match(err, /\.npmrc: is there with other content; nothing was written\n.*--force/)
    assert.equal(readFileSync(path.join(home, '.npmrc'), 'utf8'), 'mine')
    assert.ok(!existsSync(path.join(home, 'bunfig.toml')))
    assert.equal((await asked(['npm', 'bun'], { write: true, force: true })).code, 0)
    assert.match(readFileSync(path.join(home, '.npmrc'), 'utf8'), /^registry=/)
  })

  it('brings the parts of several repositories together in one file', async () => {
    const corp = { ecosystem: 'npm', upstream: 'https://npm.example.org', scopes: ['@corp'] }
    const files = [bench.write('corp.yaml', JSON.stringify({ repositories: { corp } }))]
    const { out } = await asked(['npm'], { format: 'file' }, { files })
    assert.equal(
      out,
      'registry=http://127.0.0.1:8080/npm/\nreplace-registry-host=always\n\n@corp:registry=http://127.0.0.1:8080/corp/\n',
    )
  })

  it('does not choose between distributions by itself', async () => {
    const { code, err } = await asked(['apt'], { write: true })
    assert.equal(code, 2)
    assert.match(err, /apt may be pointed at debian, debian-security, ubuntu, ubuntu-ports\n.*--only debian/)
  })

  it('writes nothing unless clients are named', async () => {
    assert.match((await asked([], { write: true })).err, /--write needs the clients named/)
  })
})
