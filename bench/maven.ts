// A Maven project of 60 libraries of 300 KB and a plugin, built from an empty local repository, with wrong checksums refused.

import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { dep, digest, path as pathOf, pom } from '../test/ecosystems/maven/repository.ts'
import { plugin, pluginJars } from '../test/replica/maven.ts'
import { noise } from './made.ts'
import { startNginxCache } from './nginx.ts'
import { type Origin, startOrigin } from './origin.ts'
import { found } from './process.ts'
import { type Bench, place } from './shipped.ts'
import { atHome, type Client, coldAndWarm, through, type Way } from './whole.ts'

const ROUNDS = 3
const COUNT = 60
const SIZE = 300_000

/** A repository of its own for each round. */
const rounds = Array.from({ length: ROUNDS }, (_, at) => `maven${at}`)

export async function maven(bench: Bench): Promise<void> {
  const jars = found('mvn') === undefined ? undefined : pluginJars()
  if (jars === undefined) {
    console.log('\nmvn or javac is not installed: it is left out')
    return
  }
  const origin = await startOrigin()
  for (const [round, name] of rounds.entries()) await putLibraries(origin, `/${name}`, round, jars)
  const repositories = rounds.map((name) => [name, { ecosystem: 'maven', upstream: `${origin.url}/${name}` }])
  const served = await place(bench, 'maven', Object.fromEntries(repositories)).serve()
  const nginx = await startNginxCache(bench.folder, origin.url)
  const ways: readonly Way[] = [
    { name: 'direct', url: (round) => `${origin.url}/${rounds[round]}` },
    ...through('nginx proxy_cache', nginx, (base, round) => `${base}/${rounds[round]}`),
    { name: 'pkgmirror', url: (round) => `${served.url}/${rounds[round]}`, watched: served },
  ]
  try {
    await coldAndWarm({ title: `mvn, ${COUNT} libraries`, rounds: ROUNDS, origin, ways, client: mvn(bench) })
  } finally {
    await Promise.all([served.stop(), nginx?.stop(), origin.close()])
  }
}

const library = (at: number): string => `part-${at}:1.0`

async function putLibraries(
  origin: Origin,
  base: string,
  round: number,
  jars: NonNullable<ReturnType<typeof pluginJars>>,
): Promise<void> {
  const put = async (at: string, body: Uint8Array): Promise<void> => {
    await origin.put(`${base}${at}`, at.endsWith('.jar') ? 'application/java-archive' : 'text/xml', body)
    for (const algorithm of ['sha1', 'md5'])
      await origin.put(`${base}${at}.${algorithm}`, 'text/plain', Buffer.from(digest(algorithm, body)))
  }
  for (let at = 0; at < COUNT; at++) {
    // a tree of three branches each
    const dependencies = [3 * at + 1, 3 * at + 2, 3 * at + 3]
      .filter((one) => one < COUNT)
      .map((one) => dep(library(one)))
    await put(pathOf(library(at)), Buffer.from(pom(library(at), { dependencies })))
    await put(pathOf(library(at), '.jar'), noise(SIZE, round * COUNT + at))
  }
  const utilities = 'org.codehaus.plexus:plexus-utils:1.1'
  await put(pathOf(utilities), Buffer.from(pom(utilities)))
  await put(pathOf(utilities, '.jar'), jars.utilities)
  await put(pathOf(plugin), Buffer.from(pom(plugin, { packaging: 'maven-plugin' })))
  await put(pathOf(plugin, '.jar'), jars.plugin)
}

const mvn =
  (bench: Bench): Client =>
  (url) =>
    atHome(
      bench,
      (home) => {
        const project = path.join(home, 'project')
        mkdirSync(project)
        writeFileSync(
          path.join(project, 'pom.xml'),
          pom('project:1', { packaging: 'pom', dependencies: [dep(library(0))] }),
        )
        writeFileSync(
          path.join(home, 'settings.xml'),
          `<settings><localRepository>${home}/m2</localRepository><mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>${url}</url></mirror></mirrors></settings>`,
        )
        return ['mvn', '-B', '-q', '-C', '-s', `${home}/settings.xml`, '-f', project, `${plugin}:write`]
      },
      (home) => {
        const count = globSync('m2/org/example/part-*/1.0/*.jar', { cwd: home }).length
        if (count !== COUNT) throw new Error(`${count} of ${COUNT} libraries came`)
      },
    )
