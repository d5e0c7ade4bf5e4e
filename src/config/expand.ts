// `${VAR}` and `${VAR:-default}` in values; `$$` is a dollar sign, and so is one that no brace follows.

import { MirrorError } from '../errors.ts'
import { nearest } from './nearest.ts'
import type { Where } from './types.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** An empty variable counts as undefined where there is a default, as in a shell. Throws a MirrorError CONFIG. */
export function expand(text: string, variables: Variables, where: Where): string {
  return text.replace(/\$\$|\$\{([^}]*)(\}?)/g, (whole, inside: string | undefined, end: string | undefined) => {
    if (inside === undefined) return '$'
    const [, name, rest, standIn = ''] = /^([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$/s.exec(inside) ?? []
    const { file, line } = where
    if (name === undefined || end !== '}') {
      const hint = `Write \${NAME} or \${NAME:-default}; $$ is a plain dollar sign.`
      throw new MirrorError('CONFIG', `${JSON.stringify(whole)} is not a variable`, { file, line, hint })
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (rest !== undefined) return value === undefined || value === '' ? standIn : value
    if (value !== undefined) return value
    const guess = nearest(name, Object.keys(variables))
    const hint = `Set it, or write \${${name}:-default}.${guess === undefined ? '' : ` There is a variable ${guess}.`}`
    throw new MirrorError('CONFIG', `the variable ${name} is not set`, { file, line, hint })
  })
}
