#!/usr/bin/env node
// The executable. A checkout runs its sources as they are; the published package and the image run dist/.

const args = process.argv.slice(2)
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  console.log(require('../package.json').version)
} else {
  const path = require('path')
  const sources = path.join(__dirname, '..', 'src', 'cli', 'main.ts')
  const script = require('fs').existsSync(sources) ? sources : path.join(__dirname, '..', 'dist', 'cli', 'main.js')
  require('./restart.js').run(__filename, script, args)
}
