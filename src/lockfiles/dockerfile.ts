// Dockerfile and Containerfile: the images of FROM, COPY --from, RUN --mount and of the syntax line; stages are no images.
// https://docs.docker.com/reference/dockerfile/

import type { Locked, LockFormat } from '../contract.ts'
import { expand, fromImage, once } from './image.ts'
import { type At, fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const dockerfile: LockFormat = {
  id: 'dockerfile',
  names: [
    'Dockerfile',
    'Containerfile',
    'Dockerfile.*',
    'Containerfile.*',
    '*.Dockerfile',
    '*.dockerfile',
    '*.Containerfile',
  ],
  // of prose, and of files that only begin alike, something stands before it or the other instructions are none
  sniff: (head) =>
    /^(?:[ \t]*(?:#[^\n]*)?\r?\n|ARG[ \t][^\n]*\n)*FROM[ \t]+(?:--platform=\S+[ \t]+)?\S+(?:[ \t]+AS[ \t]+\S+)?[ \t]*(?:\r?\n|$)/i.test(
      headText(head).slice(0, 4096),
    ) && !/^(?:PARAMETER|TEMPLATE|SYSTEM|ADAPTER)\s/m.test(headText(head)),
  async *read(input) {
    yield* once(images(await readText(input), input.name))
  },
}

function* images(text: string, file: string): Generator<Locked> {
  const [, syntax] = /^(?:#[^\n]*\n)*?# *syntax *= *(\S+)/.exec(text.slice(0, 4096)) ?? []
  if (syntax !== undefined)
    yield fromImage({ file, line: text.slice(0, text.indexOf(syntax)).split('\n').length }, syntax)
  const stages = new Set<string>()
  const values = new Map<string, string>()
  let count = 0
  for (const [at, instruction, rest] of instructions(text, file)) {
    if (instruction === 'ARG' && count === 0) setArguments(rest, values)
    if (instruction === 'FROM') {
      const [, flags = '', image, stage] = /^((?:--\S+\s+)*)(\S+)(?:\s+as\s+(\S+))?$/i.exec(rest) ?? []
      if (image === undefined) throw fault(at, 'FROM names no image')
      const platform = expand(/--platform=(\S+)/.exec(flags)?.[1] ?? '', values)
      const named = expand(image.replace(/^["']|["']$/g, ''), values)
      if (!stages.has(named.toLowerCase()) && named !== 'scratch')
        yield fromImage(at, named, platform.startsWith('$') ? undefined : platform)
      count += 1
      if (stage !== undefined) stages.add(stage.toLowerCase())
    } else if (instruction === 'COPY' || instruction === 'ADD' || instruction === 'RUN') {
      const flags = /^(?:--\S+\s+)*/.exec(rest)?.[0] ?? ''
      for (const [, from = ''] of flags.matchAll(/(?:--from=|--mount=\S*?\bfrom=)([^\s,]+)/g)) {
        if (!stages.has(from.toLowerCase()) && !/^\d+$/.test(from)) yield fromImage(at, from)
      }
    }
  }
  if (count === 0) throw fault({ file, line: 1 }, 'has no FROM')
}

/** `ARG A=1 B="2"`. */
function setArguments(text: string, values: Map<string, string>): void {
  for (const [, name = '', double, single, plain] of text.matchAll(
    /([A-Za-z_]\w*)(?:=(?:"([^"]*)"|'([^']*)'|(\S*)))?/g,
  )) {
    const value = double ?? single ?? plain
    if (value !== undefined) values.set(name, expand(value, values))
  }
}

/** Instructions with continued lines joined; comments, and the texts that `<<NAME` begins, left out. */
function* instructions(text: string, file: string): Generator<readonly [at: At, instruction: string, rest: string]> {
  const continued = /^(?:# *\w+ *=[^\n]*\n)*?# *escape *= *`/i.test(text) ? '`' : '\\'
  let joined = ''
  let begun = 0
  const heredocs: string[] = []
  for (const [whole, line] of linesOf(text)) {
    if (heredocs.length > 0) {
      if (whole.replace(/^\t+/, '') === heredocs[0]) heredocs.shift()
      continue
    }
    const trimmed = whole.trim()
    if (trimmed.startsWith('#') || (trimmed === '' && joined !== '')) continue
    if (joined === '') begun = line
    if (trimmed.endsWith(continued)) {
      joined += `${trimmed.slice(0, -1)} `
      continue
    }
    const said = (joined + trimmed).trim()
    joined = ''
    const [, instruction, rest = ''] = /^([A-Za-z]+)(?:\s+(.*))?$/s.exec(said) ?? []
    if (said !== '' && instruction === undefined) throw fault({ file, line: begun }, 'is no instruction')
    if (instruction === undefined) continue
    if (/^(?:run|copy|add)$/i.test(instruction))
      for (const [, name = ''] of rest.matchAll(/<<-?["']?(\w+)["']?/g)) heredocs.push(name)
    yield [{ file, line: begun }, instruction.toUpperCase(), rest]
  }
}
