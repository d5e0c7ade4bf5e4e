// Ivy and Coursier against a Maven repository on loopback.

import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import path from 'node:path'
import { it, type TestContext } from 'node:test'
import { startMavenReplica } from '../replica/maven.ts'
import { jarOf, lacksJars } from './jars.ts'
import { environment, execute, files, folder } from './place.ts'
import { suite } from './suite.ts'
import { originOf, type Use, voyage } from './voyage.ts'

async function origin(t: TestContext) {
  const replica = await startMavenReplica('with everything')
  if (replica === undefined) return undefined
  return originOf(t, replica.upstream, `repositories:\n  maven: { upstream: "${replica.upstream.url}" }\n`)
}

/** Of `pip`, a range and a version within it, Ivy takes the highest and Coursier the named one. */
const expected = ['apple-1.0.4.jar', 'ladder-1.0-linux.jar', 'orchard-1.2.0.jar', 'skin-2.0.jar', 'stone-0.3.1.jar']

const quick = ['java', '-XX:TieredStopAtLevel=1']

function ivy(t: TestContext): Use<readonly string[]> {
  return async (url, { enter }) => {
    const at = files(folder(t), {
      'settings.xml': `<ivysettings><settings defaultResolver="mirror"/><resolvers>
<ibiblio name="mirror" m2compatible="true" root="${url}/maven"/></resolvers></ivysettings>`,
      'ivy.xml': `<ivy-module version="2.0"><info organisation="org.example" module="project"/>
<configurations><conf name="default"/></configurations><dependencies>
<dependency org="org.example" name="orchard" rev="[1,2)" conf="default->master,runtime"/></dependencies></ivy-module>`,
    })
    const settings = ['-settings', 'settings.xml', '-cache', `${at}/cache`, '-ivy', 'ivy.xml']
    const retrieved = 'lib/[artifact]-[revision](-[classifier]).[ext]'
    const argv = [...enter, ...quick, '-jar', jarOf('ivy'), ...settings, '-retrieve', retrieved]
    await execute({ argv, cwd: at, env: environment(at) })
    return globSync('*.jar', { cwd: path.join(at, 'lib') }).sort()
  }
}

const program = `import coursierapi.*;
public class Resolve {
  public static void main(String[] args) throws Exception {
    var cache = Cache.create().withLocation(new java.io.File(args[0]));
    var fetch = Fetch.create().withCache(cache)
      .addDependencies(Dependency.of("org.example", "orchard", "1.+"));
    for (var file : fetch.fetch()) System.out.println(file.getName());
  }
}
`

function coursier(t: TestContext): Use<readonly string[]> {
  return async (url, { enter }) => {
    const at = files(folder(t), { 'Resolve.java': program })
    const classes = [jarOf('coursier'), jarOf('slf4j')].join(path.delimiter)
    const argv = [...enter, ...quick, '-cp', classes, 'Resolve.java', `${at}/cache`]
    const env = environment(at, { COURSIER_REPOSITORIES: `${url}/maven` })
    return (await execute({ argv, cwd: at, env })).trim().split('\n').sort()
  }
}

for (const [name, missing, use] of [
  ['ivy', lacksJars('ivy'), ivy],
  ['coursier', lacksJars('coursier', 'slf4j'), coursier],
] as const) {
  suite(name, missing, () => {
    it('resolves the same through the mirror, offline and exported', async (t) => {
      const from = await origin(t)
      if (from === undefined) return t.skip('the plugin cannot be compiled here')
      const names = await voyage(t, from, use(t))
      for (const one of expected) assert.ok(names.includes(one), `${one} is not among ${names.join(' ')}`)
    })
  })
}
