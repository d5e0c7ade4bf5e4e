import { pypi } from '../../../src/ecosystems/pypi/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures, plainFixtures } from './fixtures.ts'

testEcosystem(pypi, fixtures)
testEcosystem(pypi, plainFixtures)
