// The list of all projects (PEP 503, PEP 691): upstream's without what policy denies, or what this mirror holds.

import type { Bytes, Doc, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { isObject } from '../../formats/json-object.ts'
import { jsonValues } from '../../formats/json-stream.ts'
import { documentOrNone } from './held-or-not.ts'
import { namesPath, normalName, pagePath, project } from './names.ts'
import { firstByte, jsonType } from './page.ts'
import { gathered, htmlHead, htmlTail } from './page-write.ts'

/** Upstream's list where it can be had; offline without it, what is held. */
export async function showList(show: Show): Promise<Bytes> {
  const doc = await documentOrNone(show, namesPath)
  return doc === undefined ? showHeld(show) : showNames(doc, show)
}

/** Upstream's list. */
export const showNames = (doc: Doc, show: Show): AsyncIterable<Uint8Array> => written(allowed(doc, show), show.type)

/** The projects of which files are held. */
export async function showHeld(show: Show): Promise<Bytes> {
  const names = new Set<string>()
  for await (const { path, name } of show.holdings())
    if (name !== undefined && path.startsWith('/files/')) names.add(name)
  return written([...names].sort(), show.type)
}

async function* allowed(doc: Doc, show: Show): AsyncGenerator<string> {
  let last = ''
  for await (const written of (await firstByte(doc)) === '{' ? namesInJson(doc) : namesInHtml(doc)) {
    const name = normalName(written)
    if (name === last || !project.test(name) || !show.allows({ path: pagePath(name), name })) continue
    last = name
    yield name
  }
}

async function* namesInJson(doc: Doc): AsyncGenerator<string> {
  let listed = false
  for await (const group of jsonValues(doc.stream(), [['projects', '*'], ['meta']], doc)) {
    for (const { path, value } of group) {
      listed ||= path[0] === 'meta'
      if (path[0] === 'projects' && isObject(value) && typeof value.name === 'string') yield value.name
    }
  }
  if (!listed) throw unreadable(doc)
}

const unreadable = (doc: Doc): MirrorError =>
  new MirrorError('UNREADABLE', `${doc.path} is no list of projects`, { path: doc.path, url: doc.url })

async function* namesInHtml(doc: Doc): AsyncGenerator<string> {
  const { Parser } = await import('htmlparser2')
  const found: string[] = []
  let text: string | undefined
  let links = 0
  const parser = new Parser({
    onopentag(tag) {
      if (tag === 'a') text = ''
    },
    ontext(more) {
      if (text !== undefined && text.length < 300) text += more
    },
    onclosetag(tag) {
      if (tag !== 'a' || text === undefined) return
      links += 1
      found.push(text.trim())
      text = undefined
    },
  })
  const decoder = new TextDecoder()
  for await (const piece of doc.stream()) {
    parser.write(decoder.decode(piece, { stream: true }))
    yield* found.splice(0)
  }
  parser.end(decoder.decode())
  yield* found
  if (links === 0) throw unreadable(doc)
}

function written(names: AsyncIterable<string> | Iterable<string>, type: string): AsyncIterable<Uint8Array> {
  return gathered(type === jsonType ? jsonPieces(names) : htmlPieces(names))
}

async function* jsonPieces(names: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  yield '{"meta":{"api-version":"1.1"},"projects":['
  let separator = ''
  for await (const name of names) {
    yield `${separator}{"name":"${name}"}`
    separator = ','
  }
  yield ']}'
}

async function* htmlPieces(names: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  yield htmlHead('Simple index')
  for await (const name of names) yield `<a href="${name}/">${name}</a><br>\n`
  yield htmlTail
}
