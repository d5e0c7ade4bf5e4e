import { debian } from '../../../src/ecosystems/debian/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(debian, fixtures)
