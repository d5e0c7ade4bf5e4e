import { files } from '../../../src/ecosystems/files/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(files, fixtures)
