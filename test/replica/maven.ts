// A small Maven repository on loopback: a library with parents, a BOM, a range, exclusions, a classifier and a snapshot, and a
// plugin that writes down what a build was given. The plugin is compiled here, against the Maven that is on the machine.

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  dep,
  digest,
  listPath,
  metadata,
  type PomOf,
  path as pathOf,
  pom,
  property,
} from '../ecosystems/maven/repository.ts'
import { startUpstream, text, type Upstream } from '../fakes/upstream.ts'

export interface MavenReplica {
  readonly upstream: Upstream
  /** Paths of descriptors and jars. */
  readonly files: readonly string[]
  /** One file more, with its checksums. */
  add(at: string, body: string): void
}

/** What upstream says of its files: the four checksums and dates, or no more than old ones do. */
export type Kind = 'with everything' | 'with sha1 alone'

const libraries: readonly (readonly [coordinate: string, of: PomOf, endings: readonly string[]])[] = [
  ['orchard-parent:1', { packaging: 'pom', properties: { 'pip.version': '[1.0,2.0)' } }, []],
  ['orchard-bom:3', { packaging: 'pom', managed: [dep('stone:0.3.1', { exclusions: ['org.example:gravel'] })] }, []],
  [
    'orchard:1.2.0',
    {
      parent: 'orchard-parent:1',
      managed: [dep('orchard-bom:3', { type: 'pom', scope: 'import' })],
      dependencies: [
        dep('apple:1.0.4'),
        dep('stone'),
        dep(`pip:${property('pip.version')}`),
        dep('ladder:1.0', { classifier: 'linux' }),
        dep('never-published:1', { scope: 'test' }),
        dep('never-published:2', { optional: true }),
      ],
    },
    ['.jar'],
  ],
  ['apple:1.0.4', { dependencies: [dep('pip:1.0'), dep('peel:2.0')] }, ['.jar']],
  ['peel:1.0', {}, ['.jar']],
  [
    'peel:2.0',
    { more: '<distributionManagement><relocation><artifactId>skin</artifactId></relocation></distributionManagement>' },
    [],
  ],
  ['skin:2.0', {}, ['.jar']],
  ['stone:0.3.1', { dependencies: [dep('gravel:1'), dep('peel:1.0')] }, ['.jar']],
  ['pip:1.0', {}, ['.jar']],
  ['pip:1.5', {}, ['.jar']],
  ['pip:2.0', {}, ['.jar']],
  ['ladder:1.0', {}, ['-linux.jar']],
  ['sprout:1.0-20260101.120000-3', {}, ['.jar']],
  ['org.codehaus.plexus:plexus-utils:1.1', {}, []],
]

/** What a project writes under `<dependencies>`, and what the plugin writes down. */
export const dependencies = [dep('orchard:1.2.0'), dep('sprout:1.0-SNAPSHOT')]
export const given = [
  ...['apple-1.0.4.jar', 'classes', 'ladder-1.0-linux.jar', 'orchard-1.2.0.jar'],
  // the range takes its highest; what was relocated goes by its new name
  ...['pip-1.5.jar', 'skin-2.0.jar', 'sprout-1.0-SNAPSHOT.jar', 'stone-0.3.1.jar'],
]

export const plugin = 'org.example.plugins:given-maven-plugin:1.0'

/** Where Maven keeps its own jars. */
const mavenLibraries = (): string | undefined =>
  ['/usr/share/maven/lib', ...globSync('/opt/*maven*/lib')].find((folder) => existsSync(folder))

const source = `package given;
import java.io.*;
import java.util.*;
public class GivenMojo extends org.apache.maven.plugin.AbstractMojo {
  private List<String> classpath;
  private File output;
  public void execute() {
    try (PrintWriter writer = new PrintWriter(output)) {
      TreeSet<String> names = new TreeSet<String>();
      for (String each : classpath) names.add(new File(each).getName());
      for (String each : names) writer.println(each);
    } catch (IOException error) { throw new UncheckedIOException(error); }
  }
}
`

const descriptor = `<?xml version="1.0" encoding="UTF-8"?>
<plugin><name>given</name><groupId>org.example.plugins</groupId><artifactId>given-maven-plugin</artifactId>
<version>1.0</version><goalPrefix>given</goalPrefix><isolatedRealm>false</isolatedRealm>
<inheritedByDefault>true</inheritedByDefault><mojos><mojo><goal>write</goal>
<requiresDependencyResolution>runtime</requiresDependencyResolution><requiresDirectInvocation>false</requiresDirectInvocation>
<requiresProject>true</requiresProject><requiresOnline>false</requiresOnline><aggregator>false</aggregator>
<implementation>given.GivenMojo</implementation><language>java</language>
<instantiationStrategy>per-lookup</instantiationStrategy><executionStrategy>once-per-session</executionStrategy><parameters>
<parameter><name>classpath</name><type>java.util.List</type><required>true</required><editable>false</editable></parameter>
<parameter><name>output</name><type>java.io.File</type><required>true</required><editable>true</editable></parameter>
</parameters><configuration>
<classpath implementation="java.util.List">${property('project.runtimeClasspathElements')}</classpath>
<output implementation="java.io.File">${property('basedir')}/given.txt</output>
</configuration></mojo></mojos></plugin>
`

