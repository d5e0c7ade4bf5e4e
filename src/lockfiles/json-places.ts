// JSON as places. Comments and commas at ends of lists are for formats that say so (bun.lock).

import { type JSONVisitor, visit } from 'jsonc-parser'
import { fault, mostDepth, type Place, type Table } from './place.ts'
import { mustFit } from './text.ts'

type Value = Place['value']
/** What is being read: where the next value goes. */
type Open = { readonly value: Value; put(place: Place): void }

/** Throws LOCKFILE with the line of the first fault. */
export function parseJson(text: string, file: string, form: 'json' | 'jsonc' = 'json'): Place {
  mustFit(text, file, 'json')
  const root: Place[] = []
  const stack: Open[] = [{ value: root, put: (place) => root.push(place) }]
  let name = ''
  const put = (value: Value, line: number): void => stack.at(-1)?.put({ file, line: line + 1, value })
  const visitor: JSONVisitor = {
    onObjectBegin(_offset, _length, line) {
      const table = new Map<string, Place>()
      put(table satisfies Table, line)
      open(line, {
        value: table,
        put(place) {
          if (table.has(name))
            throw fault({ file, line: nameLine }, `${JSON.stringify(name.slice(0, 100))} stands twice`)
          // the line of a member is that of its name
          table.set(name, { ...place, line: nameLine })
        },
      })
    },
    onObjectProperty(property, _offset, _length, line) {
      name = property
      nameLine = line + 1
    },
    onObjectEnd: () => stack.pop(),
    onArrayBegin(_offset, _length, line) {
      const list: Place[] = []
      put(list, line)
      open(line, { value: list, put: (place) => list.push(place) })
    },
    onArrayEnd: () => stack.pop(),
    onLiteralValue: (value: Value, _offset, _length, line) => put(value, line),
    onError(_error, _offset, _length, line) {
      throw fault({ file, line: line + 1 }, 'is not JSON')
    },
  }
  let nameLine = 1
  function open(line: number, next: Open): void {
    if (stack.length > mostDepth) throw fault({ file, line: line + 1 }, `is nested more than ${mostDepth} deep`)
    stack.push(next)
  }
  const isPlain = form === 'json'
  visit(text, visitor, { disallowComments: isPlain, allowTrailingComma: !isPlain })
  const [only] = root
  if (only === undefined) throw fault({ file, line: 1 }, 'is not JSON')
  return only
}
