// How Maven, Gradle, sbt, Coursier and Ivy are pointed at the mirror.

import type { Mounted, Setup } from '../../contract.ts'

export function setup({ repo, base }: Mounted<unknown>): readonly Setup[] {
  const plain = base.startsWith('http:')
  const insecure = plain ? '\n        allowInsecureProtocol = true' : ''
  const repository = `maven {
        url = "${base}"${insecure}
      }`
  return [
    {
      client: 'mvn',
      title: 'Maven',
      files: [
        {
          path: '~/.m2/settings.xml',
          text: `<settings>
  <mirrors>
    <mirror>
      <id>${repo.name}</id>
      <mirrorOf>*</mirrorOf>
      <url>${base}</url>
    </mirror>
  </mirrors>
</settings>
`,
        },
      ],
      note: 'The star covers repositories that descriptors name, too: nothing else is asked. Add `-C` to refuse wrong checksums.',
    },
    {
      client: 'gradle',
      title: 'Gradle',
      files: [
        {
          path: '~/.gradle/init.d/mirror.gradle',
          text: `beforeSettings { settings ->
  settings.pluginManagement {
    repositories {
      ${repository}
    }
  }
  settings.dependencyResolutionManagement {
    repositories {
      ${repository}
    }
  }
}
`,
        },
      ],
      note: 'For Gradle 6.8 and later. Repositories that a build file declares itself go beside it: have settings.gradle say `repositoriesMode = RepositoriesMode.PREFER_SETTINGS`.',
    },
    {
      client: 'sbt',
      title: 'sbt',
      files: [
        {
          path: '~/.sbt/repositories',
          text: `[repositories]\n  local\n  ${repo.name}: ${base}/${plain ? ', allowInsecureProtocol' : ''}\n`,
        },
      ],
      commands: ['sbt -Dsbt.override.build.repos=true compile'],
    },
    {
      client: 'coursier',
      title: 'Coursier',
      env: { COURSIER_REPOSITORIES: base },
    },
    {
      client: 'ivy',
      title: 'Ivy',
      files: [
        {
          path: 'ivysettings.xml',
          text: `<ivysettings>
  <settings defaultResolver="${repo.name}"/>
  <resolvers>
    <ibiblio name="${repo.name}" m2compatible="true" root="${base}"/>
  </resolvers>
</ivysettings>
`,
        },
      ],
      note: 'Map dependencies with `conf="default->master,runtime"`: without it Ivy asks for what their tests need, too, which a sync does not hold.',
    },
  ]
}
