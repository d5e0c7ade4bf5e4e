// Debian and Ubuntu archives: suites under /dists and flat ones, InRelease → Packages and Sources → pool.
// https://wiki.debian.org/DebianRepository/Format

import { type AnyRoute, type BuiltIn, type Ecosystem, type Route, route } from '../../contract.ts'
import { versions } from '../../versions/debian.ts'
import { checkInRelease, checkRelease, checkReleaseSignature, readRelease } from './check.ts'
import { closure } from './closure.ts'
import { flatFile, packagesFile, packagesMember, partMember, suiteOf } from './layout.ts'
import { type DebianOptions, debianOptions } from './options.ts'
import { readPackages } from './packages.ts'
import { readPatches } from './patches.ts'
import { recognise } from './recognise.ts'
import { releaseEntries } from './release.ts'
import { setup } from './setup.ts'
import { want } from './want.ts'

type Declared = Route<object, DebianOptions>

const vouchersOf = (path: string): readonly string[] => [`${suiteOf(path)}/InRelease`, `${suiteOf(path)}/Release`]
/** A suite flips as a whole; the top of a flat repository is `/`. */
const generationOf = (folder: string): string => (folder === '' ? '/' : folder)

/** A list of packages: it speaks of the pool, which may be anywhere in the repository. */
const packages: Pick<Declared, 'about' | 'read'> = { about: () => ['/'], read: readPackages }

/** The root files of the suites whose folder the pattern names; '' is a flat repository's top. */
function roots<const S extends string>(pattern: S, folderOf: (p: { readonly folder?: string }) => string) {
  const generation = (p: object): string => generationOf(folderOf(p))
  const read: Declared['read'] = async function* (doc, p) {
    yield* releaseEntries(folderOf(p), await readRelease(doc))
  }
  const declared: readonly [string, Declared][] = [
    [
      'InRelease',
      { kind: 'index', generation, read, check: (doc, _, repo, trust) => checkInRelease(doc, repo, trust) },
    ],
    [
      'Release',
      {
        kind: 'index',
        generation,
        read,
        beside: (p) => [`${folderOf(p)}/Release.gpg`],
        check: (doc, _, repo, trust) => checkRelease(doc, repo, trust),
      },
    ],
    ['Release.gpg', { kind: 'index', generation, check: checkReleaseSignature }],
  ]
  return declared.map(([name, root]) => route<string, DebianOptions>(`${pattern}/${name}`, root))
}

/** Indexes under the name of a digest, whatever they hold. */
const byHash = {
  where: { algorithm: /^(?:SHA256|SHA512|SHA1|MD5Sum)$/, hex: /^[0-9a-f]{32,128}$/ },
  known({ algorithm, hex }: { readonly algorithm: string; readonly hex: string }) {
    const kind = algorithm.toLowerCase()
    return kind === 'sha256' || kind === 'sha512' ? { digests: { [kind]: hex } } : {}
  },
}

