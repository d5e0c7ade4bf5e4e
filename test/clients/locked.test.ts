// Lockfiles of Python, Rust, Go, Java, Ruby and of images, from the registry to an installation without a network.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { pom } from '../ecosystems/maven/repository.ts'
import * as crates from '../replica/cargo.ts'
import * as modules from '../replica/go.ts'
import * as jars from '../replica/maven.ts'
import { orchardImages, startOciReplica } from '../replica/oci.ts'
import * as wheels from '../replica/pypi.ts'
import * as gems from '../replica/rubygems.ts'
import { digests as crateDigests, rustup } from './cargo-suite.ts'
import { compiled } from './go-suite.ts'
import { jarOf, lacksJars } from './jars.ts'
import { type Files, type Locking, lockedVoyage } from './locked.ts'
import { type Built, build as mavenBuild } from './maven-suite.ts'
import { skopeo } from './oci-tools.ts'
import { environment, execute, files, folder, found } from './place.ts'
import { commandOf, type Installed, indexOf, pyproject, python, ran, virtualEnvironment } from './pypi-suite.ts'
import { digests as gemDigests } from './rubygems-suite.ts'
import { originOf } from './voyage.ts'

const without = (...programs: readonly string[]) => {
  const missing = programs.filter((program) => found(program) === undefined)
  return { skip: missing.length > 0 ? `${missing.join(', ')} not on this machine` : false }
}
const withoutPython = (program?: string) => ({
  skip:
    python === undefined || (program !== undefined && commandOf(program) === undefined)
      ? `${program ?? 'python3 with venv and pip'} is not on this machine`
      : false,
})

