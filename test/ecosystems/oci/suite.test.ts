import { oci } from '../../../src/ecosystems/oci/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(oci, fixtures)
