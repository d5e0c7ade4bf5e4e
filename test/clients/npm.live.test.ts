// The package managers of npm's ecosystem and a real registry behind the mirror.

import { describe, it } from 'node:test'
import { npm } from '../../src/ecosystems/npm/index.ts'
import { commandOf, npmClients } from './npm-clients.ts'
import { install, type Project } from './npm-suite.ts'
import { live, realOrigin } from './real.ts'
import { voyage } from './voyage.ts'

const project: Project = {
  dependencies: { express: '^4.0.0', semver: '^7.0.0', '@babel/code-frame': '^7.0.0' },
  program: "require('express'); require('@babel/code-frame'); console.log(require('semver').inc('1.2.3', 'minor'))\n",
  printed: '1.3.0\n',
}

describe('with real packages, through the mirror, offline and exported', await live(npm), () => {
  for (const client of npmClients) {
    it(client.name, async (t) => {
      const command = commandOf(client)
      if (command === undefined) return t.skip(`${client.name} cannot be had`)
      await voyage(t, realOrigin, install(t, client, command, project))
    })
  }
})
