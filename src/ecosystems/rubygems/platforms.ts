// Which platforms of gems are for which machines: `x86_64-linux-musl`, `arm64-darwin-23`, `x64-mingw-ucrt`.
// https://guides.rubygems.org/gems-with-extensions/, Gem::Platform in RubyGems itself.

import type { Platform } from '../../contract.ts'
import { anyRuby } from '../../versions/gem.ts'

const systems: Readonly<Record<string, RegExp>> = {
  linux: /^linux/,
  darwin: /^(?:darwin|macosx)/,
  osx: /^(?:darwin|macosx)/,
  win32: /^(?:mingw|mswin|windows)/,
  windows: /^(?:mingw|mswin|windows)/,
}
const processors: Readonly<Record<string, readonly string[]>> = {
  x64: ['x86_64', 'x64', 'amd64', 'universal'],
  arm64: ['arm64', 'aarch64', 'universal'],
  ia32: ['x86', 'i386', 'i486', 'i586', 'i686'],
}

const isSystem = (system: string, wanted: string): boolean => systems[wanted]?.test(system) ?? system.startsWith(wanted)
const isProcessor = (processor: string, wanted: string): boolean =>
  processors[wanted]?.includes(processor) ?? processor.startsWith(wanted)

/** The C library that a platform names, if it does: gems for Linux that name none work with either. */
const libraryOf = (platform: string): string | undefined =>
  platform.includes('musl') ? 'musl' : /-gnu/.test(platform) ? 'glibc' : undefined

function fits(platform: string, { os, cpu, libc }: Platform): boolean {
  const [first = '', ...rest] = platform.split('-')
  const system = rest.join('-')
  // `java` and `mswin32` name no processor
  const [processor, named] = system === '' ? [undefined, first] : [first, system]
  if (os !== undefined && !isSystem(named, os)) return false
  if (cpu !== undefined && processor !== undefined && !isProcessor(processor, cpu)) return false
  const library = libraryOf(platform)
  return libc === undefined || library === undefined || library === libc
}

/** Is a gem of this platform wanted on any of the machines? One for every Ruby always is; with no machine named, all are. */
export const isFor = (platform: string, platforms: readonly Platform[]): boolean =>
  platform === anyRuby || platforms.length === 0 || platforms.some((one) => fits(platform, one))
