// Two small indexes for the suite: one that answers in JSON and tells everything, and one that answers in HTML, with sizes and
// times in the older JSON interface alone. A project with three releases, one of them yanked, and what it depends on.

import fc from 'fast-check'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'
import { detailJson, htmlPage, jsonPage, type Listed, type Made, sdist, sha256, wheel } from './builders.ts'

const jsonType = 'application/vnd.pypi.simple.v1+json'
const htmlType = 'application/vnd.pypi.simple.v1+html'

interface Released extends Listed {
  readonly version: string
  readonly made: Made
}

const contents = async (upstream: string) => {
  const listed = (version: string, made: Made, more: Partial<Listed> = {}): Released => ({
    version,
    made,
    file: made.file,
    url: `${upstream}/packages/${sha256(made.bytes).slice(0, 2)}/${made.file}`,
    hashes: { sha256: sha256(made.bytes) },
    size: made.bytes.length,
    time: '2025-03-04T05:06:07.123456Z',
    ...(made.metadata === undefined ? {} : { metadata: { sha256: sha256(made.metadata) } }),
    ...more,
  })
  const requires = ['kit-core>=6', 'kit-core[fast]; extra == "more"']
  const described = { requires, extras: ['more'], python: '>=3.8' }
  return {
    kit: [
      listed('3.1.60101', wheel('kit', '3.1.60101', described)),
      listed('4.2.60202', wheel('kit', '4.2.60202', described), { yanked: 'broken <on> Tuesdays' }),
      listed('5.0.60303', wheel('kit', '5.0.60303', described), { python: '>=3.8' }),
      listed('5.0.60303', await sdist('kit', '5.0.60303', { 'pyproject.toml': '[build-system]\nrequires = []\n' })),
    ],
    'kit-core': [listed('6.1.60404', wheel('kit-core', '6.1.60404', { tags: 'cp39-abi3-manylinux_2_17_x86_64' }))],
  }
}

const wheelsOf = (files: readonly Released[]): readonly Released[] => files.filter(({ file }) => file.endsWith('.whl'))

async function archiveOf(upstream: string, page: (name: string, files: readonly Released[]) => Source, more: Source[]) {
  const projects = await contents(upstream)
  const files: Record<string, Source> = {}
  const routes: Record<string, string> = {}
  const requests: { readonly path: string; readonly accept?: string }[] = []
  const ask = (path: string, pattern: string, accept?: string): void => {
    requests.push({ path, ...(accept === undefined ? {} : { accept }) })
    routes[path] = pattern
  }
  for (const [name, listed] of Object.entries(projects)) {
    files[`/simple/${name}/`] = { ...page(name, listed), at: `/${name}/` }
    for (const { made, url } of listed)
      files[`/files/${name}/${made.file}`] = {
        body: made.bytes,
        type: 'application/octet-stream',
        at: url.slice(upstream.length),
      }
    for (const { made, url } of wheelsOf(listed)) {
      files[`/-/metadata/${name}/${made.file}`] = {
        body: made.metadata ?? '',
        type: 'application/octet-stream',
        at: `${url.slice(upstream.length)}.metadata`,
      }
      routes[`/-/metadata/${name}/${made.file}`] = 'artifact /-/metadata/:project/:file'
      ask(`/files/${name}/${made.file}.metadata`, 'made /files/:project/:file.metadata')
    }
    for (const accept of [undefined, jsonType, htmlType]) ask(`/simple/${name}/`, 'index /simple/:project/', accept)
    ask(`/simple/${name}`, 'made /simple/:project')
    ask(`/${name}/`, 'made /:project/')
    ask(`/pypi/${name}/json`, 'made /pypi/:project/json')
    for (const { made } of listed) ask(`/files/${name}/${made.file}`, 'artifact /files/:project/:file')
  }
  ask('/simple/', 'made /simple/')
  ask('/simple/', 'made /simple/', jsonType)
  ask('/pypi/kit/5.0.60303/json', 'made /pypi/:project/:version/json')
  for (const [index, source] of more.entries()) {
    const path = index === 0 ? '/-/names' : `/-/json/${Object.keys(projects)[index - 1]}`
    files[path] = source
    routes[path] = index === 0 ? 'index /-/names' : 'index /-/json/:project'
  }
  routes['/simple/index.html'] = 'made /simple/index.html'
  routes['/integrity/kit/5.0.60303/kit-5.0.60303-py3-none-any.whl/provenance'] =
    'index /integrity/:project/:version/:file/provenance'
  const wants = ['kit', 'kit==4.2.60202', 'kit[more]<4', 'kit==5.0.60303']
  return { files, requests, routes, wants }
}

/** Everything is held for any platform, source packages included. */
const options = () => ({ sdists: 'always' })

async function fullArchive(upstream: string): Promise<Archive> {
  const names = { meta: { 'api-version': '1.0' }, projects: [{ name: 'kit' }, { name: 'kit-core' }] }
  return {
    ...(await archiveOf(upstream, (name, files) => ({ body: jsonPage(name, files), type: jsonType }), [
      { body: JSON.stringify(names), type: jsonType, at: '/' },
    ])),
    options,
  }
}

async function plainArchive(upstream: string): Promise<Archive> {
  const bare = ({ size: _, time: __, metadata: ___, ...rest }: Released): Released => rest as Released
  const projects = await contents(upstream)
  const names = Object.keys(projects).map((name) => `<a href="/simple/${name}/">${name}</a>\n`)
  return {
    ...(await archiveOf(upstream, (name, files) => ({ body: htmlPage(name, files.map(bare)), type: 'text/html' }), [
      { body: `<!DOCTYPE html><html><body>\n${names.join('')}</body></html>\n`, type: 'text/html', at: '/' },
      ...Object.entries(projects).map(([name, files]) => ({
        body: detailJson(name, files),
        type: 'application/json',
        at: `/pypi/${name}/json`,
      })),
    ])),
    options,
  }
}

const number = fc.nat({ max: 20 })

const texts: Omit<Fixtures, 'archive'> = {
  lines: {
    requests: { name: 'requests', range: undefined, options: undefined },
    'requests>=2.31': { range: '>=2.31' },
    'Flask_Cors ~= 4.0, != 4.0.2': { name: 'flask-cors', range: '~=4.0,!=4.0.2' },
    'uvicorn[standard]': { name: 'uvicorn', options: { extras: ['standard'] } },
    'numpy==1.26.4; python_version < "3.13"': {
      range: '==1.26.4',
      options: { extras: [], marker: 'python_version < "3.13"' },
    },
  },
  garbage: [
    '*',
    '==1',
    'requests==',
    'requests >= one',
    'requests 2.31',
    'requests@2.31',
    'requests @ https://example.org/r.whl',
    'requests[',
    'requests; python_version',
    'requests; python_version < 3 or',
    'requests; platform == "x"',
    '-r other.txt',
    './folder',
    'a b',
  ],
  versions: [
    '1.0.dev1',
    '1.0a1.dev2',
    '1.0a1',
    '1.0b2',
    '1.0rc1',
    '1.0',
    '1.0+abc',
    '1.0+5',
    '1.0.post1.dev1',
    '1.0.post1',
    '1.0.1',
    '1.10',
    '1!0.1',
  ],
  version: fc
    .tuple(number, number, number, fc.constantFrom('', '.0', 'a1', 'rc2', '.post1', '.dev3', '+local', 'b1.dev2'))
    .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`),
}

export const fixtures: Fixtures = { archive: fullArchive, ...texts }
export const plainFixtures: Fixtures = { archive: plainArchive, ...texts }
