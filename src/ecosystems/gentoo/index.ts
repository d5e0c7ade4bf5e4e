// Gentoo's distfiles: the sources that ebuilds are built from, under the layouts that portage asks by, and the Manifests of
// an ebuild tree, which state their digests. https://www.gentoo.org/glep/glep-0075.html

import { type Ecosystem, type Mounted, route, type Setup } from '../../contract.ts'
import { formatLayout, nameIn, placeOf, type Structure } from '../../formats/distfiles-layout.ts'
import { gentooVersions } from '../../versions/gentoo.ts'
import { abovePaths, closure, want } from './closure.ts'
import { checkBelow, checkTop, readDistfiles, readSubManifests, viewDistfiles } from './manifests.ts'
import { type GentooOptions, type GentooRepo, gentooOptions, upstreamPath } from './options.ts'

/** What clients are answered by: both are the same files under two names. */
const hashed: Structure = { kind: 'filename-hash', cutoffs: [8] }
const layouts: readonly Structure[] = [hashed, { kind: 'flat' }]

const segment = /^[A-Za-z0-9_][A-Za-z0-9+_.-]{0,127}$/
const inTree = ({ options }: GentooRepo, path: string): string => `${options.tree ?? '/no-tree'}/${path}`

/** `/distfiles/0a/NAME`, with whatever cut-offs, is `/distfiles/NAME`. */
function spelling(path: string): string {
  const place = path.startsWith('/distfiles/') ? path.slice('/distfiles/'.length) : ''
  const name = place.includes('/') ? nameIn(place) : undefined
  return name === undefined ? path : `/distfiles/${name}`
}

export const gentoo: Ecosystem<GentooOptions> = {
  id: 'gentoo',
  title: 'Gentoo distfiles (portage)',
  purl: 'ebuild',
  aliases: ['distfiles', 'portage', 'ebuild'],
  repos: [
    {
      name: 'gentoo',
      upstreams: ['https://distfiles.gentoo.org'],
      hosts: ['gitweb.gentoo.org'],
      also: ['http://distfiles.gentoo.org'],
      options: { tree: 'https://gitweb.gentoo.org/repo/gentoo.git/plain' },
    },
  ],
  options: gentooOptions,
  service: '/layout.conf',
  routes: [
    route('/distfiles/layout.conf', {
      kind: 'made',
      types: ['text/plain'],
      view: async () => Buffer.from(formatLayout(layouts)),
    }),
    // upstream's own, which says where it keeps its files; clients never ask for it here
    route('/layout.conf', { kind: 'index', upstream: () => '/distfiles/layout.conf', files: () => [] }),
    route('/tree/Manifest', {
      kind: 'index',
      upstream: (_p, repo: GentooRepo) => inTree(repo, 'Manifest'),
      check: (doc, _p, repo: GentooRepo, trust) => checkTop(doc, repo, trust),
      read: (doc) => readSubManifests(doc),
    }),
    route('/tree/:category/:file', {
      kind: 'index',
      where: { category: segment, file: /^Manifest(?:\.gz)?$/ },
      unvouched: 'changes',
      upstream: ({ category, file }, repo: GentooRepo) => inTree(repo, `${category}/${file}`),
      vouchers: () => ['/tree/Manifest'],
      check: (doc, _p, repo: GentooRepo, _trust, said) => checkBelow(doc, repo, said),
      read: (doc) => readSubManifests(doc),
    }),
    route('/tree/:category/:package/Manifest', {
      kind: 'index',
      where: { category: segment, package: segment },
      unvouched: 'changes',
      upstream: (p, repo: GentooRepo) => inTree(repo, `${p.category}/${p.package}/Manifest`),
      known: (p) => ({ name: `${p.category}/${p.package}` }),
      vouchers: (p, { options }: GentooRepo) =>
        options.manifests === 'full' ? abovePaths(`${p.category}/${p.package}`) : [],
      about: () => ['/distfiles/'],
      check: (doc, _p, repo: GentooRepo, _trust, said) => checkBelow(doc, repo, said),
      read: (doc, p, repo: GentooRepo) => readDistfiles(doc, p, repo),
      types: ['text/plain'],
      view: async (doc, show, p, repo: GentooRepo) =>
        doc === undefined ? undefined : viewDistfiles(doc, show, p, repo),
    }),
    route('/distfiles/:file', {
      kind: 'artifact',
      unvouched: 'kept',
      upstream: ({ file }, repo: GentooRepo) => upstreamPath(repo, file),
      vouchers: () => [],
      files: ({ file }) => [`/distfiles/${file}`, `/distfiles/${placeOf(hashed, file)}`],
    }),
  ],
  versions: gentooVersions,
  name: (text) => text,
  want,
  closure,
  setup,
  spelling,
}

function setup({ base }: Mounted<GentooOptions>): readonly Setup[] {
  return [
    {
      client: 'portage',
      title: 'Portage',
      files: [{ path: '/etc/portage/make.conf', text: `GENTOO_MIRRORS="${base}"\n` }],
      note:
        'The address is that of the mirror without /distfiles. With FEATURES="force-mirror" portage never asks the hosts that ' +
        'ebuilds name; what the mirror does not have is then missing. Portage verifies every file by its own Manifests.',
    },
  ]
}
