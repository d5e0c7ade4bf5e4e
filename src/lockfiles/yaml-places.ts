// YAML as places, every document of it. Scalars stay the text that is written (`version: 1.10` is "1.10"), no tag makes
// anything else of them. Aliases share what they name; how much they would expand to is bounded.

import type { Document, LineCounter, Node, Pair, YAMLError } from 'yaml'
import { fault, isList, isTable, mostDepth, type Place, type Table } from './place.ts'
import { parsePlainYaml } from './plain-yaml.ts'
import { mostOf, mustFit } from './text.ts'

/** Nodes that aliases may stand for in one file. */
const mostExpanded = 200_000

/** Throws LOCKFILE with the line of the first fault. Empty documents are left out. */
export async function parseYaml(text: string, file: string): Promise<readonly Place[]> {
  mustFit(text, file, 'plainYaml')
  const plain = parsePlainYaml(text, file)
  if (!('notPlainAt' in plain)) return plain
  if (text.length > mostOf.yaml)
    throw fault(
      { file, line: plain.notPlainAt },
      `is not plain YAML, and other YAML is read up to ${mostOf.yaml} characters`,
    )
  return parseWholeYaml(text, file)
}

/** Reads all YAML that there is. */
export async function parseWholeYaml(text: string, file: string): Promise<readonly Place[]> {
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  // a tab's worth of brackets is told by the reader's stack, which must not run out
  const tooDeep = (cause: unknown): Error => fault({ file }, `is nested more than ${mostDepth} deep`, cause)
  try {
    const parsed = yaml.parseAllDocuments(text, {
      schema: 'failsafe',
      lineCounter: lines,
      uniqueKeys: false,
      logLevel: 'silent',
      prettyErrors: false,
    })
    const documents: readonly Document.Parsed[] = 'empty' in parsed ? [] : parsed
    const reader = createReader(yaml, lines, file)
    return documents.flatMap((document) => {
      const [error] = document.errors
      if (error !== undefined) throw fault({ file, line: lineOf(lines, error) }, 'is not YAML', error)
      const { contents } = document
      const place = contents === null ? undefined : reader(contents)
      return place === undefined || place.value === '' ? [] : [place]
    })
  } catch (cause) {
    throw cause instanceof RangeError ? tooDeep(cause) : cause
  }
}

const lineOf = (lines: LineCounter, error: YAMLError): number => Math.max(1, lines.linePos(error.pos[0]).line)

function createReader(yaml: typeof import('yaml'), lines: LineCounter, file: string): (node: Node) => Place {
  const anchors = new Map<string, Place>()
  const weights = new Map<Place['value'], number>()
  let expanded = 0

  function read(node: Node, depth: number): Place {
    const line = Math.max(1, lines.linePos(node.range?.[0] ?? 0).line)
    const at = { file, line }
    if (depth > mostDepth) throw fault(at, `is nested more than ${mostDepth} deep`)
    if (yaml.isAlias(node)) return { ...at, value: aliased(node.source, at) }
    const place = { ...at, value: contentOf(node, at, depth) }
    const { anchor } = node as { readonly anchor?: string }
    if (anchor !== undefined) anchors.set(anchor, place)
    return place
  }

  function aliased(name: string, at: { readonly file: string; readonly line: number }): Place['value'] {
    const target = anchors.get(name)
    if (target === undefined) throw fault(at, `the alias ${JSON.stringify(name.slice(0, 100))} names nothing above it`)
    expanded += weight(target)
    if (expanded > mostExpanded) throw fault(at, 'its aliases stand for too much')
    return target.value
  }

  function contentOf(node: Node, at: { readonly file: string; readonly line: number }, depth: number): Place['value'] {
    if (yaml.isSeq(node)) return node.items.map((item) => read(item as Node, depth + 1))
    if (yaml.isMap(node)) return tableOf(node.items as readonly Pair<Node, Node | null>[], depth)
    if (!yaml.isScalar(node)) throw fault(at, 'is not YAML')
    return typeof node.value === 'string' ? node.value : String(node.value ?? '')
  }

  function tableOf(items: readonly Pair<Node, Node | null>[], depth: number): Table {
    const table = new Map<string, Place>()
    const merged: Place[] = []
    for (const { key, value } of items) {
      const name = read(key, depth + 1)
      if (typeof name.value !== 'string') throw fault(name, 'a name is not a text')
      const { line } = name
      const place = value === null ? { file, line, value: '' } : { ...read(value, depth + 1), line }
      if (name.value === '<<') merged.push(...(isList(place) ? place.value : [place]))
      else if (table.has(name.value)) throw fault(name, `${JSON.stringify(name.value.slice(0, 100))} stands twice`)
      else table.set(name.value, place)
    }
    // what a table says itself stands before what is merged into it
    for (const each of merged) {
      if (isTable(each)) for (const [name, place] of each.value) if (!table.has(name)) table.set(name, place)
    }
    return table
  }

  /** How many places there are below, aliases expanded. */
  function weight({ value }: Place): number {
    const known = weights.get(value)
    if (known !== undefined) return known
    const below = value instanceof Map ? [...value.values()] : Array.isArray(value) ? (value as readonly Place[]) : []
    const sum = below.reduce((all, each) => all + weight(each), 1)
    if (below.length > 0) weights.set(value, sum)
    return sum
  }

  return (node) => read(node, 0)
}
