import { npm } from '../../../src/ecosystems/npm/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(npm, fixtures)
