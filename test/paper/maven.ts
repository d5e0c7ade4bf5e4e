// Maven on paper: sidecar checksums that are both a voucher and something shown, and detached signatures.

import { type Ecosystem, route } from '../../src/contract.ts'
import { notYet, type PaperOptions, paperOptions, paperVersions } from './paper.ts'

const sidecars = ['sha512', 'sha256', 'sha1', 'md5']

const sidecar = (algorithm: string) => ({
  kind: 'index' as const,
  read: (_doc: unknown, p: { readonly path: string }) => [{ path: `/${p.path}`, digests: { [algorithm]: '00' } }],
  // Of what is shown, because a filtered maven-metadata.xml has other bytes than upstream's.
  async view(
    _doc: unknown,
    show: { render(path: string): Promise<{ digests: Readonly<Record<string, string>> } | undefined> },
    p: { readonly path: string },
  ) {
    const digest = (await show.render(`/${p.path}`))?.digests[algorithm]
    return digest === undefined ? undefined : Buffer.from(digest)
  },
})

export const maven: Ecosystem<PaperOptions> = {
  id: 'maven',
  title: 'Maven',
  purl: 'maven',
  repos: [{ name: 'maven', upstreams: ['https://registry.example.org/maven2'] }],
  options: paperOptions,
  routes: [
    route('/:path+.sha1', sidecar('sha1')),
    route('/:path+.md5', sidecar('md5')),
    route('/:path+.sha256', sidecar('sha256')),
    route('/:path+.sha512', sidecar('sha512')),
    route('/:path+.asc', { kind: 'artifact' }),
    route('/:directory+/maven-metadata.xml', {
      kind: 'index',
      vouchers: (p) => sidecars.map((algorithm) => `/${p.directory}/maven-metadata.xml.${algorithm}`),
      headers: (shown) => ({ 'x-checksum-sha1': shown.digests.sha1 ?? '' }),
      read: (_doc, p) => [{ path: `/${p.directory}/1.0/${p.directory.split('/').at(-1)}-1.0.pom`, version: '1.0' }],
      view: async (doc) => doc?.bytes(),
    }),
    route('/:group+/:artifact/:version/:file', {
      kind: 'index',
      where: { version: /-SNAPSHOT$/ },
      known: (p) => ({ name: `${p.group.replaceAll('/', '.')}:${p.artifact}`, version: p.version }),
    }),
    route('/:group+/:artifact/:version/:file', {
      kind: 'artifact',
      known: (p) => ({ name: `${p.group.replaceAll('/', '.')}:${p.artifact}`, version: p.version }),
      vouchers: (p) => sidecars.map((algorithm) => `/${p.group}/${p.artifact}/${p.version}/${p.file}.${algorithm}`),
      async check(doc, p, _repo, trust) {
        if ((await trust.document(`${doc.path}.asc`)) === undefined) return
        await trust.keys(p.group)
        trust.proven('signature')
      },
      // The only time there is: when upstream got the file.
      read: (doc, p) => [
        { path: doc.path, version: p.version, published: Date.parse(doc.headers['last-modified'] ?? '') },
      ],
      headers: (shown) => ({ 'x-checksum-sha1': shown.digests.sha1 ?? '' }),
    }),
  ],
  versions: paperVersions,
  name: (text) => text,
  want: (text) => ({ name: text }),
  async *closure(wants, look) {
    for (const want of wants) {
      const [group = '', artifact = ''] = want.name.split(':')
      const folder = `/${group.replaceAll('.', '/')}/${artifact}`
      if ((await look.document(`${folder}/${want.range}/${artifact}-${want.range}.pom`)) === undefined) notYet()
      yield { path: `${folder}/maven-metadata.xml` }
    }
  },
  async *made(_repo, held) {
    for await (const entry of held) for (const algorithm of sidecars) yield `${entry.path}.${algorithm}`
  },
  setup: () => [{ client: 'mvn', title: 'Maven', files: [{ path: '~/.m2/settings.xml', text: '<settings/>' }] }],
}
