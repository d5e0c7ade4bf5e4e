// What every ecosystem must keep to, over nothing but its fixtures: a real mirror of a small upstream on loopback.

import { after, before, describe } from 'node:test'
import type { AnyEcosystem } from '../../src/contract.ts'
import { createBench } from './ecosystem/bench.ts'
import { testBundles } from './ecosystem/bundles.ts'
import { testExports } from './ecosystem/exports.ts'
import type { Fixtures } from './ecosystem/fixtures.ts'
import { testHostility } from './ecosystem/hostility.ts'
import { testMirrors } from './ecosystem/mirrors.ts'
import { testPolicy } from './ecosystem/policy.ts'
import { testRoutes } from './ecosystem/routes.ts'
import { testTexts } from './ecosystem/texts.ts'
import { testTrust } from './ecosystem/trust.ts'

/** `module` exports the list with this ecosystem in it, for worker threads; the product's own when left out. */
export function testEcosystem(ecosystem: AnyEcosystem, fixtures: Fixtures, module?: URL): void {
  describe(`ecosystem ${ecosystem.id}`, () => {
    const bench = createBench(ecosystem, fixtures, module)
    before(() => bench.open())
    after(() => bench.close())
    testRoutes(bench)
    testPolicy(bench)
    testTrust(bench)
    testMirrors(bench)
    testExports(bench)
    testBundles(bench)
    testHostility(bench)
    testTexts(bench)
  })
}
