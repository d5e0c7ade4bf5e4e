// `node file-server.ts DIR`: a folder behind serve-handler as it comes, on a free port, whose address is printed.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import handler from 'serve-handler'

const [directory = '.'] = process.argv.slice(2)
const server = createServer((request, response) => void handler(request, response, { public: directory }))
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
