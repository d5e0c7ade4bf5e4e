// The ecosystems, in the order in which they are listed to people.

import type { AnyEcosystem } from '../contract.ts'
import { cargo } from './cargo/index.ts'
import { debian } from './debian/index.ts'
import { files } from './files/index.ts'
import { gentoo } from './gentoo/index.ts'
import { npm } from './npm/index.ts'

export const ecosystems: readonly AnyEcosystem[] = [npm, cargo, debian, files, gentoo]
