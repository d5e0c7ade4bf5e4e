// Which profiles of a descriptor are on: https://maven.apache.org/guides/introduction/introduction-to-profiles.html
// On a machine of one of the wanted platforms, with one Java, no properties of its own and no project around the descriptor.

import type { Platform } from '../../contract.ts'
import { isRange, mavenVersions } from '../../versions/maven.ts'
import type { Activation, Pom, Profile } from './pom.ts'

/** The machine that descriptors are read for, in Java's words. */
export interface Machine {
  readonly name: string
  readonly families: readonly string[]
  readonly arch: string
  /** Other words for the architecture. */
  readonly archs: readonly string[]
  readonly java: string
}

const systems: Readonly<Record<string, { readonly name: string; readonly families: readonly string[] }>> = {
  linux: { name: 'linux', families: ['unix'] },
  macos: { name: 'mac os x', families: ['unix', 'mac'] },
  windows: { name: 'windows 11', families: ['windows', 'winnt', 'dos'] },
}
const spelled: Readonly<Record<string, string>> = { darwin: 'macos', osx: 'macos', win32: 'windows' }
const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', 'x86_64'],
  amd64: ['amd64', 'x86_64'],
  arm64: ['aarch64'],
  aarch64: ['aarch64'],
  ia32: ['x86', 'i386'],
}

/** Where no platform is wanted, all that most developers have. */
const common: readonly Platform[] = [
  { os: 'linux', cpu: 'x64' },
  { os: 'linux', cpu: 'arm64' },
  { os: 'macos', cpu: 'arm64' },
  { os: 'macos', cpu: 'x64' },
  { os: 'windows', cpu: 'x64' },
]

/** The machines of the wanted platforms, each once. */
export function machines(platforms: readonly Platform[], java: string): readonly Machine[] {
  const found = new Map<string, Machine>()
  for (const { os = 'linux', cpu = 'x64' } of platforms.length === 0 ? common : platforms) {
    const system = systems[spelled[os] ?? os] ?? { name: os, families: ['unix'] }
    const archs = architectures[cpu] ?? [cpu]
    const machine = { ...system, arch: archs[0] ?? cpu, archs, java }
    found.set(`${machine.name} ${machine.arch}`, machine)
  }
  return [...found.values()]
}

/** A value with `!` before it must not be so. */
function agrees(stated: string | undefined, holds: (value: string) => boolean): boolean {
  if (stated === undefined) return true
  const value = stated.toLowerCase()
  return value.startsWith('!') ? !holds(value.slice(1)) : holds(value)
}

function isOn({ jdk, os, property, file }: Activation, machine: Machine): boolean {
  if (jdk === undefined && os === undefined && property === undefined && file === undefined) return false
  if (!agrees(jdk, (value) => isJava(value, machine.java))) return false
  // a version of the system is nobody's to know
  if (os?.version !== undefined) return false
  if (!agrees(os?.name, (name) => machine.name === name)) return false
  if (!agrees(os?.family, (family) => machine.families.includes(family))) return false
  if (!agrees(os?.arch, (arch) => machine.archs.includes(arch))) return false
  if (file?.exists !== undefined || file?.missing !== undefined) return false
  if (property === undefined) return true
  return isSet(property, machine)
}

/** `1.8` is every 1.8; a range is one of versions. */
const isJava = (value: string, java: string): boolean =>
  isRange(value) ? mavenVersions.satisfies(java, value) : java === value || java.startsWith(`${value}.`)

/** Properties of the system, of which the descriptor's machine has these alone. */
function isSet({ name, value }: NonNullable<Activation['property']>, machine: Machine): boolean {
  const wanted = name.startsWith('!') ? name.slice(1) : name
  const properties: Readonly<Record<string, string>> = {
    'os.name': machine.name,
    'os.arch': machine.arch,
    'java.version': machine.java,
    'java.specification.version': machine.java,
  }
  const found = Object.hasOwn(properties, wanted) ? properties[wanted] : undefined
  if (name.startsWith('!')) return found === undefined
  if (value?.startsWith('!') === true) return found !== value.slice(1)
  return found !== undefined && (value === undefined || found === value)
}

/** The profiles that are on: those whose condition holds, else those that are on by default. */
export function activeProfiles({ profiles }: Pom, machine: Machine): readonly Profile[] {
  const on = profiles.filter(({ activation }) => isOn(activation, machine))
  return on.length > 0 ? on : profiles.filter(({ activation }) => activation.byDefault)
}

/** Does it depend on the system which profiles are on? */
export const dependsOnSystem = ({ profiles }: Pom): boolean =>
  profiles.some(({ activation: { os, property } }) => os !== undefined || /^!?os\./.test(property?.name ?? ''))
