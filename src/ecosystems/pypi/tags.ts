// Which wheels fit a platform: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
// What a platform leaves open fits, so that a mirror holds rather too much than too little.

import type { Platform } from '../../contract.ts'

export type Tags = readonly [python: string, abi: string, platform: string]

const machines: Readonly<Record<string, readonly string[]>> = {
  x64: ['x86_64', 'amd64'],
  arm64: ['aarch64', 'arm64', 'arm64_v8a'],
  ia32: ['i686', 'i386', 'x86'],
  arm: ['armv7l', 'armv6l', 'armeabi_v7a'],
  ppc64: ['ppc64le'],
  s390x: ['s390x'],
  riscv64: ['riscv64'],
  loong64: ['loongarch64'],
}
/** Wheels with code for several of Apple's machines. */
const fat: Readonly<Record<string, readonly string[]>> = {
  universal2: ['x64', 'arm64'],
  universal: ['x64', 'ia32'],
  intel: ['x64', 'ia32'],
  fat: ['ia32'],
  fat32: ['ia32'],
  fat3: ['x64', 'ia32'],
  fat64: ['x64'],
}

/** Does any combination of the tags fit? CPython is meant; what is for another implementation alone is left out. */
export function fits([python, abi, platform]: Tags, target: Platform): boolean {
  const abis = abi.split('.')
  const runs = python.split('.').some((one) => abis.some((each) => fitsPython(one, each, target.python)))
  return runs && platform.split('.').some((one) => fitsPlatform(one, target))
}

/** `313` is 3.13 and `39` is 3.9; the first digit is the major version. */
function minorOf(digits: string): number | undefined {
  return /^3\d{1,3}$/.test(digits) ? Number(digits.slice(1)) : undefined
}

function fitsPython(tag: string, abi: string, python: string | undefined): boolean {
  const [, implementation = '', digits = ''] = /^(py|cp)(\d{1,4})$/.exec(tag) ?? []
  // free-threaded builds are another interpreter
  if (implementation === '' || /^cp\d+[a-z]*t$/.test(abi) || !/^(?:none|abi3|cp\d+[a-z]*)$/.test(abi)) return false
  if (implementation === 'py' && digits === '3') return true
  const minor = minorOf(digits)
  if (minor === undefined) return false
  if (python === undefined) return true
  const own = minorOf(python.replace('.', ''))
  if (own === undefined) return false
  return implementation === 'py' || abi === 'abi3' ? own >= minor : own === minor
}

function fitsPlatform(tag: string, { os, cpu, libc }: Platform): boolean {
  if (tag === 'any') return true
  const system = systemOf(tag)
  if (system === undefined || (os !== undefined && system.os !== os)) return false
  if (libc !== undefined && system.libc !== undefined && system.libc !== libc) return false
  if (cpu === undefined) return true
  const several = Object.hasOwn(fat, system.machine) ? fat[system.machine] : undefined
  if (several !== undefined) return several.includes(cpu)
  return (Object.hasOwn(machines, cpu) ? machines[cpu] : undefined)?.includes(system.machine) ?? system.machine === cpu
}

interface System {
  readonly os: string
  readonly machine: string
  readonly libc?: string
}

function systemOf(tag: string): System | undefined {
  if (tag === 'win32') return { os: 'win32', machine: 'x86' }
  const [, windows] = /^win_(\w+)$/.exec(tag) ?? []
  if (windows !== undefined) return { os: 'win32', machine: windows }
  const [, mac] = /^macosx_\d+_\d+_(\w+)$/.exec(tag) ?? []
  if (mac !== undefined) return { os: 'darwin', machine: mac }
  const [, musl] = /^musllinux_\d+_\d+_(\w+)$/.exec(tag) ?? []
  if (musl !== undefined) return { os: 'linux', machine: musl, libc: 'musl' }
  const [, gnu] = /^manylinux(?:1|2010|2014|_\d+_\d+)_(\w+)$/.exec(tag) ?? []
  if (gnu !== undefined) return { os: 'linux', machine: gnu, libc: 'glibc' }
  const [, name, machine] =
    /^(linux|freebsd|openbsd|aix|android)(?:_\d+)*_(?:\d+_)?(?:release_)?([a-z]\w*)$/.exec(tag) ?? []
  return name === undefined || machine === undefined ? undefined : { os: name, machine }
}
