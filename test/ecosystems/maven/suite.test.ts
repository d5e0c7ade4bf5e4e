import { maven } from '../../../src/ecosystems/maven/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(maven, fixtures)
