import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { root } from '../clients/place.ts'

/** Bytes of the young generation of a process in which much lives for a while. */
function grown(first: string): number {
  const script = `
    import v8 from 'node:v8'
    import { setTimeout as sleep } from 'node:timers/promises'
    ${first}
    const kept = []
    for (let round = 0; round < 200; round += 1) {
      for (let count = 0; count < 6000; count += 1) kept[(round % 8) * 6000 + count] = { text: 'x'.repeat(9) + count }
      await sleep(2)
    }
    const space = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    console.log(space.space_size)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }))
}

test('what lives shortly takes a bounded part of the heap', () => {
  const free = grown('')
  const bounded = grown(`import { boundYoungGeneration } from '${root}/src/cli/heap.ts'; boundYoungGeneration()`)
  assert.ok(bounded > 0 && bounded < free, `${bounded} bytes, ${free} without a bound`)
})
