// Go: a module proxy with the checksum database that vouches for it. Every zip and go.mod must have the digest that a record
// of the database states, and every record must be proven to be in the database's one history.
// https://go.dev/ref/mod#module-proxy, https://go.dev/ref/mod#checksum-database

import { type AnyRoute, type Ecosystem, type Entry, only, type Params, type Repo, route } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { parseTilePath } from '../../trust/tile-log.ts'
import { goVersions, isCanonical } from '../../versions/go.ts'
import { checkUnstated, digestOf } from './archive.ts'
import { closure } from './closure.ts'
import { checkInfo, viewInfo, viewLatest, viewQuery } from './info.ts'
import { readList, viewList } from './list.ts'
import { type GoOptions, goOptions, isPrivate, logFor, logNamed } from './options.ts'
import { headPath, isModulePath, latestPath, listPath, lookupPath, moduleAt, releaseAt, unescaped } from './paths.ts'
import { readLookup } from './record.ts'
import { setup } from './setup.ts'
import { checkHead, checkLookup, checkNewer, checkTile, shownLookup } from './sumdb.ts'
import { want } from './want.ts'

/** Upstreams say of what they do not have that it is forbidden, too. */
const absent = [403, 404, 410]
const text = 'text/plain'
const json = 'application/json'

const isModule = ({ module = '' }: Params): boolean => isModulePath(unescaped(module) ?? '')
const isModuleAt = (p: Params): boolean => moduleAt(p) !== undefined
const isRelease = (p: Params): boolean => releaseAt(p) !== undefined

/** Of a module by its escaped path; `match` has seen to it that it is one. */
const nameOf = (p: Params): string => unescaped(p.module ?? '') ?? ''
/** Of a module at a version; `match` has seen to it that it is one. */
const at = (p: Params) => moduleAt(p) ?? { name: '', version: '' }

/** What a path of one version tells. A branch or a commit is no version: which one it means is in its document. */
const known = (p: Params): Partial<Entry> => {
  const { name, version } = at(p)
  return isCanonical(version) ? { name, version } : { name }
}

/** Where a log keeps what the mirror has below `/sumdb/NAME`. */
const inLog = (name: string, rest: string, repo: Repo<GoOptions>): string => {
  const { url } = logNamed(name, repo)
  return url === undefined ? `/sumdb/${name}${rest}` : `${url}${rest}`
}

/** The record of a version, where a database vouches for its module. */
function vouchers(p: Params, repo: Repo<GoOptions>): readonly string[] | undefined {
  const log = logFor(nameOf(p), repo.options)
  return log === undefined ? undefined : [lookupPath(log.name, at(p))]
}

const dates = (p: Params): readonly string[] => [listPath(nameOf(p))]

function file(kind: 'mod' | 'zip', type: string): AnyRoute<GoOptions> {
  const declared = route(kind === 'mod' ? '/:module+/@v/:version.mod' : '/:module+/@v/:version.zip', {
    kind: 'artifact',
    absent,
    known,
    vouchers,
    dates,
    types: [type],
    async check(doc, _p, _repo: Repo<GoOptions>, _trust, said) {
      if (said.digests?.h1 === undefined) await checkUnstated(doc)
    },
  })
  return only(declared, isRelease)
}

