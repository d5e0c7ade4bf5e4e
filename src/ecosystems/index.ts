// The ecosystems, in the order in which they are listed to people.

import type { AnyEcosystem } from '../contract.ts'
import { cargo } from './cargo/index.ts'
import { debian } from './debian/index.ts'
import { go } from './go/index.ts'
import { npm } from './npm/index.ts'

export const ecosystems: readonly AnyEcosystem[] = [npm, cargo, go, debian]
