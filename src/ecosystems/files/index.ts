// Files of any web server: releases, installers, data sets. Lists of checksums and signatures vouch for what they name;
// what nobody vouches for is kept as HTTP caching has it (RFC 9111), or for ever where a rule says so.

import { type Ecosystem, type Repo, route } from '../../contract.ts'
import { exactVersions } from '../../versions/exact.ts'
import { closure } from './closure.ts'
import { readList, viewList } from './list.ts'
import { readListing, viewListing } from './listing.ts'
import { type FilesOptions, filesOptions } from './options.ts'
import { filled, listPath, listsIn, signatureSuffix } from './paths.ts'
import { setup } from './setup.ts'
import { checkFile, checkList } from './signature.ts'
import { sumsPath, viewSums } from './sums.ts'
import { want } from './want.ts'

type FilesRepo = Repo<FilesOptions>

/** Fields that clients choose among representations by. */
const passes = (_p: object, { options }: FilesRepo): readonly string[] => [
  'accept',
  'accept-language',
  ...options.pass_headers,
]

/** A folder: a list of what lies in it where the repository says so, else an answer like any other. */
const folder = {
  kind: 'index' as const,
  unvouched: 'changes' as const,
  query: 'all' as const,
  passes,
  async *read(doc, _p, { options }: FilesRepo) {
    if (options.listing) yield* readListing(doc)
  },
  async view(doc, show, _p, { options }: FilesRepo) {
    if (doc === undefined) return undefined
    if (!options.listing) return doc.stream()
    return viewListing(doc, show, filled(listsIn(options), `${doc.path}x`))
  },
  files: () => [],
} satisfies Parameters<typeof route<string, FilesOptions>>[1]

/** A signature of something that is shown in another form than it was signed is not shown. */
const signed = new RegExp(`${listPath.source.slice(0, -1)}${signatureSuffix.source}`, 'i')

export const files: Ecosystem<FilesOptions> = {
  id: 'files',
  title: 'Files of any web server',
  purl: 'generic',
  aliases: ['file', 'generic'],
  repos: [],
  options: filesOptions,
  freshFor: 'upstream',
  routes: [
    route(sumsPath, { kind: 'made', types: ['text/plain'], view: (_doc, show) => viewSums(show) }),
    route('/', folder),
    route('/:folder+/', folder),
    route('/:path+', {
      kind: 'index',
      where: { path: listPath },
      unvouched: 'changes',
      async *read(doc, _p, { options }: FilesRepo) {
        if (options.checksums.length > 0) yield* readList(doc)
      },
      check: async (doc, _p, repo: FilesRepo, trust) => {
        if (repo.options.checksums.length > 0) await checkList(doc, repo, trust)
      },
      async view(doc, show, _p, { options }: FilesRepo) {
        if (doc === undefined) return undefined
        return options.checksums.length > 0 ? viewList(doc, show) : doc.stream()
      },
    }),
    route('/:path+', {
      kind: 'index',
      where: { path: signed },
      unvouched: 'changes',
      async view(doc, show, { path }, { options }: FilesRepo) {
        if (doc === undefined || options.checksums.length === 0) return doc?.stream()
        const list = `/${path.replace(signatureSuffix, '')}`
        const [whole, shown] = [await show.document(list), await show.render(list)]
        return whole?.digests.sha256 === shown?.digests.sha256 ? doc.stream() : undefined
      },
    }),
    route('/:path+', {
      kind: 'artifact',
      unvouched: 'changes',
      query: 'all',
      passes,
      known: ({ path }) => ({ name: path }),
      vouchers: ({ path }, { options }: FilesRepo) => filled(options.checksums, `/${path}`),
      check: (doc, _p, repo: FilesRepo, trust, said) =>
        Object.keys(said.digests ?? {}).length > 0 ? Promise.resolve() : checkFile(doc, repo, trust),
    }),
  ],
  versions: exactVersions,
  name: (text) => text.replace(/^\/+/, ''),
  want,
  closure,
  setup,
}
