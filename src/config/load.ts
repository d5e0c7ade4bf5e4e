// Settings out of flags, environment, files and defaults: files are read and added up, then every part is read from the
// sum. docs/configuration.md is the reference.

import path from 'node:path'
import type { AnyEcosystem } from '../contract.ts'
import { compileGlob } from '../formats/glob.ts'
import { fault, parseTree, type Tree } from './document.ts'
import { readConfig } from './files.ts'
import { checkKnown } from './known.ts'
import { merge } from './merge.ts'
import { readNetwork } from './network.ts'
import { normalise } from './normalise.ts'
import { readPatterns } from './patterns.ts'
import { readPlatform } from './platforms.ts'
import { readPolicy } from './policy.ts'
import { dig, openReader, placed, type Reader, textOf } from './reader.ts'
import { nameRepositories, readRepositories } from './repositories.ts'
import { itemsOf } from './shapes.ts'
import type { Settings } from './types.ts'
import { readWants } from './wants.ts'
import { warnings } from './warnings.ts'

export interface LoadInput {
  /** Configuration and manifests, absolute paths. */
  readonly files: readonly string[]
  /** By attribute name: `baseUrl` for --base-url. Others than the declared ones are not looked at. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home?: string | undefined
  readonly ecosystems: readonly AnyEcosystem[]
}

/** Throws a MirrorError CONFIG with file and line. */
export async function loadSettings({ files, flags, env, cwd, home, ecosystems }: LoadInput): Promise<Settings> {
  const trees: Tree[] = []
  for (const file of new Set(files)) trees.push(readTree(await readConfig(file), env))
  const reader = openReader({ tree: merge(trees), flags, env, cwd, home })
  const named = nameRepositories(reader, ecosystems)
  const policy = readPolicy(reader, ecosystems, new Set(named.map(({ name }) => name)))
  const network = readNetwork(reader)
  const repositories = readRepositories(named, reader, ecosystems, policy, network)
  return {
    ...readServer(reader),
    ...readKept(reader, ecosystems),
    ...readTold(reader),
    network,
    repositories: repositories.used,
    policy,
    wants: readWants(reader, repositories, ecosystems),
    lockfiles: readLockfiles(reader),
    platforms: itemsOf(dig(reader.tree, 'platforms')?.node).map(readPlatform),
    origins: reader.origins,
    warnings: warnings(policy, repositories.used, ecosystems, env),
  }
}

function readTree({ file, text }: { readonly file: string; readonly text: string }, env: LoadInput['env']): Tree {
  const tree = normalise(parseTree(file, text, env))
  checkKnown(tree)
  return tree
}

function readServer(reader: Reader) {
  const [store, catalog, baseUrl] = [reader.value('store'), reader.value('catalog'), reader.value('base_url')]
  return {
    data: reader.value('data'),
    ...(store !== undefined && { store }),
    ...(catalog !== undefined && { catalog }),
    listen: reader.value('listen'),
    ...(baseUrl !== undefined && { baseUrl }),
    hosts: reader.value('hosts'),
    workers: reader.value('workers'),
    accel: { by: reader.value('accel'), from: reader.value('accel_from') },
    log: { level: reader.value('log.level'), format: reader.value('log.format') },
    debug: reader.value('debug'),
    offline: reader.value('offline'),
  }
}

function readKept(reader: Reader, ecosystems: readonly AnyEcosystem[]) {
  const latest = reader.value('keep.latest')
  const [directory, baseUrl] = [reader.value('publish.directory'), reader.value('publish.base_url')]
  const origin = reader.origins['publish.base_url']
  if (directory === undefined && origin !== undefined) throw fault(origin, 'publish.base_url: needs publish.directory')
  return {
    gc: { every: reader.value('gc.every'), expireEvery: reader.value('gc.expire_every') },
    keep: {
      ...(latest !== undefined && { latest }),
      unusedFor: reader.value('keep.unused_for'),
      maxSize: reader.value('keep.max_size'),
      maxAge: reader.value('keep.max_age'),
      grace: reader.value('keep.grace'),
      pinned: readPatterns(itemsOf(dig(reader.tree, 'keep.pinned')?.node), 'keep.pinned', ecosystems),
    },
    keepFree: reader.value('keep_free'),
    maxGrowth: reader.value('max_growth'),
    backup: { every: reader.value('backup.every'), keep: reader.value('backup.keep') },
    snapshots: {
      auto: reader.value('snapshots.auto'),
      latest: reader.value('snapshots.latest'),
      maxAge: reader.value('snapshots.max_age'),
    },
    publishGrace: reader.value('publish.grace'),
    ...(directory !== undefined && { publish: { directory, ...(baseUrl !== undefined && { baseUrl }) } }),
  }
}

/** Who is told of a run. */
function readTold(reader: Reader): Pick<Settings, 'report' | 'notify' | 'wait'> {
  const report = reader.value('report')
  const wrong = report.find((file) => !/\.(?:json|md|html)$/.test(file))
  if (wrong !== undefined)
    throw fault(reader.origins.report ?? { file: 'default' }, `report: ${wrong} ends in none of .json, .md, .html`)
  const [start, success, failure] = [
    reader.value('notify.start'),
    reader.value('notify.success'),
    reader.value('notify.failure'),
  ]
  return {
    report,
    wait: reader.value('wait'),
    notify: {
      ...(start !== undefined && { start }),
      ...(success !== undefined && { success }),
      ...(failure !== undefined && { failure }),
    },
  }
}

/** Globs with an absolute path in front, whose own special characters are escaped. */
function readLockfiles(reader: Reader): Settings['lockfiles'] {
  return itemsOf(dig(reader.tree, 'lockfiles')?.node).map((item) => {
    const { text, where } = textOf(item, 'lockfiles')
    const { directory } = reader.base(where)
    const glob = path.isAbsolute(text) ? text : path.posix.join(directory.replace(/[\\*?[\]{}()!+@]/g, '\\$&'), text)
    placed(where, 'lockfiles', () => compileGlob(glob))
    return { glob, where }
  })
}