const routes: readonly AnyRoute<DebianOptions>[] = [
  route('/by-hash/:algorithm/:hex', {
    kind: 'artifact',
    ...byHash,
    ...packages,
    vouchers: () => vouchersOf('/by-hash/'),
  }),
  route('/:folder+/by-hash/:algorithm/:hex', {
    kind: 'artifact',
    ...byHash,
    ...packages,
    vouchers: (p) => vouchersOf(`/${p.folder}/by-hash/`),
  }),

  // patches between states of an index
  route('/dists/:of+.diff/Index', {
    kind: 'index',
    vouchers: (p) => vouchersOf(`/dists/${p.of}.diff/Index`),
    generation: (p) => generationOf(suiteOf(`/dists/${p.of}.diff/Index`)),
    read: readPatches,
  }),
  route('/dists/:of+.diff/:patch', { kind: 'artifact', vouchers: (p) => [`/dists/${p.of}.diff/Index`] }),

  // below a component even a Release is but a member
  route('/dists/:below+', {
    kind: 'index',
    where: { below: packagesMember },
    vouchers: (p) => vouchersOf(`/dists/${p.below}`),
    generation: (p) => generationOf(suiteOf(`/dists/${p.below}`)),
    ...packages,
  }),
  route('/dists/:below+', {
    kind: 'index',
    where: { below: partMember },
    vouchers: (p) => vouchersOf(`/dists/${p.below}`),
    generation: (p) => generationOf(suiteOf(`/dists/${p.below}`)),
  }),
  ...roots('', () => ''),
  ...roots('/:folder+', ({ folder }) => `/${folder}`),
  route('/dists/:below+', {
    kind: 'index',
    vouchers: (p) => vouchersOf(`/dists/${p.below}`),
    generation: (p) => generationOf(suiteOf(`/dists/${p.below}`)),
  }),

  // when and by whom the upstream mirror was last updated: nobody signs it, nothing depends on it
  route('/project/trace/:name+', { kind: 'live' }),

  // flat repositories have their indexes beside their root
  route('/:file', {
    kind: 'index',
    where: { file: packagesFile },
    vouchers: (p) => vouchersOf(`/${p.file}`),
    generation: () => generationOf(''),
    ...packages,
  }),
  route('/:folder+/:file', {
    kind: 'index',
    where: { file: packagesFile },
    vouchers: (p) => vouchersOf(`/${p.folder}/${p.file}`),
    generation: (p) => `/${p.folder}`,
    ...packages,
  }),
  route('/:file', {
    kind: 'index',
    where: { file: flatFile },
    vouchers: (p) => vouchersOf(`/${p.file}`),
    generation: () => generationOf(''),
  }),
  route('/:folder+/:file', {
    kind: 'index',
    where: { file: flatFile },
    vouchers: (p) => vouchersOf(`/${p.folder}/${p.file}`),
    generation: (p) => `/${p.folder}`,
  }),

  // the pool: only what an index that was read names
  route('/:path+', { kind: 'artifact', vouchers: () => [] }),
]

const debianKeys: Partial<DebianOptions> = { keyrings: ['debian-archive'] }
const ubuntu: Partial<DebianOptions> = {
  keyrings: ['ubuntu-archive'],
  suites: ['noble', 'noble-updates', 'noble-security'],
}

const repos: readonly BuiltIn<DebianOptions>[] = [
  {
    name: 'debian',
    upstreams: ['https://deb.debian.org/debian'],
    also: ['http://deb.debian.org/debian', 'http://ftp.debian.org/debian'],
    options: debianKeys,
  },
  {
    name: 'debian-security',
    upstreams: ['https://deb.debian.org/debian-security'],
    also: ['http://deb.debian.org/debian-security', 'http://security.debian.org/debian-security'],
    // its packages depend on the main archive's, which is another repository
    options: { ...debianKeys, suites: ['stable-security'], follow: [] },
  },
  {
    name: 'ubuntu',
    upstreams: ['https://archive.ubuntu.com/ubuntu'],
    also: ['http://archive.ubuntu.com/ubuntu', 'http://security.ubuntu.com/ubuntu'],
    options: { ...ubuntu, architectures: ['amd64'] },
  },
  {
    name: 'ubuntu-ports',
    upstreams: ['https://ports.ubuntu.com/ubuntu-ports'],
    also: ['http://ports.ubuntu.com/ubuntu-ports'],
    options: { ...ubuntu, architectures: ['arm64'] },
  },
]

/** Debian and Ubuntu archives. */
export const debian: Ecosystem<DebianOptions> = {
  id: 'debian',
  title: 'Debian and Ubuntu (apt)',
  purl: 'deb',
  aliases: ['deb', 'apt'],
  repos,
  options: debianOptions,
  routes,
  versions,
  /** Names have no slash; what stands before one is the vendor of a purl. */
  name: (text) => text.slice(text.lastIndexOf('/') + 1).toLowerCase(),
  want,
  closure,
  recognise,
  setup,
}
