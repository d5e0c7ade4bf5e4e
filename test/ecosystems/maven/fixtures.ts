// A small repository for the suite: an artifact with three versions, the one that it depends on, a parent, and a signature.

import fc from 'fast-check'
import { algorithms } from '../../../src/ecosystems/maven/layout.ts'
import type { Archive, Fixtures } from '../../suites/ecosystem/fixtures.ts'
import { key } from '../../trust/builders.ts'
import { dep, file, listPath, metadata, path, pom, property, signature } from './repository.ts'

const versions = ['3.1.60101', '4.2.60202', '5.0.60303']

async function archive(): Promise<Archive> {
  const publisher = await key()
  const parent = 'base:1.60505'
  const core = 'kit-core:6.1.60404'
  const files = {
    ...file(listPath('kit'), metadata('kit', versions)),
    ...file(listPath(parent), metadata(parent, ['1.60505']), ['sha1']),
    ...file(path(parent), pom(parent, { packaging: 'pom', properties: { 'core.version': '6.1.60404' } }), ['sha1']),
    ...file(listPath(core), metadata(core, ['6.1.60404']), ['md5']),
    ...file(path(core), pom(core), ['sha1']),
    ...file(path(core, '.jar'), 'the files of the core', ['md5']),
  }
  for (const version of versions) {
    const at = `kit:${version}`
    const body = pom(at, { parent, dependencies: [dep(`kit-core:${property('core.version')}`)] })
    Object.assign(files, file(path(at), body, ['sha256']), file(path(at, '.jar'), `the files of ${at}`, ['sha1']))
  }
  const signed = path('kit:5.0.60303', '.jar')
  const body = await signature(Buffer.from('the files of kit:5.0.60303'), publisher)
  Object.assign(files, { [`${signed}.asc`]: { body, type: 'text/plain' } })
  const real = Object.keys(files).filter((each) => !each.startsWith('/.checksums/'))
  const made = [
    ...real.map((each) => `${each}.sha1`),
    ...algorithms.map((algorithm) => `${listPath('kit')}.${algorithm}`),
    `${path('kit:3.1.60101')}.sha512`,
  ]
  const snapshot = 'kit:7.0-SNAPSHOT'
  const others = {
    [path(snapshot, '.jar')]: 'index /:path+',
    [path('kit:7.0-20251124.091446-2', '-sources.jar')]: 'artifact /:path+',
    [listPath('kit', '7.0-SNAPSHOT')]: 'index /:path+/maven-metadata.xml',
    '/org/example/maven-metadata.xml': 'index /:path+/maven-metadata.xml',
    '/org/example/maven-metadata.xml.md5': 'made /:path+.md5',
    [`${path('kit:5.0.60303')}.asc.sha1`]: 'made /:path+.sha1',
  }
  return {
    files,
    requests: [...real, ...made].map((each) => ({ path: each })),
    routes: { ...Object.fromEntries([...Object.keys(files), ...made].map((each) => [each, routeOf(each)])), ...others },
    wants: [
      'org.example:kit:5.0.60303',
      'org.example:kit:[4,5)',
      'org.example:kit:3.1.60101',
      'org.example:kit-core',
      'org.example:base:[1,2)',
    ],
    keyring: { name: 'publisher.asc', bytes: Buffer.from(publisher.public.armor()) },
  }
}

function routeOf(each: string): string {
  if (each.startsWith('/.checksums/')) return 'index /.checksums/:algorithm/:path+'
  const algorithm = algorithms.find((one) => each.endsWith(`.${one}`))
  if (algorithm !== undefined) return `made /:path+.${algorithm}`
  if (each.endsWith('.asc')) return 'index /:path+.asc'
  if (each.endsWith('/maven-metadata.xml')) return 'index /:path+/maven-metadata.xml'
  return each.endsWith('.pom') ? 'artifact /:path+.pom' : 'artifact /:path+'
}

const number = fc.nat({ max: 20 })

export const fixtures: Fixtures = {
  archive,
  lines: {
    'org.slf4j:slf4j-api': { name: 'org.slf4j:slf4j-api', range: undefined },
    'org.slf4j:slf4j-api:2.0.9': { name: 'org.slf4j:slf4j-api', range: '2.0.9', options: undefined },
    'org.slf4j:slf4j-api@[1.7,2)': { name: 'org.slf4j:slf4j-api', range: '[1.7,2)' },
    'org.slf4j:slf4j-api:(,1.0],[1.2,)': { range: '(,1.0],[1.2,)' },
    'org.slf4j:slf4j-api:LATEST': { range: undefined },
    'org.apache.maven:apache-maven:zip:bin:3.9.9': { range: '3.9.9', options: { type: 'zip', classifier: 'bin' } },
    'org.example:app:war:1.0': { range: '1.0', options: { type: 'war' } },
  },
  garbage: [
    '*',
    'slf4j-api',
    ':slf4j-api:1',
    'org.slf4j:',
    'org.slf4j:slf4j-api:',
    'org.slf4j:slf4j-api:[1.0',
    'org.slf4j:slf4j-api:[2,1]',
    'org.slf4j:slf4j-api:1.0@2.0',
    'org.slf4j:../x:1',
    'org..slf4j:x:1',
    'org.slf4j:slf4j-api:jar:tests:extra:1.0',
    `org.slf4j:slf4j-api:${property('version')}`,
  ],
  versions: [
    '1.0-alpha-1',
    '1.0-alpha-2',
    '1.0-beta-1',
    '1.0-M3',
    '1.0-RC1',
    '1.0-SNAPSHOT',
    '1.0',
    '1.0-sp1',
    '1.0-jre',
    '1.0-1',
    '1.0.1',
    '1.9',
    '1.10',
    '2.0.0.Final',
    '20040616',
  ],
  version: fc
    .tuple(
      fc.array(number, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '-alpha1', '-beta-2', '.Final', '-SNAPSHOT', '-rc', '-jre', '.1-x2', '-1', '.a3'),
    )
    .map(([numbers, rest]) => `${numbers.join('.')}${rest}`),
}
