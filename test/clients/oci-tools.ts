// The tools of containers, each in a home of its own: what they are called with, and what they got.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, execute, files, folder, found } from './place.ts'
import type { Use } from './voyage.ts'
import { freePort } from './web-servers.ts'

/** As references to images are written. */
const hostOf = (url: string): string => new URL(url).host

/** The digest of an image with all its platforms, and its tag as it is listed. */
export const skopeo =
  (t: TestContext, image: string, tag: string): Use<readonly string[]> =>
  async (url, { enter }) => {
    const home = folder(t)
    const out = path.join(home, 'layout')
    const source = `docker://${hostOf(url)}/${image}`
    const env = environment(home)
    const argv = [...enter, 'skopeo', 'copy', '--all', '--preserve-digests', '--src-tls-verify=false']
    await execute({ argv: [...argv, `${source}:${tag}`, `oci:${out}:${tag}`], cwd: home, env })
    const listing = [...enter, 'skopeo', 'list-tags', '--tls-verify=false', source]
    const { Tags } = JSON.parse(await execute({ argv: listing, cwd: home, env })) as { readonly Tags: string[] }
    const index = JSON.parse(readFileSync(path.join(out, 'index.json'), 'utf8')) as {
      readonly manifests: readonly { readonly digest: string }[]
    }
    return [...index.manifests.map(({ digest }) => digest), ...Tags.filter((one) => one === tag)]
  }

/** What buildah unpacks of an image: the text of a file in it. */
export const buildah =
  (t: TestContext, image: string, file: string): Use<string> =>
  async (url, { enter }) => {
    const home = folder(t)
    const env = environment(home)
    const root = ['--root', `${home}/root`, '--runroot', `${home}/run`, '--storage-driver', 'vfs']
    const run = (...args: string[]): Promise<string> =>
      execute({ argv: [...enter, 'buildah', ...root, ...args], cwd: home, env })
    await run('pull', '--quiet', '--tls-verify=false', `${hostOf(url)}/${image}`)
    const container = (await run('from', '--pull-never', `${hostOf(url)}/${image}`)).trim()
    const mounted = (await run('mount', container)).trim()
    const text = readFileSync(path.join(mounted, file), 'utf8')
    await run('umount', container)
    return text
  }

/** The digests that containerd fetches, told by hosts.toml alone where to ask; it says itself which registry it means. */
export const containerd =
  (t: TestContext, reference: string): Use<readonly string[]> =>
  async (url, { enter }) => {
    const home = folder(t)
    const socket = `${home}/c.sock`
    const base = `${url}/v2`
    files(home, {
      'certs/_default/hosts.toml': `server = "${base}"\n\n[host."${base}"]\n  capabilities = ["pull", "resolve"]\n  override_path = true\n`,
      'config.toml': `version = 2\nroot = "${home}/root"\nstate = "${home}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "${socket}"\n`,
    })
    const env = environment(home, { CONTAINERD_ADDRESS: socket })
    const [program = '', ...args] = [...enter, 'containerd', '-c', `${home}/config.toml`]
    const daemon = spawn(program, args, { cwd: home, env, stdio: 'ignore' })
    try {
      await until(() => existsSync(socket))
      const ctr = (...more: string[]): Promise<string> => execute({ argv: [...enter, 'ctr', ...more], cwd: home, env })
      await ctr('content', 'fetch', '--hosts-dir', `${home}/certs`, '--all-platforms', reference)
      return (await ctr('content', 'ls', '--quiet')).trim().split('\n').sort()
    } finally {
      daemon.kill('SIGKILL')
    }
  }

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (holds()) return
    await sleep(50)
  }
  assert.fail('it did not start')
}

/** Debian's registry, filled from an image layout. Its address ends in `/v2`. */
export async function startRegistry(
  t: TestContext,
  layout: string,
  image: string,
  tags: readonly string[],
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const home = folder(t)
  const port = await freePort()
  files(home, {
    'config.yml': `version: 0.1\nstorage: { filesystem: { rootdirectory: "${home}/registry" } }\nhttp: { addr: "127.0.0.1:${port}" }\nlog: { level: error }\n`,
  })
  const daemon: ChildProcess = spawn(found('docker-registry') ?? '', ['serve', `${home}/config.yml`], {
    cwd: home,
    env: environment(home),
    stdio: 'ignore',
  })
  const gone = once(daemon, 'exit')
  t.after(() => daemon.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}/v2`
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(`${url}/`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break
    await sleep(50)
  }
  for (const tag of tags) {
    const argv = ['skopeo', 'copy', '--all', '--preserve-digests', '--dest-tls-verify=false']
    const to = `docker://127.0.0.1:${port}/${image}:${tag}`
    await execute({ argv: [...argv, `oci:${layout}:${tag}`, to], cwd: home, env: environment(home) })
  }
  return {
    url,
    async close() {
      daemon.kill('SIGKILL')
      await gone
    },
  }
}
