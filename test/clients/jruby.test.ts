// RubyGems and Bundler of today, in a Ruby that is one jar, against a registry on loopback.

import { it } from 'node:test'
import { gemfile, startGemReplica } from '../replica/rubygems.ts'
import { jarOf, lacksJars } from './jars.ts'
import { serve } from './mirror.ts'
import { mainland } from './place.ts'
import { bundle, gemInstall, type Runner } from './rubygems-suite.ts'
import { suite } from './suite.ts'
import { emptyMirror, originOf } from './voyage.ts'

const run: Runner = (program) => ['java', '-XX:TieredStopAtLevel=1', '-jar', jarOf('jruby'), '-S', program]
const project = { gemfile, printed: 'orchard > red apple > pip and stone fruit on java\n' }

suite('gems by jruby', lacksJars('jruby'), () => {
  it('are installed by gem through the mirror, and by bundler offline, with those that are for Java', async (t) => {
    const { upstream } = await startGemReplica('with everything')
    const { configuration, stop } = originOf(
      t,
      upstream,
      `repositories:\n  rubygems: { upstream: "${upstream.url}" }\n`,
    )
    const mirror = emptyMirror(t, configuration)
    const online = await serve(t, mirror)
    await gemInstall(t, project, ['orchard', '--version', '~> 1.0'], run)(online.url, mainland)
    await online.stop()
    await stop()
    const offline = await serve(t, mirror, ['--offline'])
    await bundle(t, project, 'the source of the Gemfile', run)(offline.url, mainland)
    await offline.stop()
  })
})
