// Lockfiles of npm's package managers, from the registry to an installation without a network.

import assert from 'node:assert/strict'
import { readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { npm as ecosystem } from '../../src/ecosystems/npm/index.ts'
import { type Files, type Locking, lockedVoyage } from './locked.ts'
import { pkgmirror, serve } from './mirror.ts'
import { commandOf, type NpmClient, npmClients } from './npm-clients.ts'
import { npmOrigin, replicaProject } from './npm-replica.ts'
import { digests, filesOf, type Installed, projectAt } from './npm-suite.ts'
import { environment, execute, files, folder } from './place.ts'
import { emptyMirror } from './voyage.ts'

interface Lock {
  readonly client: string
  readonly lockfile: string
  /** Installs the lockfile and nothing else. */
  readonly frozen: readonly string[]
  readonly proven: number
  /** Does the client follow the addresses in it? */
  readonly followsAddresses?: true
  readonly title?: string
  /** What it is called. */
  readonly program: string
  /** Why `prove --install` does not try it. */
  readonly untried?: RegExp
}

/** Yarn's digests from its second version on are of archives that it makes itself. */
const locks: readonly Lock[] = [
  { client: 'npm', program: 'npm', lockfile: 'package-lock.json', frozen: ['ci'], proven: 11 },
  { client: 'npm 10', program: 'npm', lockfile: 'package-lock.json', frozen: ['ci'], proven: 11 },
  { client: 'npm 6', program: 'npm', lockfile: 'package-lock.json', frozen: ['ci'], proven: 11 },
  {
    client: 'pnpm',
    program: 'pnpm',
    lockfile: 'pnpm-lock.yaml',
    frozen: ['install', '--frozen-lockfile', '--store-dir', '../store'],
    proven: 11,
    followsAddresses: true,
  },
  {
    client: 'yarn 1',
    program: 'yarn',
    lockfile: 'yarn.lock',
    frozen: ['install', '--frozen-lockfile', '--non-interactive'],
    proven: 11,
    followsAddresses: true,
  },
  {
    client: 'yarn 4',
    program: 'yarn',
    lockfile: 'yarn.lock',
    frozen: ['install', '--immutable'],
    proven: 0,
    followsAddresses: true,
  },
  {
    client: 'bun',
    program: 'bun',
    lockfile: 'bun.lock',
    frozen: ['install', '--frozen-lockfile'],
    proven: 11,
    followsAddresses: true,
  },
  {
    client: 'bun',
    program: 'bun',
    untried: /save-text-lockfile/,
    title: 'bun, binary',
    lockfile: 'bun.lockb',
    frozen: ['install', '--frozen-lockfile'],
    proven: 11,
  },
]

const [publicRegistry = ''] = ecosystem.repos[0]?.upstreams ?? []

/** As it is written by everybody who knows nothing of a mirror. */
function asElsewhere(text: string, url: string, registry: string, { client }: Lock): string {
  const [mirror, encoded] = [`${url}/npm`, encodeURIComponent(`${url}/npm`)]
  const moved = text.replaceAll(mirror, registry).replaceAll(encoded, encodeURIComponent(registry))
  // bun leaves out what it can tell from name and version
  return client === 'bun'
    ? moved.replace(/\["((?:@[^/"]+\/)?([^@"]+))@([^"]+)", "[^"]*\/\1\/-\/\2-\3\.tgz"/g, '["$1@$3", ""')
    : moved
}

function locking(
  t: TestContext,
  client: NpmClient,
  command: readonly string[],
  one: Lock,
  upstream: string,
): Locking<Installed> {
  // a line without a digest has to name the registry that is mirrored
  const registry = one.proven === 0 ? upstream : publicRegistry
  const isBinary = one.lockfile.endsWith('b')
  const project = (url: string, own: Files = {}): { home: string; at: string } => {
    const home = realpathSync(folder(t))
    const at = projectAt(home, client, replicaProject, url)
    if (isBinary) {
      const bunfig = readFileSync(path.join(at, 'bunfig.toml'), 'utf8')
      files(at, { 'bunfig.toml': `${bunfig}saveTextLockfile = false\n` })
    }
    files(at, own)
    return { home, at }
  }
  return {
    lockfiles: [one.lockfile],
    proven: one.proven,
    sameAddress: isBinary,
    trial: {
      programs: { [one.program]: command },
      project: filesOf(client, replicaProject, publicRegistry),
      ...(one.untried !== undefined && { untried: one.untried }),
    },
    async lock(url) {
      const { home, at } = project(url)
      await execute({ argv: [...command, ...client.install], cwd: at, env: environment(home) })
      const lockfile = readFileSync(path.join(at, one.lockfile))
      return {
        [one.lockfile]: isBinary
          ? lockfile
          : Buffer.from(asElsewhere(lockfile.toString('latin1'), url, registry, one), 'latin1'),
      }
    },
    install:
      (own, map) =>
      async (url, { enter }) => {
        const changed = one.followsAddresses ? { [one.lockfile]: await map(one.lockfile, url) } : own
        const { home, at } = project(url, changed)
        const env = environment(home)
        await execute({ argv: [...enter, ...command, ...one.frozen], cwd: at, env })
        assert.equal(await execute({ argv: [process.execPath, 'main.js'], cwd: at, env }), replicaProject.printed)
        return digests(path.join(at, 'node_modules'), home)
      },
  }
}

it('prove --install has the client install it, and says so where it cannot', async (t) => {
  const [client] = npmClients
  const command = client && commandOf(client)
  assert.ok(client !== undefined && command !== undefined)
  const origin = await npmOrigin(t, 'with validators')
  const mirror = emptyMirror(t, origin.configuration)
  const online = await serve(t, mirror)
  const home = realpathSync(folder(t))
  const at = projectAt(home, client, replicaProject, online.url)
  await execute({ argv: [...command, 'install', '--package-lock-only'], cwd: at, env: environment(home) })
  await online.stop()
  const lockfile = path.join(at, 'package-lock.json')
  await assert.rejects(
    pkgmirror(mirror, 'prove', '--install', lockfile),
    /npm could not install it:[\s\S]*ended with 3|ended with 3[\s\S]*npm could not install it:/,
  )
  await pkgmirror(mirror, 'seed', lockfile)
  await origin.stop()
  assert.match(
    await pkgmirror(mirror, 'prove', '--install', lockfile),
    /package-lock\.json: npm installed it without a network \(/,
  )
})

describe('seeded from a lockfile, proven and installed without a network', () => {
  for (const one of locks) {
    it(`${one.title ?? one.client}: ${one.lockfile}`, async (t) => {
      const client = npmClients.find(({ name }) => name === one.client)
      const command = client && commandOf(client)
      if (client === undefined || command === undefined)
        return t.skip(`${one.client} is not here: npm run test:live brings it`)
      const origin = await npmOrigin(t, 'with validators')
      await lockedVoyage(t, origin, locking(t, client, command, one, origin.replica.upstream.url))
    })
  }
})
