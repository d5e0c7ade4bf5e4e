import { go } from '../../../src/ecosystems/go/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(go, fixtures)
