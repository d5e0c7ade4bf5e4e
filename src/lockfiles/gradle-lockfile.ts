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
    /^# This is a Gradle generated file for dependency locking\./m.test(headText(head)) ||
    /^[\w.-]+:[\w.-]+:[\w.+-]+=[\w,-]+$/m.test(headText(head)),
  async *read(input) {
    for (const [whole, line] of linesOf(await readText(input))) {
      const at = { file: input.name, line }
      const text = whole.trim()
      if (text === '' || text.startsWith('#') || text.startsWith('empty=')) continue
      const [, group, artifact, version, configurations] =
        /^([^:=\s]+):([^:=\s]+):([^:=\s]+)(?:=(\S*))?$/.exec(text) ?? []
      if (group === undefined || artifact === undefined) throw fault(at, 'is no group, artifact and version')
      yield fromCoordinate(at, { group, artifact, version }, configurations ? { markers: configurations } : {})
    }
  },
}
