// Cargo: a sparse index with a file of lines for each crate, and crate files whose checksum those lines state.
// https://doc.rust-lang.org/cargo/reference/registry-index.html

import * as v from 'valibot'
import { type AnyRoute, type Ecosystem, only, type Repo, route } from '../../contract.ts'
import type { MirrorError } from '../../errors.ts'
import { cargoVersions } from '../../versions/cargo.ts'
import { closure } from './closure.ts'
import { readIndex, viewIndex } from './index-file.ts'
import type { Release } from './line.ts'
import { crateVersion, indexPath } from './paths.ts'
import { recognise } from './recognise.ts'
import { setup } from './setup.ts'
import { traits } from './traits.ts'
import { want } from './want.ts'

const options = v.strictObject({
  /** Address of the registry's web API, for `cargo search`; a sparse index and its API are often on different hosts. */
  api: v.optional(v.pipe(v.string(), v.url())),
  /** Tell clients to send their token with every request, for a mirror behind a proxy that asks for one. */
  auth_required: v.optional(v.boolean(), false),
})
export type CargoOptions = v.InferOutput<typeof options>

const lowerCase = /^[a-z0-9_-]+$/

/** One crate has one index path: other spellings are not asked of upstream. */
function indexFile(
  pattern: '/1/:name' | '/2/:name' | '/3/:first/:name' | '/:first/:second/:name',
): AnyRoute<CargoOptions> {
  const declared = route(pattern, {
    kind: 'index',
    where: { name: lowerCase },
    accept: 'text/plain',
    known: (p: { readonly name: string }) => ({ name: p.name }),
    read: (doc, p, repo: Repo<CargoOptions>) => readIndex(doc, p.name, repo),
    types: ['text/plain'],
    view: async (doc, show, p) => (doc === undefined ? undefined : viewIndex(doc, p.name, show)),
  })
  return only(declared, (p, path) => indexPath(p.name ?? '') === path)
}

/** Spelled both ways, because object stores take a literal `+` in an address for a blank. */
const crateFiles = (path: string): readonly string[] =>
  path.includes('+') ? [path, path.replaceAll('+', ' ')] : [path]

const describe = (base: string, { auth_required }: CargoOptions): string =>
  JSON.stringify({
    dl: `${base}/crates/{crate}/{crate}-{version}.crate`,
    api: base,
    ...(auth_required ? { 'auth-required': true } : {}),
  })

const registry = 'https://index.crates.io'

export const cargo: Ecosystem<CargoOptions> = {
  id: 'cargo',
  title: 'Cargo (Rust crates)',
  purl: 'cargo',
  aliases: ['crates', 'crates.io'],
  repos: [
    {
      name: 'cargo',
      upstreams: [registry],
      hosts: ['static.crates.io', 'crates.io'],
      also: [
        'registry+https://github.com/rust-lang/crates.io-index',
        'https://github.com/rust-lang/crates.io-index',
        `sparse+${registry}/`,
      ],
      options: { api: 'https://crates.io' },
    },
  ],
  options,
  service: '/config.json',
  routes: [
    route('/config.json', {
      kind: 'index',
      types: ['application/json'],
      view: async (_doc, show, _p, repo: Repo<CargoOptions>) =>
        new TextEncoder().encode(describe(show.base, repo.options)),
    }),
    indexFile('/1/:name'),
    indexFile('/2/:name'),
    indexFile('/3/:first/:name'),
    only(
      route('/crates/:crate/:file', {
        kind: 'artifact',
        known: (p) => ({ name: p.crate.toLowerCase(), version: crateVersion(p.crate, p.file) ?? '' }),
        vouchers: (p) => [indexPath(p.crate)],
        types: ['application/gzip'],
        files: (p) => crateFiles(`/crates/${p.crate}/${p.file}`),
      }),
      (p) => crateVersion(p.crate ?? '', p.file ?? '') !== undefined,
    ),
    route('/api/v1/crates', {
      kind: 'live',
      upstream: (_p, repo: Repo<CargoOptions>) => `${repo.options.api ?? ''}/api/v1/crates`,
      accept: 'application/json',
      query: ['q', 'page', 'per_page', 'sort', 'category', 'keyword'],
      files: () => [],
    }),
    indexFile('/:first/:second/:name'),
  ],
  versions: cargoVersions,
  name: (text) => text.toLowerCase(),
  want,
  closure,
  recognise,
  withdrawn: (data) => ((data as Partial<Release>).yanked === true ? 'yanked' : undefined),
  traits,
  setup: (at) => setup(at, registry),
  refuse,
}

/** The web API's clients read JSON; of the index and of files cargo shows the body as it is. */
function refuse(error: MirrorError) {
  const status = error.failure.status
  const detail = `${error.message} (${error.code}). ${error.hint}`
  const { path } = error.facts
  if (typeof path === 'string' && path.startsWith('/api/')) {
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors: [{ detail }] }) }
  }
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${detail}\n` }
}
