// XML as elements that know their line. Declarations of entities are refused; namespaces are left to their prefixes.

import type { At } from './place.ts'
import { fault, mostDepth } from './place.ts'
import { lineCounter, mustFit } from './text.ts'

export interface Element extends At {
  readonly line: number
  /** Without its prefix. */
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** Its own text, untrimmed. */
  readonly text: string
}

type Open = Element & { readonly children: Element[]; text: string; readonly closed: boolean }

/** Throws LOCKFILE with the line of the first fault: an element that does not end, or ends another. */
export async function parseXml(text: string, file: string): Promise<Element> {
  mustFit(text, file, 'xml')
  const { Parser } = await import('htmlparser2')
  const lineAt = lineCounter(text)
  const stack: Open[] = []
  let root: Element | undefined
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const at = { file, line: lineAt(parser.startIndex) }
        if (stack.length >= mostDepth) throw fault(at, `is nested more than ${mostDepth} deep`)
        if (stack.length === 0 && root !== undefined) throw fault(at, 'has a second root')
        const local = name.slice(name.indexOf(':') + 1)
        const element: Open = {
          ...at,
          name: local,
          attributes: new Map(Object.entries(attributes)),
          children: [],
          text: '',
          // `<a/>`: the parser calls its end implied, as it does for an element that has none
          closed: text[parser.endIndex - 1] === '/',
        }
        stack.at(-1)?.children.push(element)
        root ??= element
        stack.push(element)
      },
      ontext(data) {
        const open = stack.at(-1)
        if (open !== undefined) open.text += data
        else if (data.trim() !== '') throw fault({ file, line: lineAt(parser.startIndex) }, 'is not XML')
      },
      onclosetag(name, implied) {
        const open = stack.pop()
        if (implied && open?.closed !== true) throw fault({ file, line: open?.line ?? 1 }, `<${name}> does not end`)
      },
      onprocessinginstruction(_name, data) {
        if (/^!doctype/i.test(data)) throw fault({ file, line: lineAt(parser.startIndex) }, 'declares a document type')
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.write(text)
  parser.end()
  if (root === undefined) throw fault({ file, line: 1 }, 'is not XML')
  return root
}

export const attribute = (element: Element, name: string): string | undefined => element.attributes.get(name)

export function mustAttribute(element: Element, name: string): string {
  const value = element.attributes.get(name)
  if (value === undefined || value === '') throw fault(element, `<${element.name}> has no ${name}`)
  return value
}

export const childrenOf = (element: Element, name: string): readonly Element[] =>
  element.children.filter((child) => child.name === name)

/** The elements at the end of a way down. */
export const inside = (element: Element, ...way: readonly string[]): readonly Element[] =>
  way.reduce<readonly Element[]>((all, name) => all.flatMap((one) => childrenOf(one, name)), [element])

/** A child's text, trimmed; undefined when there is no child or nothing in it. */
export function childText(element: Element, name: string): string | undefined {
  const text = childrenOf(element, name)[0]?.text.trim()
  return text === '' ? undefined : text
}
