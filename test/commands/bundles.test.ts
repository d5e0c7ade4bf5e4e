// Bundles between two mirrors of the workbench: made on one side, taken on the other, refused when anything is wrong.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type BundleExportFlags, exportBundle } from '../../src/commands/bundle-export.ts'
import { type BundleImportFlags, importBundle } from '../../src/commands/bundle-import.ts'
import { keys } from '../../src/commands/keys.ts'
import { verify } from '../../src/commands/verify.ts'
import { openSynced, type Said, type Workbench } from './workbench.ts'

let bench: Workbench
const at = (name: string): string => path.join(bench.folder, name)

const bundle = (target: string, flags: Partial<BundleExportFlags> = {}, json = false): Promise<Said> =>
  bench.say(
    (context) =>
      exportBundle(context, {
        target: at(target),
        volumeSize: undefined,
        snapshot: undefined,
        since: undefined,
        sinceBundle: undefined,
        receipt: undefined,
        overlap: 0,
        key: undefined,
        dryRun: false,
        ...flags,
      }),
    { json },
  )
const take = (from: string, far = 'far', flags: Partial<BundleImportFlags> = {}, json = false): Promise<Said> =>
  bench.say(
    (context) =>
      importBundle(context, {
        bundle: at(from),
        receipt: undefined,
        key: undefined,
        newSeries: false,
        dryRun: false,
        ...flags,
      }),
    { json, flags: { data: at(far) } },
  )
const key = (action: 'create' | 'trust' | 'show', what: string | undefined, data: string): Promise<Said> =>
  bench.say((context) => keys(context, action, { what, name: undefined, public: true }), { flags: { data: at(data) } })

before(async () => {
  bench = await openSynced()
  await key('create', undefined, 'mirror')
})
after(() => bench.close())

async function trusting(far: string): Promise<void> {
  const { out } = await key('show', undefined, 'mirror')
  await key('trust', bench.write('mirror.pub', out), far)
  await key('create', undefined, far)
}

describe('a bundle', () => {
  it('brings over what is held, verified again', async () => {
    const made = await bundle('first')
    assert.equal(made.code, 0, made.err)
    await trusting('far')
    const taken = await take('first', 'far', { receipt: at('receipt') })
    assert.equal(taken.code, 0, taken.err)
    assert.ok(existsSync(at('receipt')))
    assert.equal(taken.out, readFileSync(at('receipt'), 'utf8'))
    const checked = await bench.say(
      (context) => verify(context, { sample: undefined, repo: undefined, repair: false, list: true }),
      { json: true, flags: { data: at('far') } },
    )
    assert.equal(checked.code, 0, checked.out)
    console.log(made.err, taken.err, checked.document)
  })
})
