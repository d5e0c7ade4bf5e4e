// PyPI: project pages in HTML and JSON, and the files they name.
// https://packaging.python.org/en/latest/specifications/simple-repository-api/

import { type Ecosystem, type Entry, type Repo, route } from '../../contract.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import { checkFile, checkProvenance } from './attestations.ts'
import { closure } from './closure.ts'
import { dataOf } from './file.ts'
import { showLegacy } from './legacy.ts'
import { detailPath, namesPath, normalName, pagePath, project, readFileName, spelling } from './names.ts'
import { type PypiOptions, pypiOptions } from './options.ts'
import { isHtml, jsonType, pageAccept, pageOf, pageTypes, readEntries, showPage } from './page.ts'
import { showHeld, showList, showNames } from './project-list.ts'
import { recognise } from './recognise.ts'
import { setup } from './setup.ts'
import { traits } from './traits.ts'
import { want } from './want.ts'
import { showMetadata } from './wheel-metadata.ts'

const json = 'application/json'
const wheel = /^.+\.whl$/

interface OfFile {
  readonly project: string
  readonly file: string
}

/** What the path of a file, or of something about a file, tells. */
const knownOf = ({ project, file }: OfFile): Partial<Entry> => {
  const version = readFileName(file, project)?.version
  return { name: project, ...(version === undefined ? {} : { version }) }
}

/** Pages and lists lie under upstream's address; the older interface lies beside it. */
const beside = ({ upstreams }: Repo<PypiOptions>, path: string): string =>
  `${(upstreams[0] ?? '').replace(/\/+$/, '').replace(/\/simple$/, '')}${path}`

/** A page under an address from which files are reached by another way. */
const otherPage = (pattern: '/simple/:project' | '/:project/') =>
  route(pattern, {
    kind: 'made',
    where: { project },
    known: (p) => ({ name: p.project }),
    types: pageTypes,
    async view(_, show, p) {
      const page = await pageOf(pagePath(p.project), p.project, show)
      return page === undefined ? undefined : showPage(page.doc, show, p.project, '../', page.beside)
    },
    files: () => [],
  })

export const pypi: Ecosystem<PypiOptions> = {
  id: 'pypi',
  title: 'PyPI (Python packages)',
  purl: 'pypi',
  aliases: ['python', 'pip'],
  repos: [
    {
      name: 'pypi',
      upstreams: ['https://pypi.org/simple'],
      hosts: ['files.pythonhosted.org'],
      also: [
        'https://pypi.org',
        'https://pypi.python.org/simple',
        'https://pypi.python.org',
        'https://files.pythonhosted.org',
      ],
    },
  ],
  options: pypiOptions,
  routes: [
    route('/simple/', {
      kind: 'made',
      types: pageTypes,
      view: async (_, show) => showList(show),
      files: () => [],
    }),
    // the list as an exported tree has it
    route('/simple/index.html', {
      kind: 'made',
      types: ['text/html'],
      view: async (_, show) => showHeld(show),
    }),
    route(namesPath, {
      kind: 'index',
      upstream: () => '/',
      accept: pageAccept,
      types: [jsonType],
      view: async (doc, show) => doc && showNames(doc, show),
      files: () => [],
    }),
    route('/-/json/:project', {
      kind: 'index',
      where: { project },
      known: (p) => ({ name: p.project }),
      upstream: (p, repo: Repo<PypiOptions>) => beside(repo, `/pypi/${p.project}/json`),
      accept: json,
      absent: [404, 405, 410],
      types: [json],
      view: async (_, show, p) => showLegacy(show, p.project),
      files: () => [],
    }),
    route('/-/metadata/:project/:file', {
      kind: 'artifact',
      where: { project, file: wheel },
      known: knownOf,
      vouchers: (p) => [pagePath(p.project)],
      files: () => [],
    }),
    route('/simple/:project/', {
      kind: 'index',
      where: { project },
      upstream: (p) => `/${p.project}/`,
      accept: pageAccept,
      beside: (p, _, type) => (isHtml(type) ? [detailPath(p.project)] : []),
      known: (p) => ({ name: p.project }),
      read: (doc, p) => readEntries(doc, p.project),
      types: pageTypes,
      view: async (doc, show, p) => doc && showPage(doc, show, p.project, '../../'),
      flow: (doc, show, p) => showPage(doc, show, p.project, '../../'),
      files: (p, type) => (type === 'text/html' ? [`${pagePath(p.project)}index.html`] : []),
    }),
    otherPage('/simple/:project'),
    route('/pypi/:project/json', {
      kind: 'made',
      where: { project },
      known: (p) => ({ name: p.project }),
      types: [json],
      view: async (_, show, p) => showLegacy(show, p.project),
    }),
    route('/pypi/:project/:version/json', {
      kind: 'made',
      where: { project },
      known: (p) => ({ name: p.project, version: p.version }),
      dates: (p) => [pagePath(p.project)],
      types: [json],
      view: async (_, show, p) => showLegacy(show, p.project, p.version),
    }),
    route('/integrity/:project/:version/:file/provenance', {
      kind: 'index',
      where: { project },
      accept: 'application/vnd.pypi.integrity.v1+json',
      known: (p) => ({ name: p.project, version: p.version }),
      vouchers: (p) => [pagePath(p.project)],
      types: ['application/vnd.pypi.integrity.v1+json'],
      check: (doc) => checkProvenance(doc),
    }),
    route('/files/:project/:file.metadata', {
      kind: 'made',
      where: { project, file: wheel },
      known: knownOf,
      dates: (p) => [pagePath(p.project)],
      types: ['application/octet-stream'],
      view: async (_, show, p) => showMetadata(show, p.project, p.file),
    }),
    route('/files/:project/:file', {
      kind: 'artifact',
      where: { project },
      known: knownOf,
      vouchers: (p) => [pagePath(p.project)],
      types: ['application/octet-stream'],
      check: (doc, p, repo: Repo<PypiOptions>, trust, said) => checkFile(doc, p, repo, trust, said),
    }),
    otherPage('/:project/'),
  ],
  versions: pep440Versions,
  name: normalName,
  want,
  closure,
  recognise,
  withdrawn: (data) => (dataOf({ data }).yanked === true ? 'yanked' : undefined),
  traits,
  async *made(_repo, held) {
    const made = new Set<string>()
    for await (const { path } of held) {
      const [, file] = /^\/(?:files|-\/metadata)\/(.+\.whl)$/.exec(path) ?? []
      if (file === undefined || made.has(file)) continue
      made.add(file)
      yield `/files/${file}.metadata`
    }
  },
  setup,
  spelling,
}
