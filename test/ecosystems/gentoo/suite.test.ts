import { gentoo } from '../../../src/ecosystems/gentoo/index.ts'
import { testEcosystem } from '../../suites/ecosystem.ts'
import { fixtures } from './fixtures.ts'

testEcosystem(gentoo, fixtures)
