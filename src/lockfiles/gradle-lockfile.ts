// gradle.lockfile, buildscript-gradle.lockfile and the older files, one for a configuration:
// https://docs.gradle.org/current/userguide/dependency_locking.html#sec:single-lock-file-per-project

import type { LockFormat } from '../contract.ts'
import { fromCoordinate } from './maven.ts'
import { fault } from './place.ts'
import { headText, linesOf, readText } from './text.ts'

export const gradleLockfile: LockFormat = {
  id: 'gradle-lockfile',
  names: ['gradle.lockfile', 'buildscript-gradle.lockfile', '*.lockfile'],
  sniff: (head) =>
    /^# This is a Gradle generated file for dependency locking\./m.test(headText(head)) || linesFit(head),
  async *read(input) {
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.trim()
      if (text === '' || text.startsWith('#') || text.startsWith('empty=')) continue
      const [, group, artifact, version, configurations] =
        /^([^:=\s]+):([^:=\s]+):([^:=\s]+)(?:=([^=]*))?$/.exec(text) ?? []
      if (group === undefined || artifact === undefined) throw fault(at, 'is no group, artifact and version')
      yield fromCoordinate(
        at,
        { group, artifact, version },
        configurations ? { markers: configurations.replace(/\s+/g, '') } : {},
      )
    }
  },
}

/** Is every line of one, but the last, which may be cut? Other files have lines that are like it. */
function linesFit(head: Uint8Array): boolean {
  const lines = headText(head)
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines
  return whole.length > 0 && whole.every((line) => /^(?:[\w.-]+:[\w.-]+:[\w.+-]+=[\w,-]+|empty=[\w,-]*)$/.test(line))
}
