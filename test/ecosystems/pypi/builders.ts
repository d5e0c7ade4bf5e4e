// Wheels, source packages and pages for tests.

import { createHash } from 'node:crypto'
import { tarball } from '../../replica/tarball.ts'
import { zip } from '../../replica/zip.ts'

export interface Made {
  readonly file: string
  readonly bytes: Buffer
  /** Of a wheel. */
  readonly metadata?: string
}

export interface Described {
  readonly requires?: readonly string[]
  readonly extras?: readonly string[]
  readonly python?: string
  /** `py3-none-any` when left out. */
  readonly tags?: string
  readonly files?: Readonly<Record<string, string>>
}

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** PEP 427: names of files and folders have `_` for `-`. */
const fileStem = (name: string): string => name.replace(/[-_.]+/g, '_').toLowerCase()

function metadataText(name: string, version: string, { requires = [], extras = [], python }: Described): string {
  return [
    `Metadata-Version: 2.2\nName: ${name}\nVersion: ${version}\nSummary: what ${name} does\n`,
    ...(python === undefined ? [] : [`Requires-Python: ${python}\n`]),
    ...requires.map((one) => `Requires-Dist: ${one}\n`),
    ...extras.map((one) => `Provides-Extra: ${one}\n`),
    `\nA description.\nRequires-Dist: not-a-field\n`,
  ].join('')
}

export function wheel(name: string, version: string, described: Described = {}): Made {
  const { tags = 'py3-none-any', files = {} } = described
  const metadata = metadataText(name, version, described)
  const info = `${fileStem(name)}-${version}.dist-info`
  const contents: Record<string, string> = {
    [`${fileStem(name).replace(/^_+/, '')}.py`]: `version = '${version}'\n`,
    ...files,
    [`${info}/METADATA`]: metadata,
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: ${tags}\n`,
  }
  const record = [
    ...Object.entries(contents).map(([path, content]) => `${path},sha256=${urlHash(content)},${content.length}`),
    `${info}/RECORD,,`,
  ]
  return {
    file: `${fileStem(name)}-${version}-${tags}.whl`,
    bytes: zip({ ...contents, [`${info}/RECORD`]: `${record.join('\n')}\n` }),
    metadata,
  }
}

const urlHash = (content: string): string => createHash('sha256').update(content).digest('base64url')

export async function sdist(
  name: string,
  version: string,
  files: Readonly<Record<string, string>> = {},
  described: Described = {},
): Promise<Made> {
  const stem = `${fileStem(name)}-${version}`
  return {
    file: `${stem}.tar.gz`,
    bytes: Buffer.from(await tarball(`${stem}/`, { 'PKG-INFO': metadataText(name, version, described), ...files })),
  }
}

export interface Listed {
  readonly file: string
  readonly url: string
  readonly hashes: Readonly<Record<string, string>>
  readonly size?: number
  readonly time?: string
  readonly python?: string
  readonly yanked?: boolean | string
  readonly metadata?: boolean | Readonly<Record<string, string>>
  readonly provenance?: string
}

/** As full registries answer. */
export const jsonPage = (
  name: string,
  files: readonly Listed[],
  more: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify({
    files: files.map((one) => ({
      'core-metadata': one.metadata ?? false,
      'data-dist-info-metadata': one.metadata ?? false,
      filename: one.file,
      hashes: one.hashes,
      provenance: one.provenance ?? null,
      'requires-python': one.python ?? null,
      ...(one.size === undefined ? {} : { size: one.size }),
      ...(one.time === undefined ? {} : { 'upload-time': one.time }),
      url: one.url,
      yanked: one.yanked ?? false,
    })),
    meta: { '_last-serial': 42, 'api-version': '1.3' },
    name,
    versions: [],
    ...more,
  })

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** As older registries answer. */
export function htmlPage(name: string, files: readonly Listed[]): string {
  const links = files.map(({ file, url, hashes, python, yanked, metadata, time }) => {
    const [[algorithm, hex] = []] = Object.entries(hashes)
    const attributes = [
      `href="${url}${algorithm === undefined ? '' : `#${algorithm}=${hex}`}"`,
      ...(python === undefined ? [] : [`data-requires-python="${escaped(python)}"`]),
      ...(yanked === undefined || yanked === false ? [] : [`data-yanked="${yanked === true ? '' : escaped(yanked)}"`]),
      ...(metadata === undefined || metadata === false
        ? []
        : [`data-dist-info-metadata="${metadata === true ? 'true' : `sha256=${metadata.sha256}`}"`]),
      ...(time === undefined ? [] : [`data-upload-time="${time}"`]),
    ]
    return `<a ${attributes.join(' ')}>${file}</a><br/>\n`
  })
  return `<!DOCTYPE html>\n<html>\n<head><title>Links for ${name}</title></head>\n<body>\n<h1>Links for ${name}</h1>\n${links.join('')}</body>\n</html>\n`
}

/** The older JSON interface. */
export const detailJson = (name: string, files: readonly (Listed & { readonly version: string })[]): string =>
  JSON.stringify({
    info: { name, version: files.at(-1)?.version, description: '' },
    last_serial: 42,
    releases: Object.fromEntries(
      [...Map.groupBy(files, ({ version }) => version)].map(([version, group]) => [
        version,
        group.map(({ file, hashes, size, time, yanked, metadata }) => ({
          filename: file,
          digests: hashes,
          size,
          upload_time_iso_8601: time,
          yanked: yanked !== undefined && yanked !== false,
          yanked_reason: typeof yanked === 'string' ? yanked : null,
          url: `../../packages/${file}`,
          'core-metadata': metadata ?? false,
        })),
      ]),
    ),
    urls: [],
  })