/** The plugin's jar, and the one that Maven before version 4 gives every plugin; undefined without a compiler or a Maven. */
export function pluginJars(): { readonly plugin: Uint8Array; readonly utilities: Uint8Array } | undefined {
  const libraries = mavenLibraries()
  if (libraries === undefined) return undefined
  const at = mkdtempSync(path.join(tmpdir(), 'plugin-'))
  try {
    mkdirSync(path.join(at, 'classes/META-INF/maven'), { recursive: true })
    writeFileSync(path.join(at, 'GivenMojo.java'), source)
    writeFileSync(path.join(at, 'classes/META-INF/maven/plugin.xml'), descriptor)
    const classpath = globSync('*.jar', { cwd: libraries }).map((jar) => path.join(libraries, jar))
    const options = { cwd: at, stdio: 'ignore' } as const
    execFileSync('javac', ['--release', '8', '-cp', classpath.join(':'), '-d', 'classes', 'GivenMojo.java'], options)
    execFileSync('jar', ['--create', '--file', 'plugin.jar', '-C', 'classes', '.'], options)
    const [utilities = ''] = globSync('plexus-utils*.jar', { cwd: libraries })
    return {
      plugin: readFileSync(path.join(at, 'plugin.jar')),
      utilities: readFileSync(path.join(libraries, utilities)),
    }
  } catch {
    return undefined
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

export async function startMavenReplica(kind: Kind): Promise<MavenReplica | undefined> {
  const made = pluginJars()
  if (made === undefined) return undefined
  const upstream = await startUpstream()
  const files: string[] = []
  const checksums = kind === 'with everything' ? ['sha512', 'sha256', 'sha1', 'md5'] : ['sha1']
  const modified = new Date(Date.UTC(2025, 10, 24))
  const put = (at: string, body: string | Uint8Array, type: string): void => {
    upstream.set(at, { body, type, ...(kind === 'with everything' ? { modified, etag: true } : {}) })
    // some publishers write the file's name behind the digest
    const tail = kind === 'with everything' ? '' : `  ${path.basename(at)}\n`
    for (const algorithm of checksums) upstream.set(`${at}.${algorithm}`, text(digest(algorithm, body) + tail))
    if (!at.endsWith('maven-metadata.xml')) files.push(at)
  }
  for (const [coordinate, of, endings] of libraries) {
    put(
      pathOf(coordinate),
      pom(coordinate, of).replace('-20260101.120000-3</version>', '-SNAPSHOT</version>'),
      'text/xml',
    )
    for (const ending of endings) {
      put(pathOf(coordinate, ending), `the files of ${coordinate}${ending}`, 'application/java-archive')
    }
  }
  put(pathOf('org.codehaus.plexus:plexus-utils:1.1', '.jar'), made.utilities, 'application/java-archive')
  put(pathOf(plugin), pom(plugin, { packaging: 'maven-plugin' }), 'text/xml')
  put(pathOf(plugin, '.jar'), made.plugin, 'application/java-archive')
  put(listPath(plugin), metadata(plugin, ['1.0']), 'text/xml')
  put(listPath('pip'), metadata('pip', ['1.0', '1.5', '2.0']), 'text/xml')
  put(listPath('orchard'), metadata('orchard', ['1.2.0']), 'text/xml')
  put('/org/example/plugins/maven-metadata.xml', prefixes, 'text/xml')
  put(listPath('sprout', '1.0-SNAPSHOT'), builds, 'text/xml')
  return { upstream, files, add: (at, body) => put(at, body, 'text/xml') }
}

const prefixes = `<metadata><plugins><plugin><name>given</name><prefix>given</prefix>
<artifactId>given-maven-plugin</artifactId></plugin></plugins></metadata>
`

const builds = `<metadata modelVersion="1.1.0"><groupId>org.example</groupId><artifactId>sprout</artifactId>
<version>1.0-SNAPSHOT</version><versioning><snapshot><timestamp>20260101.120000</timestamp><buildNumber>3</buildNumber></snapshot>
<lastUpdated>20260101120000</lastUpdated><snapshotVersions>
<snapshotVersion><extension>pom</extension><value>1.0-20260101.120000-3</value><updated>20260101120000</updated></snapshotVersion>
<snapshotVersion><extension>jar</extension><value>1.0-20260101.120000-3</value><updated>20260101120000</updated></snapshotVersion>
</snapshotVersions></versioning></metadata>
`
