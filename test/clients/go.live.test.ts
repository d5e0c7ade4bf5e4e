// The go command and the real module proxy with the public checksum database behind the mirror.

import { describe, it } from 'node:test'
import { go } from '../../src/ecosystems/go/index.ts'
import { build, type GoProject } from './go-suite.ts'
import { pkgmirror, serve } from './mirror.ts'
import { files, folder, found, mainland } from './place.ts'
import { live, realOrigin } from './real.ts'
import { emptyMirror, voyage, withoutNetwork } from './voyage.ts'

const project: GoProject = {
  wanted: ['github.com/BurntSushi/toml@v1.4.0', 'golang.org/x/sync@v0.8.0', 'rsc.io/quote@v1.5.2'],
  program:
    'package main\n\nimport (\n\t"os"\n\n\t"github.com/BurntSushi/toml"\n\t_ "golang.org/x/sync/errgroup"\n\t"rsc.io/quote"\n)\n\n' +
    'func main() {\n\tvar a struct{ B int }\n\t_, _ = toml.Decode("b = 7", &a)\n\tos.Stdout.WriteString(quote.Glass()[:1] + string(rune(48+a.B)) + "\\n")\n}\n',
  printed: 'I7\n',
  env: { LANG: 'en' },
}

const missing = found('go') === undefined ? { skip: 'go is not on this machine' } : undefined

describe('go with real modules', missing ?? (await live(go)), () => {
  it('gets, verifies and builds the same through the mirror, offline and exported', async (t) => {
    await voyage(t, realOrigin, build(t, project))
  })

  it('builds offline what a sync has brought', async (t) => {
    const mirror = emptyMirror(t, '')
    const manifest = `${files(folder(t), { 'm.yaml': `packages: { go: ${JSON.stringify(project.wanted)} }\n` })}/m.yaml`
    await pkgmirror(mirror, 'sync', manifest)
    const use = build(t, project)
    const online = await serve(t, mirror)
    const first = await use(online.url, mainland)
    await online.stop()
    await withoutNetwork(t, mirror, use, first)
  })
})
