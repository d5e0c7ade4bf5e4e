// pip, uv and poetry with the real index behind the mirror.

import { it } from 'node:test'
import { pypi } from '../../src/ecosystems/pypi/index.ts'
import { pythonClients } from './pypi-suite.ts'
import { live } from './real.ts'
import { suite } from './suite.ts'
import { voyage } from './voyage.ts'

const project = {
  requirements: ['uvicorn[standard]', 'requests>=2.31', 'markupsafe'],
  program: 'import uvicorn, requests, markupsafe; print(markupsafe.escape("<"))',
  printed: '&lt;',
}

// a copy of the index on a private network keeps the files' public name
const hosts = pypi.repos.flatMap((one) => one.hosts ?? [])
const configuration = `repositories:\n  pypi: { allow_hosts: ${JSON.stringify(hosts)} }\n`

const { skip } = await live(pypi)

// the others meet the same index on loopback
for (const client of pythonClients.filter(({ name }) => ['pip', 'uv', 'poetry'].includes(name))) {
  suite(`${client.name} with real packages`, client.missing || skip, () => {
    it('installs the same through the mirror, offline and exported', async (t) => {
      await voyage(t, { configuration, stop: async () => {} }, client.install(t, project))
    })
  })
}
