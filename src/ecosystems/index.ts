// The ecosystems, in the order in which they are listed to people.

import type { AnyEcosystem } from '../contract.ts'
import { cargo } from './cargo/index.ts'
import { debian } from './debian/index.ts'
import { files } from './files/index.ts'
import { gentoo } from './gentoo/index.ts'
import { go } from './go/index.ts'
import { maven } from './maven/index.ts'
import { npm } from './npm/index.ts'
import { oci } from './oci/index.ts'
import { pypi } from './pypi/index.ts'
import { rubygems } from './rubygems/index.ts'

export const ecosystems: readonly AnyEcosystem[] = [npm, pypi, cargo, go, maven, rubygems, oci, debian, files, gentoo]
