import { cargo } from '../../../src/ecosystems/cargo/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(cargo, fixtures)
