// Documents as a hostile or broken upstream would send them: things that are no document at all, and a good document
// with one thing wrong in it.

import { gunzipSync, gzipSync } from 'node:zlib'
import { bytesOf } from '../../fakes/upstream.ts'

const page = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><a href="x-1.0.0.tgz">x</a></body></html>'
const deep = 100_000

const noDocuments: Readonly<Record<string, string | Uint8Array>> = {
  'nothing at all': '',
  'a blank line': '\n',
  'a web page': page,
  'a page of another encoding': Buffer.from(`\uFEFF${page}`, 'utf16le'),
  'random bytes': bytesOf(5000, 7),
  'only NUL': new Uint8Array(5000),
  'deep lists': '['.repeat(deep),
  'deep lists that end': '['.repeat(deep) + ']'.repeat(deep),
  'deep objects': '{"versions":'.repeat(deep),
  'deep objects that end': `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  'deep tags': '<a>'.repeat(deep),
  'an empty object': '{}',
  'an empty list': '[]',
  null: 'null',
  'a number': '1e999',
  'a text': '"text"',
  'a line without end': 'a'.repeat(3_000_000),
  'lines without end': 'a: b\n'.repeat(200_000),
  'a field without end': `Package: x\n${' y\n'.repeat(200_000)}`,
}

type Change = (text: string, names: readonly string[]) => string

/** Names that mean something to the language, the file system or a terminal. */
const nasty = [
  '__proto__',
  'constructor',
  '../../../etc/passwd',
  '..',
  '/',
  'x\u0000y',
  'x\u001b[2Jy',
  'x'.repeat(70_000),
]

const named =
  (into: string): Change =>
  (text, names) => {
    let changed = text
    for (const name of names) changed = changed.replaceAll(name, JSON.stringify(into).slice(1, -1))
    return changed
  }

const changes: Readonly<Record<string, Change>> = {
  'cut in the middle': (text) => text.slice(0, Math.floor(text.length / 2)),
  'cut before its end': (text) => text.trimEnd().slice(0, -1),
  'without its beginning': (text) => text.slice(10),
  'twice over': (text) => text + text,
  'lines turned round': (text) => text.split('\n').reverse().join('\n'),
  'huge numbers': (text) => text.replace(/\d+/g, '9'.repeat(400)),
  'numbers out of range': (text) => text.replace(/\b\d+\b/g, '1e999'),
  'negative numbers': (text) => text.replace(/\b\d+\b/g, '-1'),
  'no quotes': (text) => text.replaceAll('"', ''),
  'objects for texts': (text) => text.replace(/: ?"[^"]*"/g, ':{"toString":null}'),
  'lists for texts': (text) => text.replace(/: ?"[^"]*"/g, ':[[]]'),
  'null for texts': (text) => text.replace(/: ?"[^"]*"/g, ':null'),
  'texts for objects': (text) => text.replace(/\{[^{}]*\}/g, '"x"'),
  'a prototype of its own': (text) =>
    text.replaceAll('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},'),
  'addresses of files': (text) => text.replace(/https?:\/\//g, 'file:///'),
  'addresses with a secret': (text) => text.replace(/(https?:\/\/)/g, '$1user:secret@'),
  'paths upwards': (text) => text.replace(/\/(?=[A-Za-z])/g, '/../'),
  'paths written as escapes': (text) => text.replace(/\/(?=[A-Za-z])/g, '/%2e%2e%2f'),
  'control characters': (text) => text.replace(/[aeiou]/g, '\u0000'),
  'no ASCII': (text) => text.replace(/[a-z]/g, 'ſ'),
  ...Object.fromEntries(nasty.map((name) => [`the name ${JSON.stringify(name.slice(0, 30))}`, named(name)])),
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** What may come in place of a good document, by what is wrong with it. `names`: the packages it speaks of. */
export function* hostile(good: Uint8Array, names: readonly string[]): Generator<readonly [string, Uint8Array]> {
  for (const [what, bytes] of Object.entries(noDocuments)) yield [what, Buffer.from(bytes)]
  yield ['cut bytes', good.subarray(0, Math.floor(good.length / 2))]
  yield ['bytes after its end', Buffer.concat([good, bytesOf(100)])]
  const compressed = isGzip(good)
  const text = Buffer.from(compressed ? gunzipSync(good) : good).toString()
  for (const [what, change] of Object.entries(changes)) {
    const changed = Buffer.from(change(text, names))
    yield [what, compressed ? gzipSync(changed, { level: 1 }) : changed]
  }
  if (!compressed) return
  for (const [what, bytes] of Object.entries(noDocuments)) yield [`${what}, compressed`, gzipSync(bytes, { level: 1 })]
  yield ['a bomb', gzipSync(new Uint8Array(32 * 1024 * 1024), { level: 1 })]
}
