// `platforms`: `linux-x64-glibc`, or `{ os, cpu, libc, python }`.

import type { Platform } from '../contract.ts'
import { fault, type Node } from './document.ts'
import { checkKeys } from './known.ts'
import { didYouMean } from './nearest.ts'
import { textOf } from './reader.ts'
import type { Where } from './types.ts'

// Node's names, and the other words in use for each.
const words = {
  os: {
    linux: [],
    darwin: ['macos', 'osx'],
    win32: ['windows', 'win'],
    freebsd: [],
    openbsd: [],
    aix: [],
    android: [],
  },
  cpu: {
    x64: ['amd64', 'x86_64'],
    arm64: ['aarch64'],
    ia32: ['i386', 'i686', 'x86'],
    arm: ['armhf', 'armv7'],
    ppc64: ['ppc64le', 'ppc64el'],
    s390x: [],
    riscv64: [],
    loong64: ['loongarch64'],
  },
  libc: { glibc: ['gnu'], musl: [] },
} as const satisfies Record<string, Record<string, readonly string[]>>
type Part = keyof typeof words

/** Throws a MirrorError CONFIG with the line. */
export function readPlatform(node: Node): Platform {
  if (node.kind !== 'tree') {
    const { text } = textOf(node, 'platforms')
    const [os, cpu, libc, ...more] = text.split('-')
    if (os === undefined || more.length > 0) {
      throw fault(
        node.where,
        `platforms: ${JSON.stringify(text)} is not of the form os-cpu-libc, such as linux-x64-glibc`,
      )
    }
    return platform({ os, cpu, libc }, node.where)
  }
  checkKeys(node, 'platforms', ['os', 'cpu', 'libc', 'python'])
  const part = (name: Part | 'python'): string | undefined => {
    const field = node.fields.get(name)
    return field === undefined ? undefined : textOf(field.node, `platforms.${name}`).text
  }
  const python = part('python')
  if (python !== undefined && !/^\d{1,2}\.\d{1,3}$/.test(python)) {
    throw fault(node.where, `platforms.python: ${JSON.stringify(python)} is not a version such as 3.13`)
  }
  return {
    ...platform({ os: part('os'), cpu: part('cpu'), libc: part('libc') }, node.where),
    ...(python !== undefined && { python }),
  }
}

function platform(given: Readonly<Record<Part, string | undefined>>, where: Where): Platform {
  const named: { [K in Part]?: string } = {}
  for (const part of ['os', 'cpu', 'libc'] as const) {
    const text = given[part]
    if (text !== undefined) named[part] = usual(part, text, where)
  }
  return named
}

function usual(part: Part, text: string, where: Where): string {
  const known: Readonly<Record<string, readonly string[]>> = words[part]
  for (const [name, others] of Object.entries(known)) if (name === text || others.includes(text)) return name
  const all = Object.entries(known).flat(2)
  const message = `platforms: ${JSON.stringify(text)} is no ${part} that is known${didYouMean(text, all)}`
  throw fault(where, message, `There are: ${Object.keys(known).join(', ')}.`)
}