/** The public database, with the key that the go command has compiled in. */
const databases = { 'sum.golang.org': 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8' }

export const go: Ecosystem<GoOptions> = {
  id: 'go',
  title: 'Go modules',
  purl: 'golang',
  aliases: ['golang'],
  repos: [{ name: 'go', upstreams: ['https://proxy.golang.org'], hosts: Object.keys(databases) }],
  options: goOptions(databases),
  routes: [
    route('/sumdb/:log/supported', {
      kind: 'made',
      types: [text],
      view: async (_doc, _show, p, repo: Repo<GoOptions>) =>
        repo.options.sumdb.some(({ name }) => name === p.log) ? new Uint8Array() : undefined,
    }),
    route('/sumdb/:log/latest', {
      kind: 'index',
      absent,
      types: [text],
      upstream: (p, repo: Repo<GoOptions>) => inLog(p.log, '/latest', repo),
      check: (doc, p, repo: Repo<GoOptions>, trust) => checkHead(doc, p.log, repo, trust),
    }),
    route('/sumdb/:log/newer/:size', {
      kind: 'index',
      where: { size: /^[1-9]\d{0,14}$/ },
      absent,
      types: [text],
      upstream: (p, repo: Repo<GoOptions>) => inLog(p.log, '/latest', repo),
      check: (doc, p, repo: Repo<GoOptions>, trust) => checkNewer(doc, p.log, Number(p.size), repo, trust),
      files: () => [],
    }),
    only(
      route('/sumdb/:log/lookup/:module+@:version', {
        kind: 'index',
        absent,
        known,
        dates,
        types: [text],
        // the record never changes, and the head is not the one that is shown
        stays: () => true,
        upstream(p, repo: Repo<GoOptions>) {
          if (!isPrivate(nameOf(p), repo.options)) {
            return inLog(p.log, `/lookup/${p.module}@${p.version}`, repo)
          }
          throw new MirrorError('NOT_FOUND', `${nameOf(p)} is private: no checksum database is asked for it`)
        },
        check: (doc, p, repo: Repo<GoOptions>, trust) => checkLookup(doc, p.log, at(p), repo, trust),
        read: (doc, p) => readLookup(doc, at(p)),
        async view(doc, show, p, repo: Repo<GoOptions>) {
          if (doc === undefined) return undefined
          return shownLookup(doc, await show.document(headPath(p.log)), p.log, repo)
        },
      }),
      isRelease,
    ),
    only(
      route('/sumdb/:log/tile/:tile+', {
        kind: 'artifact',
        absent,
        types: ['application/octet-stream'],
        upstream: (p, repo: Repo<GoOptions>) => inLog(p.log, `/tile/${p.tile}`, repo),
        check: (doc, p, repo: Repo<GoOptions>, trust) => checkTile(doc, p.log, repo, trust),
      }),
      ({ tile = '' }) => parseTilePath(tile) !== undefined,
    ),
    only(
      route('/:module+/@v/list', {
        kind: 'index',
        absent,
        known: (p) => ({ name: nameOf(p) }),
        types: [text],
        read: (doc, p) => readList(doc, nameOf(p)),
        view: (doc, show, p) => viewList(doc, nameOf(p), show),
      }),
      isModule,
    ),
    only(
      route('/:module+/@v/:version.info', {
        kind: 'index',
        absent,
        known,
        dates,
        types: [json],
        stays: isRelease,
        check: (doc, p) => checkInfo(doc, at(p).version),
        view: (doc, show, p) => viewInfo(doc, at(p), show),
      }),
      isModuleAt,
    ),
    file('mod', text),
    file('zip', 'application/zip'),
    only(
      route('/:module+/@latest', {
        kind: 'made',
        known: (p) => ({ name: nameOf(p) }),
        types: [json],
        view: (_doc, show, p) => viewLatest(nameOf(p), show),
      }),
      isModule,
    ),
    only(
      route('/:module+/@upstream', {
        kind: 'index',
        absent,
        known: (p) => ({ name: nameOf(p) }),
        types: [json],
        upstream: (p) => `/${p.module}/@latest`,
        check: (doc) => checkInfo(doc, ''),
        view: (doc, show, p) => viewQuery(doc, nameOf(p), show),
        files: () => [],
      }),
      isModule,
    ),
  ],
  versions: goVersions,
  digests: { h1: digestOf },
  name: (name) => name,
  want,
  closure,
  /** For each module of which something is held its latest version; and that databases are here. */
  async *made(repo, held) {
    for (const { name } of repo.options.sumdb) yield `/sumdb/${name}/supported`
    let last: string | undefined
    for await (const { name } of held) {
      // the files of a module lie together
      if (name === undefined || name === last) continue
      last = name
      yield latestPath(name)
    }
  },
  setup: (at) => setup(at, Object.keys(databases)),
}
