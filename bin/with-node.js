// `node bin/with-node.js SCRIPT [ARG ...]`: runs a script of this checkout under a Node that is new enough.

const path = require('path')
const script = path.resolve(process.argv[2])
process.argv.splice(1, 2, script)
require('./restart.js').run(script, script, process.argv.slice(2))
