// apt and a real archive behind the mirror, with the keyring that is shipped.

import { describe, it } from 'node:test'
import { debian } from '../../src/ecosystems/debian/index.ts'
import { apt } from './apt-suite.ts'
import { found, root } from './place.ts'
import { live, realOrigin } from './real.ts'
import { voyage } from './voyage.ts'

const project = {
  suites: ['stable'],
  key: { file: `${root}/keyrings/debian-archive.gpg` },
  install: ['hello', 'tree'],
  source: ['jq'],
  architecture: 'amd64',
}

const missing = found('apt-get') === undefined ? { skip: 'apt is not on this machine' } : undefined

describe('apt-get with a real suite', missing ?? (await live(debian)), () => {
  it('updates, installs and fetches sources through the mirror, offline and exported', async (t) => {
    await voyage(t, realOrigin, apt(t, project))
  })
})
