// Credentials of a repository. What they hold is a secret: it is never recorded, and no error repeats it.

import { fault, type Tree } from './document.ts'
import { address } from './kinds.ts'
import { checkKeys } from './known.ts'
import { dig, type Reader, textOf } from './reader.ts'
import { itemsOf, subtree } from './shapes.ts'
import type { Credentials } from './types.ts'

const secrets = ['bearer', 'username', 'password', 'authorization'] as const
const ways = 'bearer, username and password, authorization, or headers'

/** Throws a MirrorError CONFIG. */
export function readCredentials(reader: Reader, repository: Tree, path: string): readonly Credentials[] {
  const name = `${path}.credentials`
  return itemsOf(dig(repository, 'credentials')?.node).map((item, index) => {
    const tree = subtree(item, name)
    checkKeys(tree, name, ['url', ...secrets, 'headers'])
    const url = reader.under(tree, 'url', `${name}.${index}`, address)
    const given: { [K in (typeof secrets)[number]]?: string } = {}
    for (const secret of secrets) {
      const field = dig(tree, secret)
      if (field === undefined) continue
      given[secret] = headerText(textOf(field.node, `${name}.${secret}`).text, field.node.where, `${name}.${secret}`)
      reader.record(`${name}.${index}.${secret}`, '***', field.node.where)
    }
    const headers = readHeaders(reader, tree, `${name}.${index}.headers`)
    const { bearer, username, password, authorization } = given
    const kinds = [bearer, username ?? password, authorization, headers].filter((kind) => kind !== undefined)
    if (kinds.length === 0) throw fault(item.where, `${name}: holds none of ${ways}`)
    if ([bearer, username ?? password, authorization].filter((kind) => kind !== undefined).length > 1) {
      throw fault(item.where, `${name}: takes one of ${ways}`)
    }
    if ((username === undefined) !== (password === undefined)) {
      throw fault(item.where, `${name}: username and password go together`)
    }
    return { ...(url !== undefined && { url }), ...given, ...(headers !== undefined && { headers }) }
  })
}

function readHeaders(reader: Reader, tree: Tree, name: string): Readonly<Record<string, string>> | undefined {
  const { fields } = subtree(dig(tree, 'headers')?.node, name)
  if (fields.size === 0) return undefined
  const headers = new Map<string, string>()
  for (const [key, { where, node }] of fields) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(key))
      throw fault(where, `${name}: ${JSON.stringify(key)} is no header name`)
    headers.set(key.toLowerCase(), headerText(textOf(node, `${name}.${key}`).text, node.where, `${name}.${key}`))
    reader.record(`${name}.${key}`, '***', node.where)
  }
  return Object.fromEntries(headers)
}

// RFC 9110 §5.5: visible text, spaces and tabs; a line break would begin another field
function headerText(text: string, where: Tree['where'], name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (text !== '' && !/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return text
  throw fault(where, `${name}: is empty or holds a control character`)
}
