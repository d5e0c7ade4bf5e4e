// A directory in the OCI image layout as a registry on loopback, so that importing it is a sync like any other: the same
// engine fetches, verifies and keeps. https://github.com/opencontainers/image-spec/blob/main/image-layout.md

import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { lstat, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MirrorError } from '../errors.ts'
import { isObject, type JsonObject } from '../formats/json-object.ts'
import { createServer } from '../server/node-http.ts'

/** An image of a layout: its tags, by name. */
export type Images = ReadonlyMap<string, ReadonlyMap<string, Tagged>>

interface Tagged {
  readonly digest: string
  readonly type: string
}

export interface LayoutRegistry {
  /** Ends in `/v2`. */
  readonly url: string
  readonly images: Images
  close(): Promise<void>
}

const digestForm = /^(sha256|sha512):([0-9a-f]{64,128})$/
const mostManifest = 8 * 1024 * 1024
const mostIndex = 64 * 1024 * 1024
const indexType = 'application/vnd.oci.image.index.v1+json'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** Throws USAGE for a directory that is no layout, and for images without a name. `name`: that of those which have a tag alone. */
export async function openLayout(directory: string, name: string | undefined): Promise<LayoutRegistry> {
  const images = imagesOf(await jsonAt(path.join(directory, 'index.json'), mostIndex), directory, name)
  const server = createServer((request, response) => {
    answer(directory, images, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return {
    url: `http://127.0.0.1:${port}/v2`,
    images,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const noLayout = (directory: string, why: string): MirrorError =>
  new MirrorError('USAGE', `${directory} is no image layout: ${why}`, {
    hint: 'Name a directory as `skopeo copy … oci:DIRECTORY:TAG` or `export --oci-layout` writes it.',
  })

async function jsonAt(file: string, most: number): Promise<JsonObject> {
  try {
    const { size } = await lstat(file)
    if (size > most) throw new Error('it is too large')
    const read: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (isObject(read)) return read
    throw new Error('it is no object')
  } catch (error) {
    throw noLayout(path.dirname(file), `${path.basename(file)}: ${error instanceof Error ? error.message : ''}`)
  }
}

function imagesOf(index: JsonObject, directory: string, name: string | undefined): Images {
  const images = new Map<string, Map<string, Tagged>>()
  for (const entry of Array.isArray(index.manifests) ? index.manifests : []) {
    if (!isObject(entry)) continue
    const { digest, mediaType, annotations } = entry
    if (typeof digest !== 'string' || !digestForm.test(digest) || typeof mediaType !== 'string') continue
    const notes = isObject(annotations) ? annotations : {}
    const reference = notes['io.containerd.image.name'] ?? notes['org.opencontainers.image.ref.name']
    const [own, tag] = namesIn(typeof reference === 'string' ? reference : 'latest')
    const called = own ?? name
    if (called === undefined) throw noLayout(directory, `its ${tag} names no image; say which with --name`)
    const tags = images.get(called) ?? new Map<string, Tagged>()
    images.set(called, tags.set(tag, { digest, type: mediaType }))
  }
  if (images.size === 0) throw noLayout(directory, 'its index lists nothing')
  return images
}

/** `registry.example.org/org/app:1.4`, `org/app:1.4`, `1.4`: the name without the registry's host, and the tag. */
function namesIn(reference: string): readonly [name: string | undefined, tag: string] {
  const bare = reference.replace(/^(?:[^/]*[.:][^/]*|localhost)\//, '')
  const colon = bare.lastIndexOf(':')
  if (colon > bare.lastIndexOf('/')) return [bare.slice(0, colon), bare.slice(colon + 1)]
  return bare.includes('/') ? [bare, 'latest'] : [undefined, bare]
}

async function answer(
  directory: string,
  images: Images,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1')
  const [, name = '', kind = '', reference = ''] =
    /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(decodeURIComponent(pathname)) ?? []
  const tags = images.get(name)
  if (tags === undefined) return refuse(response)
  if (kind === 'tags') {
    const body = JSON.stringify({ name, tags: [...tags.keys()].sort() })
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    return
  }
  const tagged = kind === 'manifests' ? tags.get(reference) : undefined
  const [, algorithm = '', hex = ''] = digestForm.exec(tagged?.digest ?? reference) ?? []
  const file = path.join(directory, 'blobs', algorithm, hex)
  const found = hex === '' ? undefined : await lstat(file).catch(() => undefined)
  if (found?.isFile() !== true) return refuse(response)
  const type = kind === 'manifests' ? (tagged?.type ?? (await typeAt(file, found.size))) : 'application/octet-stream'
  response.writeHead(200, { 'content-type': type, 'content-length': found.size })
  await pipeline(createReadStream(file), response)
}

const refuse = (response: ServerResponse): void => void response.writeHead(404).end()

/** What a manifest says that it is, or what it looks like. */
async function typeAt(file: string, size: number): Promise<string> {
  const read: unknown = size > mostManifest ? undefined : JSON.parse(await readFile(file, 'utf8'))
  if (!isObject(read)) return 'application/octet-stream'
  if (typeof read.mediaType === 'string') return read.mediaType
  return 'manifests' in read ? indexType : manifestType
}