async function pypi(t: TestContext) {
  const replica = await wheels.startPypiReplica('full')
  const text = `repositories:\n  pypi: { upstream: "${replica.upstream.url}/simple" }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}
const project = { requirements: wheels.requirements, program: wheels.program, printed: wheels.printed }
const installed = ['apple==2.1', 'orchard==1.2.0', 'press==1.0+steel.2', 'stone-fruit==0.3.0']

/** A project in an empty home, with an environment for Python that other machines have not touched. */
function home(t: TestContext, own: Files, more: Readonly<Record<string, string>> = {}) {
  const at = folder(t)
  return { home: at, at: files(path.join(at, 'project'), own), env: environment(at, more) }
}

const uvSettings = { UV_NO_CACHE: '1', UV_PYTHON: python ?? '' }
const uv = commandOf('uv') ?? ''

/** Addresses are followed, so the lockfile is a changed copy. */
function uvLocking(t: TestContext, upstream: string): Locking<Installed> {
  const own = { 'pyproject.toml': pyproject(project) }
  return {
    lockfiles: ['uv.lock'],
    proven: 6,
    trial: { programs: { uv: [uv] } },
    // as it is written by everybody who knows nothing of a mirror
    async lock() {
      const index = { ...uvSettings, UV_DEFAULT_INDEX: `${upstream}/simple/` }
      const { at, env } = home(t, own, index)
      await execute({ argv: [uv, 'lock', '--quiet', '--no-managed-python'], cwd: at, env })
      return { ...own, 'uv.lock': readFileSync(path.join(at, 'uv.lock')) }
    },
    install:
      (locked, map) =>
      async (url, { enter }) => {
        const { at, env } = home(
          t,
          { ...locked, 'uv.lock': await map('uv.lock', url) },
          {
            ...uvSettings,
            UV_DEFAULT_INDEX: indexOf(url),
          },
        )
        await execute({ argv: [...enter, uv, 'sync', '--frozen', '--quiet', '--no-managed-python'], cwd: at, env })
        return ran(project, path.join(at, '.venv/bin/python'), enter, env)
      },
  }
}

describe('seeded from a lockfile, proven and installed without a network', () => {
  it('pip: requirements.txt with hashes', withoutPython(), async (t) => {
    const pip: Locking<Installed> = {
      lockfiles: ['requirements.txt'],
      proven: 4,
      trial: {},
      async lock(url) {
        const place = home(t, { 'empty.txt': '' })
        const options = ['--dry-run', '--quiet', '--ignore-installed', '--report', '-', '--index-url', indexOf(url)]
        const argv = [python ?? '', '-m', 'pip', 'install', ...options, ...project.requirements]
        const { install } = JSON.parse(await execute({ argv, cwd: place.at, env: place.env })) as {
          readonly install: readonly {
            readonly metadata: { readonly name: string; readonly version: string }
            readonly download_info: { readonly archive_info: { readonly hash: string } }
          }[]
        }
        const lines = install.map(
          ({ metadata: { name, version }, download_info: { archive_info } }) =>
            `${name}==${version} --hash=${archive_info.hash.replace('=', ':')}\n`,
        )
        return { 'requirements.txt': lines.join('') }
      },
      install:
        (own) =>
        async (url, { enter }) => {
          const { home: at, at: cwd, env } = home(t, own, { PIP_NO_CACHE_DIR: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' })
          const interpreter = await virtualEnvironment(at, env)
          const [site = ''] = globSync(path.join(at, 'venv/lib/python*/site-packages'))
          const options = ['--quiet', '--require-hashes', '--index-url', indexOf(url), '--target', site]
          const argv = [...enter, python ?? '', '-m', 'pip', 'install', ...options, '-r', 'requirements.txt']
          await execute({ argv, cwd, env })
          return ran(project, interpreter, enter, env)
        },
    }
    assert.deepEqual(await lockedVoyage(t, await pypi(t), pip), installed)
  })

  it('uv: uv.lock', withoutPython('uv'), async (t) => {
    const { replica, ...origin } = await pypi(t)
    const locking = uvLocking(t, replica.upstream.url)
    assert.deepEqual(await lockedVoyage(t, origin, locking), installed)
  })

  it('uv: uv.lock as it is, through a list with hashes', withoutPython('uv'), async (t) => {
    const { replica, ...origin } = await pypi(t)
    const exported: Locking<Installed> = {
      ...uvLocking(t, replica.upstream.url),
      install:
        (locked) =>
        async (url, { enter }) => {
          const { home: top, at, env } = home(t, locked, { ...uvSettings, UV_DEFAULT_INDEX: indexOf(url) })
          const interpreter = await virtualEnvironment(top, env)
          const list = ['export', '--frozen', '--quiet', '--no-emit-project', '-o', 'req.txt']
          await execute({ argv: [...enter, uv, ...list], cwd: at, env })
          const sync = ['pip', 'sync', '--quiet', '--require-hashes', '--python', interpreter, 'req.txt']
          await execute({ argv: [...enter, uv, ...sync], cwd: at, env })
          return ran(project, interpreter, enter, env)
        },
    }
    assert.deepEqual(await lockedVoyage(t, origin, exported), installed)
  })

  it('poetry: poetry.lock', withoutPython('poetry'), async (t) => {
    const poetry = commandOf('poetry') ?? ''
    const place = (own: Files) => {
      const top = folder(t)
      const more = { POETRY_VIRTUALENVS_IN_PROJECT: 'true', POETRY_CACHE_DIR: path.join(top, 'cache') }
      return { at: files(path.join(top, 'project'), own), env: environment(top, more) }
    }
    const locking: Locking<Installed> = {
      lockfiles: ['poetry.lock'],
      proven: 5,
      trial: { programs: { poetry: [poetry] }, untried: /pyproject\.toml/ },
      sameAddress: true,
      async lock(url) {
        const source = `\n[tool.poetry]\npackage-mode = false\n\n[[tool.poetry.source]]\nname = "mirror"\nurl = "${indexOf(url)}"\n`
        const own = { 'pyproject.toml': pyproject(project) + source }
        const { at, env } = place(own)
        await execute({ argv: [poetry, 'lock', '--no-interaction', '--quiet'], cwd: at, env })
        return { ...own, 'poetry.lock': readFileSync(path.join(at, 'poetry.lock')) }
      },
      install:
        (own) =>
        async (_url, { enter }) => {
          const { at, env } = place(own)
          await execute({ argv: [...enter, poetry, 'sync', '--no-interaction', '--quiet'], cwd: at, env })
          return ran(project, path.join(at, '.venv/bin/python'), enter, env)
        },
    }
    assert.deepEqual(await lockedVoyage(t, await pypi(t), locking), installed)
  })

  it('poetry: poetry.lock without a source, through its plugin', withoutPython('poetry'), async (t) => {
    const poetry = commandOf('poetry') ?? ''
    const own = { 'pyproject.toml': `${pyproject(project)}\n[tool.poetry]\npackage-mode = false\n` }
    const place = (url: string, all: Files) => {
      const top = folder(t)
      const env = environment(top, {
        POETRY_VIRTUALENVS_IN_PROJECT: 'true',
        POETRY_CACHE_DIR: path.join(top, 'cache'),
        POETRY_PYPI_MIRROR_URL: indexOf(url),
      })
      return { at: files(path.join(top, 'project'), all), env }
    }
    const { at: empty, env: bare } = place('http://127.0.0.1:9', { 'empty.txt': '' })
    const plugins = await execute({ argv: [poetry, 'self', 'show', 'plugins'], cwd: empty, env: bare })
    if (!plugins.includes('poetry-plugin-pypi-mirror')) return t.skip('poetry has no poetry-plugin-pypi-mirror here')
    const locking: Locking<Installed> = {
      lockfiles: ['poetry.lock'],
      proven: 5,
      trial: { programs: { poetry: [poetry] } },
      async lock(url) {
        const { at, env } = place(url, own)
        await execute({ argv: [poetry, 'lock', '--no-interaction', '--quiet'], cwd: at, env })
        const text = readFileSync(path.join(at, 'poetry.lock'), 'utf8')
        assert.doesNotMatch(text, /package\.source/)
        return { ...own, 'poetry.lock': text }
      },
      install:
        (locked) =>
        async (url, { enter }) => {
          const { at, env } = place(url, locked)
          await execute({ argv: [...enter, poetry, 'sync', '--no-interaction', '--quiet'], cwd: at, env })
          return ran(project, path.join(at, '.venv/bin/python'), enter, env)
        },
    }
    assert.deepEqual(await lockedVoyage(t, await pypi(t), locking), installed)
  })

  it('pdm: pdm.lock', withoutPython('pdm'), async (t) => {
    const pdm = commandOf('pdm') ?? ''
    const own = { 'pyproject.toml': `${pyproject(project)}\n[tool.pdm]\ndistribution = false\n` }
    const place = (url: string, all: Files) => {
      const top = folder(t)
      const more = { PDM_PYPI_URL: indexOf(url), PDM_CHECK_UPDATE: '0', PDM_CACHE_DIR: path.join(top, 'cache') }
      return { at: files(path.join(top, 'project'), all), env: environment(top, more) }
    }
    const locking: Locking<Installed> = {
      lockfiles: ['pdm.lock'],
      proven: 5,
      trial: { programs: { pdm: [pdm] } },
      async lock(url) {
        const { at, env } = place(url, own)
        await execute({ argv: [pdm, 'lock', '--quiet'], cwd: at, env })
        return { ...own, 'pdm.lock': readFileSync(path.join(at, 'pdm.lock')) }
      },
      install:
        (locked) =>
        async (url, { enter }) => {
          const { at, env } = place(url, locked)
          await execute({ argv: [...enter, pdm, 'sync', '--quiet'], cwd: at, env })
          return ran(project, path.join(at, '.venv/bin/python'), enter, env)
        },
    }
    assert.deepEqual(await lockedVoyage(t, await pypi(t), locking), installed)
  })

  it('cargo: Cargo.lock', without('cargo'), async (t) => {
    const { upstream } = await crates.startCargoReplica('with markers')
    const own = {
      'Cargo.toml': `[package]\nname = "project"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\n${crates.dependencies}`,
      'src/main.rs': crates.program,
    }
    const place = (url: string, all: Files) => {
      const { home: top, at } = home(t, all)
      const source = `[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+${url}/cargo/"\n`
      files(path.join(top, '.cargo'), { 'config.toml': source })
      return { top, at, env: environment(top, { CARGO_HOME: path.join(top, '.cargo'), ...rustup }) }
    }
    const locking: Locking<Readonly<Record<string, string>>> = {
      lockfiles: ['Cargo.lock'],
      proven: 6,
      trial: { env: rustup },
      async lock(url) {
        const { at, env } = place(url, own)
        await execute({ argv: ['cargo', 'generate-lockfile', '--quiet'], cwd: at, env })
        return { ...own, 'Cargo.lock': readFileSync(path.join(at, 'Cargo.lock')) }
      },
      install:
        (locked) =>
        async (url, { enter }) => {
          const { top, at, env } = place(url, locked)
          await execute({ argv: [...enter, 'cargo', 'fetch', '--quiet', '--locked'], cwd: at, env })
          if (found('cc') !== undefined) {
            const argv = [...enter, 'cargo', 'run', '--quiet', '--offline', '--locked']
            assert.equal(await execute({ argv, cwd: at, env }), crates.printed)
          }
          return crateDigests(path.join(top, '.cargo/registry/cache'))
        },
    }
    const text = `repositories:\n  cargo: { upstream: "${upstream.url}" }\n`
    await lockedVoyage(t, originOf(t, upstream, text), locking)
  })

  it('go: go.mod and go.sum', without('go'), async (t) => {
    const { upstream, log } = await modules.startGoReplica()
    const own = { 'go.mod': 'module example.test/project\n\ngo 1.21\n', 'main.go': modules.program }
    const place = (url: string, all: Files, flags: string) => {
      const { home: top, at } = home(t, all)
      const env = environment(top, {
        GOPROXY: `${url}/go`,
        GOFLAGS: `${flags} -modcacherw`,
        GOTOOLCHAIN: 'local',
        GOPATH: path.join(top, 'go'),
        GOCACHE: compiled,
        CGO_ENABLED: '0',
        GOSUMDB: log.key,
        GONOSUMDB: modules.secret,
      })
      return { top, at, env }
    }
    const locking: Locking<Readonly<Record<string, string>>> = {
      lockfiles: ['go.mod', 'go.sum'],
      proven: 10,
      trial: {},
      async lock(url) {
        const { at, env } = place(url, own, '-mod=mod')
        await execute({ argv: ['go', 'get', ...modules.wanted], cwd: at, env })
        await execute({ argv: ['go', 'mod', 'tidy'], cwd: at, env })
        const read = (name: string): Buffer => readFileSync(path.join(at, name))
        return { 'main.go': modules.program, 'go.mod': read('go.mod'), 'go.sum': read('go.sum') }
      },
      install:
        (locked) =>
        async (url, { enter }) => {
          const { top, at, env } = place(url, locked, '-mod=readonly')
          assert.equal(await execute({ argv: [...enter, 'go', 'run', '.'], cwd: at, env }), modules.printed)
          await execute({ argv: [...enter, 'go', 'mod', 'verify'], cwd: at, env })
          return Object.fromEntries(
            globSync('**/*.zip', { cwd: top }).map((file) => [
              file,
              readFileSync(path.join(top, file)).toString('base64'),
            ]),
          )
        },
    }
    const text = `repositories:\n  go: { upstream: "${upstream.url}", sumdb: { key: "${log.key}" }, private: [${modules.secret}] }\n`
    await lockedVoyage(t, originOf(t, upstream, text), locking)
  })

  it('mvn: pom.xml', without('mvn', 'javac', 'jar'), async (t) => {
    const replica = await jars.startMavenReplica('with everything')
    if (replica === undefined) return t.skip('the plugin cannot be compiled here')
    const plugin =
      '<groupId>org.example.plugins</groupId><artifactId>given-maven-plugin</artifactId><version>1.0</version>'
    const execution =
      '<executions><execution><phase>verify</phase><goals><goal>write</goal></goals></execution></executions>'
    const own = {
      'pom.xml': pom('project:1', {
        packaging: 'pom',
        dependencies: jars.dependencies.slice(0, 1),
        more: `<build><plugins><plugin>${plugin}${execution}</plugin></plugins></build>`,
      }),
    }
    const locking: Locking<Built> = {
      lockfiles: ['pom.xml'],
      proven: 0,
      trial: {},
      lock: async () => own,
      install: (locked) =>
        mavenBuild(t, {
          files: Object.fromEntries(Object.entries(locked).map(([name, text]) => [name, String(text)])),
          goals: ['given:write'],
          printed: (at) => readFileSync(`${at}/given.txt`, 'utf8'),
        }),
    }
    const text = `repositories:\n  maven: { upstream: "${replica.upstream.url}" }\n`
    const { printed } = await lockedVoyage(t, originOf(t, replica.upstream, text), locking)
    assert.match(printed, /orchard/)
  })

  const bundlers = [
    // by its path, for a program of this name is made that starts it
    { title: 'bundler', bundle: [found('bundle') ?? 'bundle'], printed: gems.printed, skip: without('bundle').skip },
    {
      title: 'bundler of today, in JRuby',
      bundle: ['java', '-XX:TieredStopAtLevel=1', '-jar', jarOf('jruby'), '-S', 'bundle'],
      printed: `${gems.printed.trimEnd()} on java\n`,
      skip: lacksJars('jruby'),
    },
  ]
  for (const { title, bundle, printed, skip } of bundlers)
    it(`${title}: Gemfile.lock`, { skip }, async (t) => {
      const { upstream } = await gems.startGemReplica('with everything')
      const own = { Gemfile: `source "https://gems.example.org/"\n${gems.gemfile}` }
      const place = (url: string, all: Files, more: Readonly<Record<string, string>> = {}) => {
        const { home: top, at } = home(t, all)
        const settings = { BUNDLE_PATH: path.join(top, 'gems'), BUNDLE_SILENCE_ROOT_WARNING: '1' }
        return { top, at, env: environment(top, { ...settings, BUNDLE_MIRROR__ALL: `${url}/gem/`, ...more }) }
      }
      const locking: Locking<Readonly<Record<string, string>>> = {
        lockfiles: ['Gemfile.lock'],
        proven: 0,
        trial: { programs: { bundle } },
        isSlow: bundle.length > 1,
        async lock(url) {
          const { at, env } = place(url, own)
          await execute({ argv: [...bundle, 'lock'], cwd: at, env })
          const lockfile = readFileSync(path.join(at, 'Gemfile.lock'), 'utf8')
          // a line without a digest has to name the registry that is mirrored, and that has no bundler
          const mirrored = lockfile
            .replace('https://gems.example.org/', `${upstream.url}/`)
            .replace(/\nBUNDLED WITH\n.*\n/, '')
          return {
            Gemfile: own.Gemfile.replace('https://gems.example.org/', `${upstream.url}/`),
            'Gemfile.lock': mirrored,
          }
        },
        install:
          (locked) =>
          async (url, { enter }) => {
            const { top, at, env } = place(url, locked, { BUNDLE_FROZEN: 'true' })
            await execute({ argv: [...enter, ...bundle, 'install'], cwd: at, env })
            assert.equal(await execute({ argv: [...enter, ...bundle, 'exec', 'orchard'], cwd: at, env }), printed)
            return gemDigests(path.join(top, 'gems'))
          },
      }
      const text = `repositories:\n  rubygems: { upstream: "${upstream.url}", ruby: "3.0.0" }\n`
      await lockedVoyage(t, originOf(t, upstream, text), locking)
    })

  it('images: Dockerfile', without('skopeo'), async (t) => {
    const { shelf, orchard } = await orchardImages()
    const replica = await startOciReplica({ 'org/orchard': shelf })
    const locking: Locking<readonly string[]> = {
      lockfiles: ['Dockerfile'],
      proven: 0,
      trial: { untried: /no client is known that installs dockerfile/ },
      lock: async () => ({ Dockerfile: 'FROM org/orchard:1.2.0\n' }),
      install: () => skopeo(t, 'org/orchard', '1.2.0'),
    }
    const text = `repositories:\n  oci: { upstream: "${replica.url}" }\n`
    assert.deepEqual(await lockedVoyage(t, originOf(t, replica, text), locking), [orchard.digest, '1.2.0'])
  })
})
