import { rubygems } from '../../../src/ecosystems/rubygems/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(rubygems, fixtures)
