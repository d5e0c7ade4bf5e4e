// Node's HTTP, without what an import of it brings along: an ES module's import reads every export, and three of
// node:http's load a whole second HTTP client (30 ms of a start and 13 MiB).

export const { createServer, request, Agent } = process.getBuiltinModule('node:http')
