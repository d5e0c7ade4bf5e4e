// npm: packuments and tarballs of a registry, with what its clients ask beside them.
// Routes: https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md

import { type Answer, type Ecosystem, listing, type ParamsOf, route } from '../../contract.ts'
import type { MirrorError } from '../../errors.ts'
import { npmVersions } from '../../versions/npm.ts'
import { checkAttestationDocument } from './attestations.ts'
import { closure } from './closure.ts'
import { dataOf } from './data.ts'
import { flowPackument } from './flow.ts'
import {
  attestationsPath,
  attestedSpec,
  covered,
  keysPath,
  packageName,
  packumentPath,
  tarballFile,
  tarballPath,
  withoutScope,
} from './names.ts'
import { type NpmOptions, npmOptions } from './options.ts'
import { type Packument, parseObject, parsePackument, type Version, versionEntry } from './packument.ts'
import { recognise } from './recognise.ts'
import { setup } from './setup.ts'
import { abbreviatedType, fullType, showPackument, showTags, showVersion } from './shown.ts'
import { readKeys } from './signatures.ts'
import { checkTarball } from './tarball.ts'
import { traits } from './traits.ts'
import { want } from './want.ts'

const packument = listing<Packument, Version, ParamsOf<'/:name+'>, NpmOptions>({
  parse: (bytes, doc, { name }) => parsePackument(bytes, doc, name),
  items: ({ versions }) => versions,
  entry: (version, document, _, repo) => versionEntry(version, document, repo),
  keep: showPackument,
})

const auditPaths = [
  '/-/npm/v1/security/advisories/bulk',
  '/-/npm/v1/security/audits/quick',
  '/-/npm/v1/security/audits',
] as const

export const npm: Ecosystem<NpmOptions> = {
  id: 'npm',
  title: 'npm',
  purl: 'npm',
  aliases: ['node', 'yarn', 'pnpm', 'bun'],
  repos: [
    {
      name: 'npm',
      upstreams: ['https://registry.npmjs.org'],
      also: ['http://registry.npmjs.org', 'https://registry.yarnpkg.com', 'http://registry.yarnpkg.com'],
    },
  ],
  options: npmOptions,
  routes: [
    route('/-/ping', {
      kind: 'made',
      types: [fullType],
      view: async () => Buffer.from('{}'),
    }),
    route(keysPath, {
      kind: 'index',
      accept: fullType,
      types: [fullType],
      check: async (doc) => void readKeys(await doc.bytes(), doc),
    }),
    route('/-/npm/v1/attestations/:spec+', {
      kind: 'index',
      where: { spec: attestedSpec },
      accept: fullType,
      types: [fullType],
      upstream({ spec }, repo) {
        const { name, version } = attested(spec)
        covered(name, repo)
        const path = attestationsPath(name, version)
        if (!name.includes('/')) return path
        // Upstream writes the slash of a scope as an escape here, which only a whole address can say.
        const [upstream = ''] = repo.upstreams
        return `${upstream}${path.replace(`/${withoutScope(spec)}`, `%2f${withoutScope(spec)}`)}`
      },
      known: ({ spec }) => attested(spec),
      async check(doc, { spec }, repo, trust) {
        if (repo.options.attestations === 'off') parseObject(await doc.bytes(), doc)
        else await checkAttestationDocument(doc, attested(spec), repo, trust)
      },
    }),
    route('/-/package/:name+/dist-tags', {
      kind: 'made',
      where: { name: packageName },
      types: [fullType],
      async view(_, show, { name }, repo) {
        const doc = await show.document(packumentPath(name))
        return doc && showTags(doc, show, name, repo)
      },
    }),
    route('/-/v1/search', {
      kind: 'live',
      query: ['text', 'size', 'from', 'quality', 'popularity', 'maintenance'],
    }),
    ...auditPaths.map((path) => route(path, { kind: 'live', methods: ['POST'] })),
    route('/:name+/-/:file', {
      kind: 'artifact',
      where: { name: packageName, file: tarballFile },
      upstream({ name, file }, repo) {
        covered(name, repo)
        return tarballPath(name, file)
      },
      known: ({ name }) => ({ name }),
      vouchers: ({ name }) => [packumentPath(name)],
      check: (doc, { name }, repo, trust, said) => checkTarball(doc, name, repo, trust, said),
    }),
    route('/:name+', {
      kind: 'index',
      where: { name: packageName },
      accept: fullType,
      upstream({ name }, repo) {
        covered(name, repo)
        return packumentPath(name)
      },
      known: ({ name }) => ({ name }),
      ...packument,
      flow: (doc, show, { name }) => flowPackument(doc, show, name),
      types: [fullType, abbreviatedType],
      // A folder of the same name holds the tarballs. Web servers differ in what they call a folder's page.
      files: ({ name }, type) => (type === abbreviatedType ? [`/${name}/index.json`, `/${name}/index.html`] : []),
    }),
    route('/:name+/:version', {
      kind: 'made',
      where: { name: packageName, version: /^(?!-$).{1,256}$/ },
      types: [fullType],
      async view(_, show, p, repo) {
        const doc = await show.document(packumentPath(p.name))
        return doc && showVersion(doc, show, p, repo)
      },
    }),
  ],
  versions: npmVersions,
  name: (text) => text,
  want,
  closure,
  recognise,
  withdrawn: (data) => (dataOf({ data }).deprecated === true ? 'deprecated' : undefined),
  traits,
  setup,
  refuse,
}

function attested(spec: string): { readonly name: string; readonly version: string } {
  const at = spec.lastIndexOf('@')
  return { name: spec.slice(0, at), version: spec.slice(at + 1) }
}

/** npm and pnpm print the member `error` of a JSON body. */
function refuse(error: MirrorError): Answer {
  const body = { error: `${error.message}. ${error.hint}`, code: error.code }
  return { status: error.failure.status, headers: { 'content-type': fullType }, body: JSON.stringify(body) }
}
